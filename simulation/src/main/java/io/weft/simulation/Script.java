package io.weft.simulation;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * All that is done to one fabric, in the order of time. A script and its seed say everything: it
 * gives the same trace each time. As text it is a line for the fabric and one for each act: the
 * virtual time in milliseconds and the act. Lines that begin with {@code #} are for people.
 *
 * @param size of the fabric; its changes and faults are the lines
 * @param seed of the delays on the links and in the kernels
 */
public record Script(FabricSize size, long seed, List<Line> lines) {
  /** What is done, and when. */
  record Line(long millis, Act act) {}

  public Script {
    lines = List.copyOf(lines);
  }

  Script with(List<Line> others) {
    return new Script(size, seed, others);
  }

  /**
   * The shortest script that was found; this one when it does not fail by itself.
   *
   * @param goesOn asked before each run; when false, what was found until then is given
   */
  public Script shrunk(BooleanSupplier goesOn) {
    return with(shrinking(builder -> builder, goesOn).shrink(lines));
  }

  Shrinking<Line> shrinking(
      Function<World.Builder, World.Builder> settings, BooleanSupplier goesOn) {
    return new Shrinking<>(
        shorter -> !new ScriptRun(with(shorter), settings).run().isEmpty(), goesOn);
  }

  /** As {@link #parse} reads it, a line each. */
  public List<String> text() {
    var fabric =
        "fabric nodes=%d networks=%d tenants=%d reflectors=%d routed=%s%s%s%s%s seed=%d"
            .formatted(
                size.nodes(),
                size.networks(),
                size.tenants(),
                size.reflectors(),
                size.routed(),
                size.constrained() ? "" : " constrained=false",
                size.dual() ? " dual=true" : "",
                size.multicast() ? " multicast=true" : "",
                size.learning() ? " learning=true" : "",
                seed);
    return Stream.concat(
            Stream.of(fabric), lines.stream().map(line -> line.millis() + " " + line.act().text()))
        .toList();
  }

  /**
   * Reads a script.
   *
   * @throws IllegalArgumentException with the number of the line, from 1, and what is wrong with it
   */
  public static Script parse(List<String> text) {
    return ScriptText.parse(
        text,
        "fabric",
        Script::fabric,
        (millis, words) -> new Line(millis, Act.parse(words)),
        Script::with);
  }

  private static Script fabric(List<String> words) {
    if (!words.getFirst().equals("fabric")) {
      throw new IllegalArgumentException("the first line must begin with 'fabric'");
    }
    Map<String, String> values =
        words.stream()
            .skip(1)
            .map(word -> word.split("=", 2))
            .filter(pair -> pair.length == 2)
            .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1], (a, _) -> a, TreeMap::new));
    int networks = number(values, "networks");
    var size =
        new FabricSize(
                number(values, "nodes"),
                1,
                networks,
                number(values, "tenants"),
                1,
                number(values, "reflectors"),
                Boolean.parseBoolean(value(values, "routed")),
                0,
                new TreeSet<>(),
                Duration.ZERO)
            .constrained(Boolean.parseBoolean(values.getOrDefault("constrained", "true")))
            .dual(Boolean.parseBoolean(values.getOrDefault("dual", "false")))
            .multicast(Boolean.parseBoolean(values.getOrDefault("multicast", "false")))
            .learning(Boolean.parseBoolean(values.getOrDefault("learning", "false")));
    return new Script(size, Long.parseLong(value(values, "seed")), List.of());
  }

  private static int number(Map<String, String> values, String name) {
    return Integer.parseInt(value(values, name));
  }

  private static String value(Map<String, String> values, String name) {
    return Optional.ofNullable(values.get(name))
        .orElseThrow(() -> new IllegalArgumentException("'" + name + "=' is missing"));
  }
}
