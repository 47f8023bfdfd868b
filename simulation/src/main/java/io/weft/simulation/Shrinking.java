package io.weft.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * Makes a script that fails short: leaves away halves, quarters and so on of its lines, as long as
 * it still fails, until no single line can be left away.
 *
 * @param <L> its lines
 */
final class Shrinking<L> {
  private final Predicate<List<L>> fails;
  private final BooleanSupplier goesOn;
  private int runs;

  /**
   * @param fails runs a script of these lines, in their order
   * @param goesOn asked before each run; when false, what was found until then is given
   */
  Shrinking(Predicate<List<L>> fails, BooleanSupplier goesOn) {
    this.fails = fails;
    this.goesOn = goesOn;
  }

  /** Runs that it took so far. */
  int runs() {
    return runs;
  }

  /** The fewest lines that were found; those given when they do not fail by themselves. */
  List<L> shrink(List<L> failing) {
    if (!fails(failing)) {
      return failing;
    }
    var lines = failing;
    int parts = 2;
    while (goesOn.getAsBoolean() && !lines.isEmpty()) {
      int length = Math.max(1, lines.size() / parts);
      var fewer = without(lines, length);
      if (fewer.size() < lines.size()) {
        lines = fewer;
      } else if (length == 1) {
        break;
      } else {
        parts *= 2;
      }
    }
    return lines;
  }

  /** Leaves away each stretch of this length that it can do without. */
  private List<L> without(List<L> from, int length) {
    var lines = from;
    int at = lines.size() - length;
    while (at >= 0 && goesOn.getAsBoolean()) {
      var fewer = new ArrayList<L>(lines.subList(0, at));
      int end = Math.min(lines.size(), at + length);
      fewer.addAll(lines.subList(end, lines.size()));
      if (fails(fewer)) {
        lines = fewer;
      }
      at = at == 0 ? -1 : Math.max(0, at - length);
    }
    return lines;
  }

  private boolean fails(List<L> lines) {
    runs++;
    return fails.test(lines);
  }
}
