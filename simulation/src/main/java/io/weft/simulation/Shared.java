package io.weft.simulation;

import java.util.HashMap;

/** One object for all that are equal: thousands of kernels hold the same. */
final class Shared<T> {
  private final HashMap<T, T> known = new HashMap<>(); // only asked, never walked through

  T of(T value) {
    var before = known.putIfAbsent(value, value);
    return before == null ? value : before;
  }
}
