package io.weft.agent.control;

import java.time.Duration;

/** The time for which a question may keep a brain from its events. */
final class Slice {
  static final Duration LENGTH = Duration.ofMillis(2);

  private final long end = System.nanoTime() + LENGTH.toNanos();

  boolean isOver() {
    return System.nanoTime() - end >= 0;
  }
}
