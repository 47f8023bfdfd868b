package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.MovedMac;
import io.weft.overlay.forwarding.NodeLink;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
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

  private static final MacAddress VM = MacAddress.parse("52:54:00:00:00:07");
  private static final IpAddress ADDRESS = IpAddress.parse("192.168.1.201");
  private static final String HALL = AddressPlan.portName("hall");

  /** Every kernel leads to where the machine is, and nowhere else; one node alone announces it. */
  private static void checkMachine(World world, int at, String when) {
    for (var name : world.nodes()) {
      int node = Integer.parseInt(name.substring(1));
      var rows = new TreeSet<String>();
      for (var object : world.kernel(name).objects()) {
        switch (object) {
          case ForwardingObject.LocalFdbEntry row when row.mac().equals(VM) ->
              rows.add("here " + row.port());
          case ForwardingObject.VxlanFdbEntry row when row.mac().equals(VM) ->
              rows.add("at " + row.vtep());
          case ForwardingObject.BridgeFdbEntry row when row.mac().equals(VM) -> rows.add("remote");
          case ForwardingObject.NeighbourEntry row when row.ip().equals(ADDRESS) ->
              rows.add("is " + row.mac());
          default -> {} // of others
        }
      }
      var expected = new TreeSet<String>();
      expected.add("is " + VM);
      if (node == at) {
        expected.add("here " + HALL);
      } else {
        expected.addAll(List.of("at " + World.vtep(at), "remote"));
      }
      assertThat(rows).as("%s: %s, the machine is at n%d", when, name, at).isEqualTo(expected);
    }
    assertThat(duplicates(world)).as(when).isZero();
    for (var reflector : List.of("r1", "r2")) {
      assertThat(
              world.reflector(reflector).routes().stream()
                  .filter(r -> r.route().toString().contains(VM.toString()))
                  .map(r -> r.attributes().nextHop()))
          .as("%s: %s", when, reflector)
          .containsExactly(World.vtep(at));
    }
  }

  /**
   * A machine that nobody announces goes to and fro 300 times. Faults come with the moves, and are
   * over when all is compared.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void threeHundredMovesByTheWireLeaveKernelsAndRoutesEqual(long seed) {
    var world = world(seed);
    var random = new SplittableRandom(seed);
    for (var node : world.nodes()) {
      world.attach(node, learning());
    }
    world.run(SECOND);
    int at = 1;
    hear(world, at);
    world.run(SECOND);
    checkMachine(world, at, "at the start");
    for (int move = 1; move <= 300; move++) {
      int to = 1 + (at + random.nextInt(3)) % 4;
      var fault = random.nextInt(6);
      var victim = "n" + (1 + random.nextInt(4));
      var reflector = "r" + (1 + random.nextInt(2));
      switch (fault) {
        case 0 -> world.cut(victim, reflector);
        case 1 -> world.crash(reflector);
        case 2 ->
            world.kernel(victim).objects().stream()
                .filter(object -> object.key().toString().contains(VM.toString()))
                .findFirst()
                .ifPresent(object -> world.lose(victim, object.key()));
        default -> {} // none
      }
      hear(world, to);
      for (int slice = 0; slice < 50; slice++) {
        world.run(Duration.ofMillis(1));
        noCircle(world);
      }
      world.run(Duration.ofMillis(random.nextInt(2_000)));
      noCircle(world);
      switch (fault) {
        case 0 -> world.heal(victim, reflector);
        case 1 -> world.restart(reflector);
        case 3 -> {
          world.crash("n" + to);
          world.run(SECOND);
          world.restart("n" + to);
        }
        default -> {} // none
      }
      world.run(Duration.ofSeconds(170));
      at = to;
      checkMachine(world, at, "seed %d, move %d, fault %d".formatted(seed, move, fault));
      hear(world, at); // it goes on speaking
    }
  }

  /** A frame that is sent on for the machine comes to an end, whatever is late. */
  private static void noCircle(World world) {
    for (var name : world.nodes()) {
      var seen = new TreeSet<String>();
      var at = name;
      while (sendsOn(world, at)) {
        assertThat(seen.add(at)).as("from %s over %s to %s", name, seen, at).isTrue();
        at = next(world, at);
      }
    }
  }

  private static boolean sendsOn(World world, String node) {
    return world.kernel(node).objects(Kind.MOVED_MAC).stream()
        .anyMatch(object -> object instanceof MovedMac moved && moved.mac().equals(VM));
  }

  private static String next(World world, String node) {
    for (var object : world.kernel(node).objects(Kind.VXLAN_FDB)) {
      if (object instanceof ForwardingObject.VxlanFdbEntry row && row.mac().equals(VM)) {
        return world.nodes().stream()
            .filter(other -> World.vtep(Integer.parseInt(other.substring(1))).equals(row.vtep()))
            .findFirst()
            .orElseThrow();
      }
    }
    throw new AssertionError(node + " sends on to nowhere: to all");
  }

  private static void hear(World world, int node) {
    world.hear("n" + node, "weft-red", HALL, VM, Optional.of(ADDRESS));
  }

  private static AttachRequest learning() {
    return new AttachRequest(
        "hall",
        Model.RED.name(),
        "",
        "",
        Optional.empty(),
        List.of(),
        false,
        List.of(),
        Optional.empty(),
        false,
        Optional.of(new NodeLink.Device("eth1")),
        false,
        true);
  }
}
