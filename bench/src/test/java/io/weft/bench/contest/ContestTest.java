package io.weft.bench.contest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.bench.contest.Standings.Run;
import io.weft.bench.load.LoadResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContestTest {
  @Test
  void weftCarriesALittleLoadTwice() throws Exception {
    var home = Path.of(System.getenv().getOrDefault("WEFT_HOME", "."));
    assumeTrue(Files.isDirectory(home.resolve("dist/lib")), "needs dist/: run 'make build' before");
    var progress = Collections.synchronizedList(new ArrayList<String>());
    var contest = new Contest(home, 2_000, Duration.ZERO, progress::add);
    var runs = contest.run(List.of(Contestant.WEFT), List.of(Scene.BULK), 1).runs();

    assertThat(runs).as("%s", progress).hasSize(2);
    assertThat(progress).hasSameSizeAs(runs);
    for (var run : runs) {
      assertThat(run.result().complete()).isTrue();
      for (var measure : run.scene().measures()) {
        assertThat(measure.of(run.result(), run.warm()))
            .as("%s", measure)
            .isNotNegative()
            .isFinite();
      }
    }
  }

  @Test
  void theTableReadsLikeThis() {
    var standings = new Standings();
    standings.add(new Run(Contestant.FRR, Scene.FANOUT, false, result(0.2, 0.1, 0)));
    standings.add(new Run(Contestant.FRR, Scene.FANOUT, true, result(0.4, 0.1, 0)));
    standings.add(new Run(Contestant.WEFT, Scene.FANOUT, false, result(0.3, 0.2, 0)));
    for (double load : List.of(0.1, 0.3, 0.2)) {
      standings.add(new Run(Contestant.WEFT, Scene.FANOUT, true, result(load, 0.05, 0.9)));
    }
    assertThat(standings.table())
        .isEqualTo(
            """
                                                   FRR cold   FRR warm    Weft cold   ratio    Weft warm   ratio
            fanout    all routes everywhere, s        0.200      0.400        0.300    1.50        0.200    0.50
            fanout    CPU time, s                      0.10       0.10         0.20    2.00         0.05    0.50
            fanout    peak memory, MB                    20         20           20    1.00           20    1.00
            NOT TO BE TRUSTED: in 3 of 6 runs other processes kept more than 0.3 cores busy (up to 0.9); repeat on a quiet machine
            the generator took 20 % of a core at most
            """);
  }

  private static LoadResult result(double load, double cpu, double otherCores) {
    return new LoadResult(
        true, load, cpu, List.of(), Double.NaN, Double.NaN, 1024, 2048, 20_480, 0.02, otherCores);
  }
}
