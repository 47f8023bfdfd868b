package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.EnumSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Controllers, nodes and an API server that fails: no VNI and no address is ever two's. */
final class ClusterRunTest {
  private static final int SEEDS = Integer.getInteger("weft.simulation.cluster.seeds", 6);
  private static final Duration MINUTES = Duration.ofMinutes(2);

  @Test
  void everySeedHolds() {
    var happened = new TreeSet<ClusterFault>();
    long fromCopies = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      var run = new ClusterRun(seed, EnumSet.allOf(ClusterFault.class));
      assertThat(run.run(MINUTES)).as("seed %d", seed).isEmpty();
      happened.addAll(run.counts().keySet());
      assertThat(run.shared()).isPositive();
      fromCopies += run.fromCopies();
    }
    assertThat(fromCopies).as("pods that start while the API is away").isPositive();
    assertThat(happened).containsExactly(ClusterFault.values());
  }

  @ParameterizedTest
  @EnumSource(ClusterFault.class)
  void aClusterGetsOverEach(ClusterFault fault) {
    var run = new ClusterRun(fault.ordinal(), EnumSet.of(fault));
    assertThat(run.run(MINUTES)).isEmpty();
    assertThat(run.counts()).containsOnlyKeys(fault);
  }

  @Test
  void oneSeedGivesOneTrace() {
    var one = new ClusterRun(7, EnumSet.allOf(ClusterFault.class));
    var again = new ClusterRun(7, EnumSet.allOf(ClusterFault.class));
    assertThat(again.run(MINUTES)).isEqualTo(one.run(MINUTES));
    assertThat(again.traceSha256()).isEqualTo(one.traceSha256());
  }
}
