package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 7432 §15 and §15.1 with whole nodes and two reflectors: a MAC that goes to and fro. */
class MobilityWorldTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private final Model model = new Model();

  private World world(long seed) {
    var world =
        World.builder(seed).nodes(4).reflectors(2).network(Model.BLUE).network(Model.RED).build();
    world.run(Duration.ofSeconds(20));
    for (int node = 1; node <= 4; node++) {
      model.attach(world, node, Model.RED, "anchor" + node, "192.168.1." + node * 10);
    }
    model.attach(world, 1, Model.RED, "roamer", "192.168.1.200");
    world.run(SECOND);
    model.check(world);
    return world;
  }

  private static long duplicates(World world) {
    return world.nodes().stream().mapToLong(n -> world.view(n).duplicates().size()).sum();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void aSlowRoamerIsFollowedEverywhere(long seed) {
    var world = world(seed);
    for (int move = 0; move < 12; move++) {
      var leave = model.move(world, "roamer", 1 + (move * 3 + 1) % 4);
      world.run(SECOND);
      leave.run();
      world.run(Duration.ofSeconds(60));
      assertThat(duplicates(world)).as("move %s", move).isZero();
      model.check(world);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void aQuarrelIsFrozenUntilOneOwnerGoes(long seed) {
    var world = world(seed);
    for (int move = 1; move <= 5; move++) {
      var leave = model.move(world, "roamer", 1 + move % 2);
      world.run(SECOND);
      if (move == 5) {
        assertThat(duplicates(world)).isPositive();
      }
      leave.run();
      world.run(SECOND);
      model.check(world);
    }
    assertThat(duplicates(world)).isZero();
  }
}
