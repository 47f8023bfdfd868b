package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.overlay.forwarding.KernelChange;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Machines that are behind the world come to the same as those that never are. */
final class OwnTimeTest {
  private static final FabricSize ROUTED =
      new FabricSize(24, 12, 6, 2, 2, 4, true, 9, new TreeSet<>(), Duration.ZERO);

  private static final FabricSize ONE_BY_ONE = ROUTED.podsWithin(Duration.ofSeconds(10));

  private static final FabricSize LAYER2 =
      new FabricSize(12, 20, 3, 1, 3, 2, false, 6, new TreeSet<>(), Duration.ZERO)
          .constrained(false);

  private static FabricReport ended(FabricRun run) {
    while (run.advance()) {}
    return run.report();
  }

  private static FabricRun patient(FabricRun run) {
    run.bePatient();
    return run;
  }

  @Test
  void whoeverIsBehindTheTraceIsTheSame() {
    for (var size : List.of(ROUTED, ONE_BY_ONE, LAYER2, ONE_BY_ONE.dual(true))) {
      for (long seed = 1; seed <= 2; seed++) {
        var never = new FabricRun(size, seed);
        var expected = ended(never);
        var run = patient(new FabricRun(size, seed));
        assertThat(ended(run)).isEqualTo(expected);
        assertThat(expected.violations()).isEmpty();
        assertThat(run.passes()).isGreaterThan(size.nodes() / 2);
        assertThat(never.passes()).isZero();
      }
    }
  }

  @Test
  void itIsTheSameOnSeveralThreads() {
    try (var crew = new ThreeThreads()) {
      assertThat(ended(patient(FabricRun.by(crew, ROUTED, 5))))
          .isEqualTo(ended(new FabricRun(ROUTED, 5)));
    }
  }

  /** A report in the midst of the cold start looks at all, and nothing comes of it. */
  @Test
  void aLookBringsAllBackAndChangesNothing() {
    try (var crew = new ThreeThreads()) {
      var looked = patient(FabricRun.by(crew, ROUTED, 5));
      var hurried = new FabricRun(ROUTED, 5);
      for (int slice = 0; slice < 150; slice++) {
        looked.advance();
        hurried.advance();
        assertThat(looked.report()).isEqualTo(hurried.report());
      }
    }
  }

  /** What a kernel throws that is behind ends the run, and nobody works any more. */
  @Test
  void whatGoesWrongBehindTheWorldIsTold() {
    for (var crew : List.of(Crew.ALONE, new ThreeThreads())) {
      var run =
          patient(
              new FabricRun(
                  ONE_BY_ONE,
                  5,
                  builder -> builder.crew(crew).kernels(shared -> new Breaking(shared))));
      assertThat(ended(run).violations()).hasSize(1).first().asString().contains("it broke");
      if (crew instanceof ThreeThreads threads) {
        threads.close();
      }
    }
  }

  /** A kernel that takes so many batches. */
  private static final class Breaking extends SimulatedKernel {
    private int left = 150;

    Breaking(Shared shared) {
      super(shared);
    }

    @Override
    public Outcome apply(List<KernelChange> changes) {
      if (left-- == 0) {
        throw new IllegalStateException("it broke");
      }
      return super.apply(changes);
    }
  }
}
