package io.weft.simulation;

import io.weft.simulation.WhatIfReport.Pair;
import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Who does not reach each other for a while, of those that did before a change: by looks at the
 * kernels, one after the other.
 */
final class Interruptions {
  /** By the numbers of a {@link ReachingWatch}; of those that reached each other before. */
  private record Numbers(int from, int to) implements Comparable<Numbers> {
    @Override
    public int compareTo(Numbers other) {
      int order = Integer.compare(from, other.from);
      return order != 0 ? order : Integer.compare(to, other.to);
    }
  }

  private final Reaching before;
  private final TreeMap<Numbers, Duration> since = new TreeMap<>();
  private final TreeMap<Numbers, Duration> longest = new TreeMap<>();

  Interruptions(Reaching before) {
    this.before = before;
  }

  /**
   * A look at that time shows that a pair reaches each other, or does not, unlike the one before.
   */
  void turned(int from, int to, boolean reaches, Duration at) {
    if (before.has(from, to)) {
      var pair = new Numbers(from, to);
      if (reaches) {
        var began = since.remove(pair);
        if (began != null) {
          longest.merge(pair, at.minus(began), Interruptions::longer);
        }
      } else {
        since.put(pair, at);
      }
    }
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) >= 0 ? one : other;
  }

  /** The longest of each pair that is not interrupted any more. */
  SortedMap<Pair, Duration> ended() {
    var ended = new TreeMap<Pair, Duration>();
    longest.forEach(
        (pair, time) -> {
          if (!since.containsKey(pair)) {
            ended.put(before.pair(pair.from(), pair.to()), time);
          }
        });
    return ended;
  }
}
