package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.MulticastEntry;
import io.weft.overlay.forwarding.MulticastChannel;
import io.weft.overlay.forwarding.Segment;
import io.weft.overlay.node.Multicast;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.NodeEvent;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Six nodes behind two reflectors, with one selective network. Ports join groups and leave them,
 * agents die and come back, sessions are cut: in the end each kernel sends each group to the nodes
 * that have joined it, and a group that nobody has joined to nobody.
 */
final class MulticastWorldTest {
  private static final int NODES = 6;
  private static final NetworkIntent RED = Model.RED.withMulticast(Multicast.SELECTIVE);
  private static final Segment SEGMENT = new Segment("weft-red", 100);
  private static final List<IpAddress> GROUPS =
      List.of(
          IpAddress.parse("239.1.1.1"), IpAddress.parse("239.1.1.2"), IpAddress.parse("ff15::1"));

  private final Model model = new Model();
  private final TreeMap<String, TreeSet<IpAddress>> joined = new TreeMap<>();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void copiesGoWhereSomebodyHasJoined(long seed) {
    var world = World.builder(seed).nodes(NODES).reflectors(2).network(RED).build();
    world.run(Duration.ofSeconds(1));
    for (int node = 1; node <= NODES; node++) {
      model.attach(world, node, RED, "red" + node, "192.168.1.1" + node);
    }
    world.run(Duration.ofSeconds(10));
    var random = new Random(seed);
    for (int i = 0; i < 60; i++) {
      var node = "n" + (1 + random.nextInt(NODES));
      switch (random.nextInt(6)) {
        case 0 -> change(world, node, random, false);
        case 1 -> {
          if (world.isAlive(node)) {
            world.crash(node);
          } else {
            world.restart(node);
          }
        }
        case 2 -> world.cut(node, "r1");
        case 3 -> world.heal(node, "r1");
        default -> change(world, node, random, true);
      }
      world.run(Duration.ofMillis(random.nextInt(3_000)));
    }
    for (int node = 1; node <= NODES; node++) {
      world.heal("n" + node, "r1");
      if (!world.isAlive("n" + node)) {
        world.restart("n" + node);
      }
    }
    world.run(Duration.ofMinutes(10));
    check(world);

    for (int node = 1; node <= NODES; node++) {
      joined.clear();
      tell(world, "n" + node);
    }
    world.run(Duration.ofSeconds(10));
    check(world);
  }

  private void change(World world, String node, Random random, boolean join) {
    var groups = joined.computeIfAbsent(node, _ -> new TreeSet<>());
    var group = GROUPS.get(random.nextInt(GROUPS.size()));
    if (join ? groups.add(group) : groups.remove(group)) {
      tell(world, node);
    }
  }

  private void tell(World world, String node) {
    var ports = new TreeMap<MulticastChannel, SortedSet<String>>();
    for (var group : joined.getOrDefault(node, new TreeSet<>())) {
      ports.put(MulticastChannel.of(group), new TreeSet<>(List.of("ep")));
    }
    world.join(node, new NodeEvent.GroupsSeen(SEGMENT, ports));
  }

  private void check(World world) {
    for (int node = 1; node <= NODES; node++) {
      var expected = new TreeSet<>(List.of("0.0.0.0 nobody", ":: nobody"));
      for (int other = 1; other <= NODES; other++) {
        if (other != node) {
          for (var group : joined.getOrDefault("n" + other, new TreeSet<>())) {
            expected.add(group + " " + World.vtep(other));
          }
        }
      }
      var held = new TreeSet<String>();
      for (var object : world.kernel("n" + node).objects(Kind.MULTICAST)) {
        var row = (MulticastEntry) object;
        held.add(row.group() + " " + (row.destinationVni().isEmpty() ? "nobody" : row.vtep()));
      }
      assertThat(held).as("kernel of n%s", node).isEqualTo(expected);
    }
  }
}
