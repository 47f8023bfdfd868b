package io.weft.agent.cluster;

import io.weft.agent.cluster.NodeState.Readiness;
import java.time.Duration;
import java.util.Optional;

/**
 * What is said of a node's readiness: as it is at the start, and then what has lasted. A session
 * that goes and comes back writes nothing. Times are those of {@link System#nanoTime}.
 */
final class SteadyReadiness {
  /** A node that was ready is said not to be after so long. */
  static final Duration BAD_FOR = Duration.ofSeconds(10);

  /** A node that was ready before is said to be again after so long. */
  static final Duration GOOD_FOR = Duration.ofSeconds(2);

  private Optional<Readiness> said = Optional.empty();
  private boolean wasReady;

  // What lasts, if it is the contrary of what is said.
  private boolean differs;
  private long since;

  /** What is said already, by an agent that ran before this one. */
  void assume(Readiness before) {
    said = Optional.of(before);
    wasReady = before.ready();
  }

  /** What is to be said when the node is {@code now} at a time. */
  Readiness see(Readiness now, long nanos) {
    boolean same = said.isEmpty() || said.get().ready() == now.ready();
    if (same || !wasReady) {
      return say(now);
    }
    if (!differs) {
      differs = true;
      since = nanos;
    }
    var enough = now.ready() ? GOOD_FOR : BAD_FOR;
    return nanos - since >= enough.toNanos() ? say(now) : said.get();
  }

  private Readiness say(Readiness now) {
    said = Optional.of(now);
    wasReady |= now.ready();
    differs = false;
    return now;
  }
}
