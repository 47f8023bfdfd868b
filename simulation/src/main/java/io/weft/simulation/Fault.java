package io.weft.simulation;

import java.util.Locale;

/** What can happen to a simulated fabric. */
public enum Fault {
  /** The agent dies; its kernel forwards on; it comes back after 1 to 20 s. */
  NODE_CRASH,
  /** A reflector dies and comes back with nothing after 1 to 20 s. */
  REFLECTOR_CRASH,
  /** Nothing passes between a node and a reflector, for 1 to 120 s. */
  PARTITION,
  /** Someone removes an object of ours from a kernel. */
  FOREIGN_HAND,
  /** A kernel refuses one kind of object for 1 to 5 s. */
  KERNEL_REFUSAL,
  /** One pod comes and another goes. */
  CHURN,
  /** A pod's interface vanishes with the pod, and nobody says a word. */
  POD_DEATH,
  /** A pod moves, there before it is gone here. */
  MIGRATION;

  /** As it is written on a command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
