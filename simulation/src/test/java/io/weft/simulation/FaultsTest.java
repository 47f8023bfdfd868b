package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each fault by itself: it happens, and a fabric gets over it. */
final class FaultsTest {
  private static final int SEEDS = Integer.getInteger("weft.simulation.fault.seeds", 2);
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @ParameterizedTest
  @EnumSource(Fault.class)
  void aFabricGetsOverEach(Fault fault) {
    int happened = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      var faults = new TreeSet<>(List.of(fault));
      var size = new FabricSize(5, 4, 6, 2, 2, 2, seed % 2 == 0, 0, faults, MINUTE);
      var run = new FabricRun(size, seed);
      while (run.advance()) {}
      var report = run.report();
      if (!report.ok()) {
        System.out.println(fault + ", seed " + seed + ": " + report.violations());
        long until = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        var shrunk = run.script().shrunk(() -> System.nanoTime() - until < 0);
        System.out.println(String.join("\n", shrunk.text()));
      }
      assertThat(report.violations()).as("%s, seed %d", fault, seed).isEmpty();
      happened += report.faults().getOrDefault(fault, 0);
    }
    assertThat(happened).as("%s", fault).isPositive();
  }
}
