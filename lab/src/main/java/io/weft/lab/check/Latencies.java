package io.weft.lab.check;

import java.util.List;

/** Measured times in milliseconds; {@code p99} by the nearest rank. */
public record Latencies(double median, double p99, double max, int samples) {
  /** {@code nanos} must not be empty. */
  static Latencies of(List<Long> nanos) {
    var sorted = nanos.stream().sorted().toList();
    return new Latencies(at(sorted, 0.5), at(sorted, 0.99), sorted.getLast() / 1e6, sorted.size());
  }

  private static double at(List<Long> sorted, double share) {
    return sorted.get((int) Math.ceil(share * sorted.size()) - 1) / 1e6;
  }
}
