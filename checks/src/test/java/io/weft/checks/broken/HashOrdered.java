package io.weft.checks.broken;

import io.weft.net.KeyTable;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One class for each way to go in the order of hashes that the rule must find. */
public final class HashOrdered {
  private HashOrdered() {}

  public static final class LoopsOverAHashSet {
    int sum(HashSet<Integer> set) {
      int sum = 0;
      for (int element : set) {
        sum = sum * 31 + element;
      }
      return sum;
    }
  }

  public static final class LoopsOverAHashMap {
    private final HashMap<String, String> map = new HashMap<>();

    void print(StringBuilder out) {
      map.forEach((key, value) -> out.append(key).append(value));
    }
  }

  public static final class WalksThroughATable {
    private final KeyTable<String, String> table = new KeyTable<>(key -> key);

    void print(StringBuilder out) {
      table.forEach(out::append);
    }
  }

  public static final class TakesEntries {
    private final HashMap<String, String> map = new HashMap<>();

    Collection<?> entries() {
      return map.entrySet();
    }
  }

  public static final class HidesAFieldAsMap {
    final Map<String, String> map = new HashMap<>();
  }

  public static final class HidesAVariableAsSet {
    int size() {
      Set<String> set = new HashSet<>();
      set.add("x");
      return set.size();
    }
  }

  public static final class ReturnsAHashMap {
    HashMap<String, String> map() {
      return new HashMap<>();
    }
  }

  public static final class MakesSetOf {
    final Set<String> set = Set.of("a", "b");
  }

  public static final class MakesMapOf {
    final Map<String, String> map = Map.of("a", "b");
  }

  public static final class CopiesAMap {
    Map<String, String> copy(Map<String, String> map) {
      return Map.copyOf(map);
    }
  }

  public static final class CollectsToSet {
    Set<String> collect(Stream<String> stream) {
      return stream.collect(Collectors.toSet());
    }
  }

  public static final class CollectsToMap {
    Map<String, String> collect(Stream<String> stream) {
      return stream.collect(Collectors.toMap(x -> x, x -> x));
    }
  }

  public static final class Groups {
    Map<Integer, List<String>> collect(Stream<String> stream) {
      return stream.collect(Collectors.groupingBy(String::length));
    }
  }
}
