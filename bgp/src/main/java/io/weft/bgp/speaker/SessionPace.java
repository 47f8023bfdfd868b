package io.weft.bgp.speaker;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.OptionalLong;

/**
 * How often a session with a neighbour was established of late. Too often: its path is bad, or two
 * speak as one, with one address and BGP identifier: each new connection ends that of the other
 * (RFC 4271 §6.8, RFC 4724 §5), and neither can tell.
 */
final class SessionPace {
  /** So many within {@link #WINDOW} are too many. */
  static final int MANY = 5;

  static final Duration WINDOW = Duration.ofSeconds(60);

  private final ArrayDeque<Long> times = new ArrayDeque<>();
  private OptionalLong tooManyAt = OptionalLong.empty();

  /** True when with this one they become too many, and were not within the last window. */
  boolean established(long now) {
    times.addLast(now);
    if (times.size() > MANY) {
      times.removeFirst();
    }
    if (times.size() < MANY || now - times.getFirst() >= WINDOW.toNanos()) {
      return false;
    }
    boolean news = tooManyAt.isEmpty() || now - tooManyAt.getAsLong() >= WINDOW.toNanos();
    tooManyAt = OptionalLong.of(now);
    return news;
  }

  /** When they last were too many. */
  OptionalLong tooManyAt() {
    return tooManyAt;
  }
}
