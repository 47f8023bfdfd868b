package io.weft.checks.broken;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What a pure module does all day, and every rule must let pass. */
public final class Pure {
  enum Colour {
    RED,
    BLUE
  }

  sealed interface Shape {
    record Circle(Colour colour, Duration radius) implements Shape {}

    record Square(int... sides) implements Shape {}
  }

  private final HashMap<String, Integer> lookup = new HashMap<>();
  private final Map<Colour, Integer> counts = new EnumMap<>(Colour.class);

  String of(Shape shape) {
    return switch (shape) {
      case Shape.Circle(Colour colour, var radius) when colour == Colour.RED -> "red" + radius;
      case Shape.Circle(var colour, _) -> colour.name();
      case Shape.Square square -> "square " + square.sides().clone().length;
    };
  }

  int look(String key) {
    var seen = new HashSet<String>();
    var later = new HashMap<String, Integer>(lookup);
    assert seen.add(key) : "twice";
    counts.merge(Colour.BLUE, 1, Integer::sum);
    return seen.contains(key) ? later.getOrDefault(key, 0) : ByteBuffer.allocate(4).getInt();
  }

  Map<String, Integer> sorted(List<String> words) {
    return words.stream()
        .collect(Collectors.toMap(word -> word, String::length, Integer::sum, TreeMap::new));
  }
}
