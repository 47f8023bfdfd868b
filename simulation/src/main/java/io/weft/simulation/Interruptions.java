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
  private final Reaching before;
  private final TreeMap<Pair, Duration> since = new TreeMap<>();
  private final TreeMap<Pair, Duration> longest = new TreeMap<>();

  Interruptions(Reaching before) {
    this.before = before;
  }

  /** This stands at that time; it did not yet at the look before. */
  void look(Reaching now, Duration at) {
    var away = before.without(now);
    since
        .entrySet()
        .removeIf(
            each -> {
              boolean isBack = !away.contains(each.getKey());
              if (isBack) {
                longest.merge(each.getKey(), at.minus(each.getValue()), Interruptions::longer);
              }
              return isBack;
            });
    away.forEach(pair -> since.putIfAbsent(pair, at));
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) >= 0 ? one : other;
  }

  /** The longest of each pair that is not interrupted any more. */
  SortedMap<Pair, Duration> ended() {
    var ended = new TreeMap<>(longest);
    since.keySet().forEach(ended::remove);
    return ended;
  }
}
