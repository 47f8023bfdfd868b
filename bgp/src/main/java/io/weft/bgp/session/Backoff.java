package io.weft.bgp.session;

import java.time.Duration;

/** Waiting times between attempts: 100 ms, doubling to 10 s. */
final class Backoff {
  static final Duration FIRST = Duration.ofMillis(100);
  static final Duration LONGEST = Duration.ofSeconds(10);

  private Duration next = FIRST;

  Duration next() {
    var now = next;
    var doubled = next.multipliedBy(2);
    next = doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled;
    return now;
  }

  void reset() {
    next = FIRST;
  }
}
