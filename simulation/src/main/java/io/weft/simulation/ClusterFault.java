package io.weft.simulation;

import java.util.Locale;

/** What can happen to a simulated cluster: its API server, its controllers, its nodes. */
public enum ClusterFault {
  /** The API server does not answer for 1 to 60 s; what was on its way fails, done or not. */
  API_AWAY,
  /** The watch of one process tells of things 1 to 30 s later, for 5 to 60 s. */
  STALE_WATCH,
  /** The watch of one process is told 410 Gone; it lists again within 10 s. */
  WATCH_EXPIRED,
  /** Someone else writes to every object, so that what was decided before is refused. */
  API_CONFLICT,
  /** A controller dies, perhaps with calls on their way, and another starts after 1 to 40 s. */
  CONTROLLER_CRASH,
  /** An agent dies likewise and comes back after 1 to 20 s. */
  NODE_CRASH,
  /** An agent dies and comes back within 5 s, while the API server is away for 10 to 60 s. */
  RESTART_WITHOUT_API,
  /** A node loses power for 5 to 60 s: its kernel is empty then, its copy of the API is kept. */
  NODE_POWER_LOSS,
  /** The wall clock of a controller jumps by up to a minute, forwards or back. */
  CLOCK_JUMP,
  /** The user gives a network another VNI, or takes it back, or makes or removes one. */
  INTENT_CHANGE;

  /** As it is written on a command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
