package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A fault counts only where it did harm. */
final class HarmTest {
  private static final int TIMES = 50;

  private Stage stage;
  private FabricSize size;

  @BeforeEach
  void allAreDown() {
    size = new FabricSize(2, 1, 1, 1, 1, 1, true, 0, new TreeSet<>(), Duration.ZERO);
    stage = new Stage(size, 1, settings -> settings);
  }

  private Faults faults(Fault fault) {
    var only = new TreeSet<>(List.of(fault));
    var faulty = new FabricSize(2, 1, 1, 1, 1, 1, true, 0, only, Duration.ZERO);
    return new Faults(faulty, stage, new SplitMix64(3));
  }

  private void pass(int millis) {
    Stages.pass(stage, Duration.ofMillis(millis));
  }

  @Test
  void aResetBreaksAConnection() {
    var reset = new Act.Reset("n1", "r1");
    assertThat(stage.act(reset)).as("nobody is there").isFalse();
    assertThat(stage.act(new Act.Start("n1"))).isTrue();
    pass(10_000);
    assertThat(stage.act(reset)).isTrue();
    assertThat(stage.act(reset)).as("it is broken already").isFalse();
    assertThat(stage.script().text()).filteredOn(line -> line.contains("reset")).hasSize(1);
  }

  @Test
  void lostNoticesAreOfSomething() {
    var faults = faults(Fault.LOST_NOTICES);
    for (int i = 0; i < TIMES; i++) {
      faults.happen();
      pass(1_000);
    }
    assertThat(faults.counts()).as("kernels are empty").isEmpty();
  }

  @Test
  void aDuplicateVtepIsAnothersOne() {
    var faults = faults(Fault.DUPLICATE_VTEP);
    for (int i = 0; i < TIMES; i++) {
      faults.happen();
      pass(1_000);
    }
    var vteps = stage.script().text().stream().filter(line -> line.contains("vtep")).toList();
    assertThat(vteps).isNotEmpty().allMatch(line -> line.matches(".*(n1 n2|n2 n1) .*"));
    assertThat(stage.act(new Act.Vtep("n1", 1, 100))).as("its own").isFalse();
  }
}
