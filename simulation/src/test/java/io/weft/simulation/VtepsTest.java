package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import java.time.Duration;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A fabric whose nodes have VTEPs of both families: n3 has IPv4 alone, n4 IPv6 alone. */
final class VtepsTest {
  private static final Vteps BOTH = new Vteps(true);

  private static IpAddress ipv6(int number) {
    return IpAddress.parse("fd00::" + number);
  }

  @Test
  void whoIsReachedByWhich() {
    assertThat(BOTH.of(1, 1)).containsExactly(World.vtep(1), ipv6(1));
    assertThat(BOTH.of(3, 7)).as("that of another").containsExactly(World.vtep(7));
    assertThat(BOTH.towards(1, 2)).contains(World.vtep(2));
    assertThat(BOTH.towards(3, 1)).contains(World.vtep(1));
    assertThat(BOTH.towards(4, 1)).contains(ipv6(1));
    assertThat(BOTH.towards(1, 4)).contains(ipv6(4));
    assertThat(BOTH.towards(3, 4)).isEmpty();
    assertThat(new Vteps(false).towards(3, 4)).contains(World.vtep(4));
  }

  @Test
  void kernelsHaveAPortOfEachAndOneWayToEach() {
    var size =
        new FabricSize(4, 2, 1, 1, 1, 2, false, 0, new TreeSet<>(), Duration.ZERO).dual(true);
    var stage = new Stage(size, 7, builder -> builder);
    for (int node = 1; node <= 4; node++) {
      stage.act(new Act.Start("n" + node));
      stage.plan(1_000, Act.Create.of(stage.pods().next(node, 0).orElseThrow()));
    }
    while (stage.world().now().toSeconds() < 20) {
      stage.step();
    }
    assertThat(stage.differences()).isEmpty();
    assertThat(ports(stage, "n1")).containsExactly(World.vtep(1), ipv6(1));
    assertThat(ports(stage, "n3")).containsExactly(World.vtep(3));
    assertThat(ports(stage, "n4")).containsExactly(ipv6(4));
    assertThat(floods(stage, "n1")).containsExactly(World.vtep(2), World.vtep(3), ipv6(4));
    assertThat(floods(stage, "n3")).containsExactly(World.vtep(1), World.vtep(2));
    assertThat(floods(stage, "n4")).containsExactly(ipv6(1), ipv6(2));
  }

  private static SortedSet<IpAddress> ports(Stage stage, String node) {
    var vteps = new TreeSet<IpAddress>();
    for (var object : stage.world().kernel(node).objects(Kind.VXLAN)) {
      vteps.add(((VxlanPort) object).local());
    }
    return vteps;
  }

  private static SortedSet<IpAddress> floods(Stage stage, String node) {
    var vteps = new TreeSet<IpAddress>();
    for (var object : stage.world().kernel(node).objects(Kind.FLOOD)) {
      vteps.add(((FloodEntry) object).vtep());
    }
    return vteps;
  }
}
