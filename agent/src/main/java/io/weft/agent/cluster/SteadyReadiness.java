package io.weft.agent.cluster;

import io.weft.agent.cluster.NodeState.Readiness;
import java.time.Duration;
import java.util.Optional;

/**
 * What is said of a node's readiness: as it is at the start, and then what has lasted. A session
 * that goes and comes back writes nothing. That it is drained somebody has decided: it is said at
 * once. Times are those of {@link System#nanoTime}.
 */
final class SteadyReadiness {
  /** A node that was ready is said not to be after so long. */
  static final Duration BAD_FOR = Duration.ofSeconds(10);

  /** A node that was ready before is said to be again after so long. */
  static final Duration GOOD_FOR = Duration.ofSeconds(2);

  private Optional<Readiness> said = Optional.empty();

  /** Pods may be here. */
  private boolean tookPods;

  // What lasts, if it is better (1) or worse (-1) than what is said.
  private int direction;
  private long since;

  /** What is said already, by an agent that ran before this one. */
  void assume(Readiness before) {
    said = Optional.of(before);
    tookPods = before.takesPods();
  }

  /** What is to be said when the node is {@code now} at a time. */
  Readiness see(Readiness now, long nanos) {
    int next = said.isEmpty() ? 0 : Integer.compare(level(now), level(said.get()));
    if (next == 0 || !tookPods || now.reason().equals(Readiness.DRAINED)) {
      return say(now);
    }
    if (direction != next) {
      direction = next;
      since = nanos;
    }
    var enough = next > 0 ? GOOD_FOR : BAD_FOR;
    return nanos - since >= enough.toNanos() ? say(now) : said.get();
  }

  private Readiness say(Readiness now) {
    said = Optional.of(now);
    tookPods |= now.takesPods();
    direction = 0;
    return now;
  }

  private static int level(Readiness readiness) {
    return readiness.ready() ? 2 : readiness.takesPods() ? 1 : 0;
  }
}
