package io.weft.overlay.node;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** Calls that wait for an answer, by what they wait for. */
final class Waiting<K extends Comparable<K>> {
  private final TreeMap<K, List<Long>> requests = new TreeMap<>();

  void add(K key, long request) {
    requests.computeIfAbsent(key, _ -> new ArrayList<>()).add(request);
  }

  boolean areAny() {
    return !requests.isEmpty();
  }

  boolean has(K key) {
    return requests.containsKey(key);
  }

  /** A copy: keys may be taken while it is walked through. */
  List<K> keys() {
    return List.copyOf(requests.keySet());
  }

  /** Those that wait for the key; they no longer do. */
  List<Long> take(K key) {
    var taken = requests.remove(key);
    return taken == null ? List.of() : taken;
  }
}
