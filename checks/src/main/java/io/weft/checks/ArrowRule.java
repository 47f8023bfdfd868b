package io.weft.checks;

import java.lang.classfile.ClassModel;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Dependencies between modules point inward: a class of {@code io.weft.<module>} mentions only its
 * own module and those that the table grants it. Maven cannot see to this alone, because its
 * dependencies are transitive.
 */
public final class ArrowRule {
  private static final String NAME = "arrows";

  private static final Map<String, Set<String>> GRANTED =
      Map.ofEntries(
          Map.entry("net", Set.of()),
          Map.entry("bgp", Set.of("net")),
          Map.entry("bfd", Set.of("net")),
          Map.entry("overlay", Set.of("net", "bgp")),
          Map.entry("linux", Set.of("net")),
          Map.entry("apiserver", Set.of()),
          Map.entry("kubernetes", Set.of("net")),
          Map.entry("agent", Set.of("net", "bgp", "bfd", "overlay", "linux", "kubernetes")),
          Map.entry("controller", Set.of("net", "overlay", "kubernetes", "agent")),
          Map.entry("lab", Set.of("net", "linux", "kubernetes", "agent", "apiserver")),
          Map.entry(
              "cli",
              Set.of(
                  "net",
                  "overlay",
                  "linux",
                  "kubernetes",
                  "agent",
                  "controller",
                  "lab",
                  "simulation")),
          Map.entry("simulation", Set.of("net", "bgp", "overlay")),
          Map.entry("bench", Set.of()),
          Map.entry("checks", Set.of()));

  private ArrowRule() {}

  /** Whether the table has a row for the module. A new module needs one. */
  public static boolean knows(String module) {
    return GRANTED.containsKey(module);
  }

  /** What {@code model} mentions of modules that its own must not know. */
  public static List<Violation> check(ClassModel model) {
    String from = module(References.name(model)).orElse("");
    if (!knows(from)) {
      return List.of(
          new Violation(
              NAME, References.name(model), "io.weft." + from + " has no row in the table"));
    }
    Set<String> granted = GRANTED.getOrDefault(from, Set.of());
    return References.of(model).stream()
        .filter(
            reference ->
                module(reference.type())
                    .filter(to -> !to.equals(from) && !granted.contains(to))
                    .isPresent())
        .map(
            reference ->
                new Violation(
                    NAME,
                    reference.place(),
                    "module " + from + " must not know " + reference.type()))
        .distinct()
        .toList();
  }

  private static Optional<String> module(String type) {
    String[] parts = type.split("\\.", -1);
    return parts.length > 3 && type.startsWith("io.weft.")
        ? Optional.of(parts[2])
        : Optional.empty();
  }
}
