package io.weft.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Makes a script that fails short: leaves away halves, quarters and so on of its lines, as long as
 * it still fails, until no single line can be left away.
 */
public final class Shrinking {
  private final Function<World.Builder, World.Builder> settings;
  private final BooleanSupplier goesOn;
  private int runs;

  Shrinking(Function<World.Builder, World.Builder> settings, BooleanSupplier goesOn) {
    this.settings = settings;
    this.goesOn = goesOn;
  }

  /**
   * The shortest script that was found; the one that was given when it does not fail by itself.
   *
   * @param goesOn asked before each run; when false, what was found until then is given
   */
  public static Script shrink(Script failing, BooleanSupplier goesOn) {
    return new Shrinking(builder -> builder, goesOn).shrink(failing);
  }

  /** Runs that it took so far. */
  int runs() {
    return runs;
  }

  Script shrink(Script failing) {
    if (!fails(failing)) {
      return failing;
    }
    var script = failing;
    int parts = 2;
    while (goesOn.getAsBoolean() && !script.lines().isEmpty()) {
      int length = Math.max(1, script.lines().size() / parts);
      var shorter = without(script, length);
      if (shorter.lines().size() < script.lines().size()) {
        script = shorter;
      } else if (length == 1) {
        break;
      } else {
        parts *= 2;
      }
    }
    return script;
  }

  /** Leaves away each stretch of this length that it can do without. */
  private Script without(Script from, int length) {
    var script = from;
    int at = script.lines().size() - length;
    while (at >= 0 && goesOn.getAsBoolean()) {
      var fewer = new ArrayList<Script.Line>(script.lines().subList(0, at));
      int end = Math.min(script.lines().size(), at + length);
      fewer.addAll(script.lines().subList(end, script.lines().size()));
      var shorter = script.with(fewer);
      if (fails(shorter)) {
        script = shorter;
      }
      at = at == 0 ? -1 : Math.max(0, at - length);
    }
    return script;
  }

  private boolean fails(Script script) {
    runs++;
    List<String> violations = new ScriptRun(script, settings).run();
    return !violations.isEmpty();
  }
}
