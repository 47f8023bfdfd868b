package io.weft.bench.contest;

import io.weft.bench.contest.Standings.Run;
import io.weft.bench.load.Load;
import io.weft.bench.load.LoadPlan;
import io.weft.bench.load.ProcessMeter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** Runs scenes, the contestants by turns. */
public final class Contest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration QUIET_SAMPLE = Duration.ofMillis(500);
  private static final double QUIET_CORES = 0.15;

  private final Path home;
  private final int routes;
  private final Duration quietWait;
  private final Consumer<String> progress;
  private final Standings standings = new Standings();

  /**
   * Prepares a contest.
   *
   * @param home the repository, with what was built in it
   * @param routes of {@link Scene#BULK}
   * @param quietWait how long to wait for a quiet machine before a run; it begins anyway then
   * @param progress takes one line for each run, and what failed
   */
  public Contest(Path home, int routes, Duration quietWait, Consumer<String> progress) {
    this.home = home;
    this.routes = routes;
    this.quietWait = quietWait;
    this.progress = progress;
  }

  /** Each scene so many times, with a new process for each contestant each time. */
  public Standings run(List<Contestant> contestants, List<Scene> scenes, int rounds)
      throws InterruptedException {
    for (var scene : scenes) {
      for (int round = 1; round <= rounds; round++) {
        for (var contestant : contestants) {
          var title =
              String.format(
                  "%-8s %s, round %d of %d",
                  scene.name().toLowerCase(Locale.ROOT), contestant, round, rounds);
          try {
            run(contestant, scene, title);
          } catch (IOException e) {
            progress.accept(title + ": " + e.getMessage());
          }
        }
      }
    }
    return standings;
  }

  private void run(Contestant contestant, Scene scene, String title)
      throws IOException, InterruptedException {
    var plan = scene.plan(routes);
    try (var reflector = Reflector.start(contestant, home, plan)) {
      for (var warm : List.of(false, true)) {
        awaitQuiet();
        run(new Turn(contestant, scene, warm, title + Standings.warmth(warm)), plan, reflector);
      }
    }
  }

  /** One load, with what is told of it. */
  private record Turn(Contestant contestant, Scene scene, boolean warm, String title) {}

  private void run(Turn turn, LoadPlan plan, Reflector reflector) throws IOException {
    try {
      var result = Load.run(plan, reflector.address(), reflector.pid(), PATIENCE);
      standings.add(new Run(turn.contestant(), turn.scene(), turn.warm(), result));
      progress.accept(
          String.format(
              Locale.ROOT,
              "%s: %.3f s, CPU %.2f s, other work %.1f cores",
              turn.title(),
              result.load(),
              result.cpu(),
              result.otherCores()));
    } catch (IOException e) {
      progress.accept(turn.title() + ": " + e.getMessage() + reflector.lastWords());
    }
  }

  /** Also lets the reflector forget the load before. */
  private void awaitQuiet() throws IOException, InterruptedException {
    long until = System.nanoTime() + quietWait.toNanos();
    double cores;
    do {
      double before = ProcessMeter.machineSeconds();
      Thread.sleep(QUIET_SAMPLE);
      cores = (ProcessMeter.machineSeconds() - before) / (QUIET_SAMPLE.toMillis() / 1000.0);
    } while (cores > QUIET_CORES && System.nanoTime() < until);
  }
}
