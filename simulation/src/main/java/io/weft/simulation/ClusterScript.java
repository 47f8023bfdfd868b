package io.weft.simulation;

import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * All that is done to one simulated cluster, in the order of time; with its seed it gives the same
 * trace each time. As text it is a line for the cluster and one for each act, as of {@link Script}.
 *
 * @param seed of the delays of calls, watches, links and kernels
 * @param millis virtual time after which nothing is done any more, and all must become well
 */
public record ClusterScript(long seed, long millis, List<Line> lines) {
  private static final String FIRST = "cluster";

  /** What is done, and when. */
  record Line(long millis, ClusterAct act) {}

  public ClusterScript {
    lines = List.copyOf(lines);
  }

  /** As {@link #parse} reads it, a line each. */
  public List<String> text() {
    return Stream.concat(
            Stream.of("%s seed=%d millis=%d".formatted(FIRST, seed, millis)),
            lines.stream().map(line -> line.millis() + " " + line.act().text()))
        .toList();
  }

  /** True when the text is a script of a cluster, and not of a fabric, right or wrong. */
  public static boolean is(List<String> text) {
    return text.stream()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .findFirst()
        .filter(line -> line.equals(FIRST) || line.startsWith(FIRST + " "))
        .isPresent();
  }

  /**
   * Reads a script.
   *
   * @throws IllegalArgumentException with the number of the line, from 1, and what is wrong with it
   */
  public static ClusterScript parse(List<String> text) {
    return ScriptText.parse(
        text,
        FIRST,
        ClusterScript::first,
        (millis, words) -> new Line(millis, ClusterAct.parse(words)),
        ClusterScript::with);
  }

  private static ClusterScript first(List<String> words) {
    if (words.size() != 3
        || !words.getFirst().equals(FIRST)
        || !words.get(1).startsWith("seed=")
        || !words.get(2).startsWith("millis=")) {
      throw new IllegalArgumentException("the first line must be 'cluster seed=N millis=N'");
    }
    return new ClusterScript(
        Long.parseLong(words.get(1).substring("seed=".length())),
        Long.parseLong(words.get(2).substring("millis=".length())),
        List.of());
  }

  private ClusterScript with(List<Line> others) {
    return new ClusterScript(seed, millis, others);
  }

  /** Runs it to its end: what did not hold; nothing: all is well. */
  public List<String> violations() {
    return violations(builder -> builder);
  }

  List<String> violations(Function<World.Builder, World.Builder> settings) {
    return new ClusterStage(seed, settings).run(this);
  }

  /**
   * The shortest script that was found; this one when it does not fail by itself.
   *
   * @param goesOn asked before each run; when false, what was found until then is given
   */
  public ClusterScript shrunk(BooleanSupplier goesOn) {
    return shrunk(builder -> builder, goesOn);
  }

  ClusterScript shrunk(Function<World.Builder, World.Builder> settings, BooleanSupplier goesOn) {
    var shrinking =
        new Shrinking<Line>(shorter -> !with(shorter).violations(settings).isEmpty(), goesOn);
    return with(shrinking.shrink(lines));
  }
}
