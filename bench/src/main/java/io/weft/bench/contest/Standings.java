package io.weft.bench.contest;

import io.weft.bench.load.LoadResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What was measured, and the table of it. */
public final class Standings {
  /** Above this many cores of other work, a figure is not to be trusted. */
  private static final double BUSY = 0.3;

  /** Above this share of one core, the generator may have held the reflector up. */
  private static final double GENERATOR = 0.8;

  private final List<Run> runs = new ArrayList<>();

  /**
   * One load on one reflector.
   *
   * @param warm false: the first load since the start of the process; true: the second
   */
  public record Run(Contestant of, Scene scene, boolean warm, LoadResult result) {
    /** Other work took part of the machine. */
    public boolean isDisturbed() {
      return result.otherCores() > BUSY;
    }
  }

  void add(Run run) {
    runs.add(run);
  }

  public List<Run> runs() {
    return List.copyOf(runs);
  }

  /** Medians, and ratios of Weft to FRR: below 1, Weft needs less. */
  public String table() {
    var out = new StringBuilder();
    out.append(row("", "", "FRR cold", "FRR warm", "Weft cold", "ratio", "Weft warm", "ratio"));
    for (var scene : Scene.values()) {
      if (runs.stream().anyMatch(run -> run.scene() == scene)) {
        scene.measures().forEach(measure -> out.append(row(scene, measure)));
      }
    }
    return out.append(remarks()).toString();
  }

  private String row(Scene scene, Measure measure) {
    double frrCold = median(Contestant.FRR, scene, measure, false);
    double frrWarm = median(Contestant.FRR, scene, measure, true);
    double cold = median(Contestant.WEFT, scene, measure, false);
    double warm = median(Contestant.WEFT, scene, measure, true);
    return row(
        scene.name().toLowerCase(Locale.ROOT),
        measure.title(),
        text(frrCold, measure.decimals()),
        text(frrWarm, measure.decimals()),
        text(cold, measure.decimals()),
        text(cold / frrCold, 2),
        text(warm, measure.decimals()),
        text(warm / frrWarm, 2));
  }

  private static String row(Object... cells) {
    return String.format(Locale.ROOT, "%-9s %-26s %10s %10s   %10s %7s   %10s %7s%n", cells);
  }

  private static String text(double value, int decimals) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%." + decimals + "f", value) : "-";
  }

  /** NaN when there is none, or when a run did not get there. */
  private double median(Contestant of, Scene scene, Measure measure, boolean warm) {
    var values =
        runs.stream()
            .filter(run -> run.of() == of && run.scene() == scene && run.warm() == warm)
            .mapToDouble(run -> measure.of(run.result(), warm))
            .sorted()
            .toArray();
    return values.length == 0 ? Double.NaN : values[values.length / 2];
  }

  private String remarks() {
    var out = new StringBuilder();
    long disturbed = runs.stream().filter(Run::isDisturbed).count();
    if (disturbed > 0) {
      out.append(
          String.format(
              Locale.ROOT,
              "NOT TO BE TRUSTED: in %d of %d runs other processes kept more than %.1f cores busy"
                  + " (up to %.1f); repeat on a quiet machine%n",
              disturbed,
              runs.size(),
              BUSY,
              runs.stream().mapToDouble(run -> run.result().otherCores()).max().orElse(0)));
    }
    double generator =
        runs.stream()
            .filter(run -> run.scene() != Scene.IDLE)
            .mapToDouble(run -> run.result().generatorCpu() / run.result().load())
            .filter(Double::isFinite)
            .max()
            .orElse(0);
    out.append(
        String.format(
            Locale.ROOT,
            "the generator took %.0f %% of a core at most%s%n",
            generator * 100,
            generator > GENERATOR ? ": it may have been what was slow" : ""));
    for (var run : runs) {
      if (!run.result().complete()) {
        out.append(
            String.format("%s did not finish %s%s%n", run.of(), run.scene(), warmth(run.warm())));
      }
    }
    return out.toString();
  }

  static String warmth(boolean warm) {
    return warm ? ", warm" : ", cold";
  }
}
