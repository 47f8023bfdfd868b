package io.weft.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * A script on a fabric from nothing: when all is done and made good, every pod must find every pod
 * that it should, and no other.
 */
public final class ScriptRun {
  /** A hold time, a restart time and what comes after them. */
  static final Duration MOST_TO_SETTLE = Duration.ofMinutes(5);

  /** Nothing was written for so long: it has converged. */
  static final Duration QUIET = Duration.ofSeconds(5);

  private final Stage stage;

  ScriptRun(Script script, Function<World.Builder, World.Builder> settings) {
    stage = new Stage(script.size(), script.seed(), settings);
    var late = new TreeSet<String>();
    for (var line : script.lines()) {
      stage.plan(line.millis(), line.act());
      if (line.act() instanceof Act.Start(var node)) {
        late.add(node);
      }
    }
    for (int node = 1; node <= script.size().nodes(); node++) {
      if (!late.contains("n" + node)) {
        stage.plan(0, new Act.Start("n" + node));
      }
    }
  }

  /** Runs a script to its end: what did not hold; nothing: all is well. */
  public static List<String> violations(Script script) {
    return new ScriptRun(script, builder -> builder).run();
  }

  /** SHA-256 of all that happened. */
  String traceSha256() {
    return stage.world().traceSha256();
  }

  /** What of it was done so far. */
  List<Script.Line> done() {
    return stage.script().lines();
  }

  /** Goes on until then, and does not look whether anything holds. */
  void passUntil(Duration time) {
    while (stage.world().now().compareTo(time) < 0) {
      stage.step();
    }
  }

  List<String> run() {
    try {
      return runToTheEnd();
    } catch (RuntimeException e) { // of a brain as well
      stage.world().timeline().abandon(e);
      return List.of("%s s: %s".formatted(stage.world().now().toMillis() / 1e3, e));
    }
  }

  private List<String> runToTheEnd() {
    while (!stage.isEmpty() || !stage.isOver()) {
      stage.step();
    }
    var world = stage.world();
    var latest = world.now().plus(MOST_TO_SETTLE);
    boolean settled = false;
    while (!settled && world.now().compareTo(latest) <= 0) {
      stage.step();
      boolean quiet = world.now().minus(world.lastWrite()).compareTo(QUIET) >= 0;
      settled = quiet && stage.pods().open() == 0 && stage.differences().isEmpty();
    }
    var violations = new ArrayList<>(stage.differences());
    if (stage.pods().open() > 0) {
      violations.add(stage.pods().open() + " calls were never answered");
    }
    return violations;
  }
}
