package io.weft.bench.contest;

import io.weft.bench.load.LoadResult;

/** One figure of a result; of each, less is better. */
public enum Measure {
  /** First octet to the last route at the slowest receiver. */
  LOAD("all routes everywhere, s", 3),

  /** Of the reflector, for that. */
  CPU("CPU time, s", 2),

  /** Of the reflector, since its start. */
  PEAK("peak memory, MB", 0),

  /** One more route at the slowest receiver, table loaded. */
  ONE_P50("one more route p50, ms", 2),

  /** The same, of which one in a hundred is slower. */
  ONE_P99("one more route p99, ms", 2),

  /** A sender closes, and half of the routes go. */
  WITHDRAWAL("half withdrawn, s", 3),

  /** Of one core, with a thousand sessions. */
  IDLE("CPU, % of a core", 2),

  /** Resident memory that a thousand sessions added, by a thousand. */
  SESSION("memory per session, kB", 1);

  private static final double SESSIONS = 1000;

  private final String title;
  private final int decimals;

  Measure(String title, int decimals) {
    this.title = title;
    this.decimals = decimals;
  }

  public String title() {
    return title;
  }

  /** Digits behind the point that mean something. */
  public int decimals() {
    return decimals;
  }

  /**
   * The figure; NaN when the run did not get there, or when it means nothing.
   *
   * @param warm true: what the process did before is in its memory already
   */
  public double of(LoadResult result, boolean warm) {
    return switch (this) {
      case LOAD -> result.load();
      case CPU -> result.cpu();
      case PEAK -> result.rssPeak() / 1024.0;
      case ONE_P50 -> result.probe(0.50);
      case ONE_P99 -> result.probe(0.99);
      case WITHDRAWAL -> result.withdrawal();
      case IDLE -> result.idleCpu() * 100;
      case SESSION -> warm ? Double.NaN : (result.rssAfter() - result.rssBefore()) / SESSIONS;
    };
  }
}
