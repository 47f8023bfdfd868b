package io.weft.linux.packet;

import java.time.Duration;

/** A moment on the monotonic clock, and what is left until it. */
final class Deadline {
  private final long nanos;

  Deadline(Duration fromNow) {
    nanos = System.nanoTime() + fromNow.toNanos();
  }

  boolean isOver() {
    return nanos - System.nanoTime() <= 0;
  }

  /** Rounded up, so that a wait of what is left ends behind the deadline; 0 when it is over. */
  int leftMillis() {
    return Math.clamp((nanos - System.nanoTime() + 999_999) / 1_000_000, 0, Integer.MAX_VALUE);
  }
}
