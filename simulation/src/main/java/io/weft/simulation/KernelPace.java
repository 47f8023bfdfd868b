package io.weft.simulation;

/** A kernel does one thing after the other, each in its time. */
final class KernelPace {
  /** A batch takes 50 to 250 microseconds; lost entries are noticed as late. */
  static final long LEAST_NANOS = 50_000;

  private static final long SPREAD_NANOS = 200_000;

  private final SplitMix64 random;
  private long busyUntil;

  KernelPace(SplitMix64 random) {
    this.random = random;
  }

  /** When one more thing is done that is asked for now. */
  long next(long now) {
    long duration = LEAST_NANOS + random.below(SPREAD_NANOS);
    busyUntil = Math.max(now, busyUntil) + duration;
    return busyUntil;
  }

  /** All that it was asked for is done. */
  boolean isThrough(long now) {
    return busyUntil < now;
  }

  /** Nobody waits for anything any more. */
  void forget() {
    busyUntil = 0;
  }
}
