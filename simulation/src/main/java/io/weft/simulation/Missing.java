package io.weft.simulation;

import java.util.Comparator;
import java.util.HashSet;
import java.util.TreeSet;

/** What a kernel should have and was not seen in it yet, by network or tenant. */
final class Missing<T extends Comparable<? super T>> {
  private record Way<T>(int number, T what) {}

  private final HashSet<Way<T>> ways = new HashSet<>(); // sorted before it is told

  /** Takes one that has a number, and one that is missing of it. */
  interface Taker<T> {
    void take(int number, T what);
  }

  void add(int number, T what) {
    ways.add(new Way<>(number, what));
  }

  /** It was seen; false when it was not missing. */
  boolean remove(int number, T what) {
    return ways.remove(new Way<>(number, what));
  }

  /** In the order of numbers. */
  void forEach(Taker<T> taker) {
    var sorted =
        new TreeSet<Way<T>>(Comparator.<Way<T>>comparingInt(Way::number).thenComparing(Way::what));
    sorted.addAll(ways);
    sorted.forEach(way -> taker.take(way.number, way.what));
  }
}
