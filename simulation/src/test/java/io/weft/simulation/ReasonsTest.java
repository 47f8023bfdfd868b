package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MulticastRoute.SelectiveMulticast;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.MulticastEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.MulticastChannel;
import io.weft.overlay.forwarding.Segment;
import io.weft.overlay.node.NodeEvent;
import io.weft.overlay.node.NodeIntent;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tenants t0 and t1 with a network each; one pod of net0, on n2; looked at from n1. */
final class ReasonsTest {
  private static final FabricSize SIZE =
      new FabricSize(2, 1, 2, 2, 1, 1, true, 0, new TreeSet<>(), Duration.ZERO).multicast(true);
  private static final IpAddress SELF = World.vtep(1);
  private static final IpAddress OTHER = World.vtep(2);
  private static final MacAddress MAC = new MacAddress(0x0a58_0000_0001L);
  private static final String T0 = "weft-t0";

  private final FabricIntent fabric = new FabricIntent(SIZE);
  private final IpAddress ip = new Ipv4Address(fabric.subnet(0) + 10);
  private final Hearsay hearsay = new Hearsay();
  private final Reasons reasons = new Reasons(hearsay);

  @BeforeEach
  void tell() {
    tell(reasons, fabric);
  }

  private void tell(Reasons some, FabricIntent intent) {
    some.intended(
        "weft-",
        new NodeIntent(World.AS, List.of(), 90, 120, intent.networks())
            .withTenants(intent.tenants()));
    some.present(port(T0, intent.vni(0)), OTHER);
  }

  private EndpointPort port(String namespace, Vni vni) {
    return new EndpointPort(
        namespace, "ep1", vni, "p1", "net0", MAC, List.of(ip), false, 1450, Optional.empty());
  }

  private Optional<String> breach(ForwardingObject object) {
    return reasons.breach(object, List.of(SELF));
  }

  @Test
  void devicesOfOtherTenants() {
    assertThat(breach(new Bridge(T0, fabric.vni(0), MAC, 1450, true))).isEmpty();
    assertThat(breach(new Bridge(T0, fabric.tenantVni(0), MAC, 1450, true))).isEmpty();
    assertThat(breach(new Bridge(T0, fabric.vni(1), MAC, 1450, true))).contains("of no network");
    assertThat(breach(new VxlanPort(T0, fabric.vni(0), SELF, MAC, 1450))).isEmpty();
    assertThat(breach(new VxlanPort(T0, fabric.tenantVni(1), SELF, MAC, 1450)))
        .contains("of no network");
    assertThat(breach(new VxlanPort(T0, fabric.vni(0), OTHER, MAC, 1450)))
        .contains("sends from another node's VTEP");
    assertThat(breach(port(T0, fabric.vni(0)))).isEmpty();
    assertThat(breach(port("weft-t1", fabric.vni(0)))).contains("of no network");
  }

  /** As the default network of a cluster, which is on each node. */
  @Test
  void copiesGoToANodeThatHasTheNetworkWithoutAnEndpoint() {
    var third = World.vtep(3);
    reasons.present(new VxlanPort(T0, fabric.tenantVni(0), third, MAC, 1450), third);
    assertThat(breach(new FloodEntry(T0, fabric.vni(0), third, fabric.vni(0)))).isPresent();
    reasons.present(new VxlanPort(T0, fabric.vni(0), third, MAC, 1450), third);
    assertThat(breach(new FloodEntry(T0, fabric.vni(0), third, fabric.vni(0)))).isEmpty();
  }

  @Test
  void copiesGoToWhereTheNetworkIs() {
    assertThat(breach(new FloodEntry(T0, fabric.vni(0), OTHER, fabric.vni(0)))).isEmpty();
    assertThat(breach(new FloodEntry(T0, fabric.vni(0), World.vtep(3), fabric.vni(0))))
        .contains("nobody of the network was ever there");
    assertThat(breach(new FloodEntry("weft-t1", fabric.vni(1), OTHER, fabric.vni(1)))).isPresent();
  }

  private static final IpAddress GROUP = IpAddress.parse("239.1.1.1");
  private static final String NOT_JOINED = "nobody there has ever joined it";

  private void joined(Reasons some, MulticastChannel channel) {
    var ports = new TreeMap<MulticastChannel, SortedSet<String>>();
    ports.put(channel, new TreeSet<>(List.of("ep1")));
    some.joined(new NodeEvent.GroupsSeen(new Segment(T0, fabric.vni(0).value()), ports), OTHER);
  }

  @Test
  void copiesOfGroupsGoToWhereSomebodyHasJoined() {
    var there = Optional.of(fabric.vni(0));
    var source = Optional.of(IpAddress.parse("100.64.0.10"));
    assertThat(breach(copies(World.vtep(3), Optional.empty(), there)))
        .contains("nobody of the network was ever there");
    assertThat(breach(copies(World.vtep(3), Optional.empty(), Optional.empty()))).isEmpty();
    assertThat(breach(copies(OTHER, Optional.empty(), there))).contains(NOT_JOINED);
    joined(reasons, new MulticastChannel(GROUP, source));
    assertThat(breach(copies(OTHER, source, there))).isEmpty();
    assertThat(breach(copies(OTHER, source.map(ip -> ip.plus(1)), there))).contains(NOT_JOINED);
    assertThat(breach(copies(OTHER, Optional.empty(), there))).contains(NOT_JOINED);
    joined(reasons, MulticastChannel.of(GROUP));
    assertThat(breach(copies(OTHER, source.map(ip -> ip.plus(1)), there))).isEmpty();
    assertThat(breach(copies(OTHER, Optional.empty(), there))).isEmpty();
  }

  @Test
  void aNetworkThatIsNotSelectiveFloodsItsGroups() {
    var flooded = new Reasons(hearsay);
    tell(flooded, new FabricIntent(SIZE.multicast(false)));
    joined(flooded, MulticastChannel.of(GROUP));
    var row = copies(OTHER, Optional.empty(), Optional.of(fabric.vni(0)));
    assertThat(flooded.breach(row, List.of(SELF))).contains(NOT_JOINED);
  }

  @Test
  void whoseNodeTakesTheNetworkForFloodedGetsWhatAnybodyHasJoinedAndAllThatNobodyHas() {
    var there = Optional.of(fabric.vni(0));
    var third = World.vtep(3);
    reasons.present(port(T0, fabric.vni(0)), third);
    var rest =
        new MulticastEntry(
            T0, fabric.vni(0), IpAddress.parse("0.0.0.0"), Optional.empty(), third, there);
    assertThat(breach(rest)).contains(NOT_JOINED);
    fabric.change(FabricIntent.Part.MULTICAST, 0, 1);
    tell(reasons, fabric);
    assertThat(breach(rest)).isEmpty();
    assertThat(breach(copies(third, Optional.empty(), there))).contains(NOT_JOINED);
    joined(reasons, MulticastChannel.of(GROUP));
    assertThat(breach(copies(third, Optional.empty(), there))).isEmpty();
    var source = Optional.of(IpAddress.parse("100.64.0.10"));
    assertThat(breach(copies(third, source, there))).contains(NOT_JOINED);
    strangerWants(source);
    assertThat(breach(copies(third, source, there))).isEmpty();
    assertThat(breach(copies(third, source.map(ip -> ip.plus(1)), there))).contains(NOT_JOINED);
    assertThat(breach(copies(World.vtep(4), Optional.empty(), there)))
        .contains("nobody of the network was ever there");
  }

  private void strangerWants(Optional<IpAddress> source) {
    var stranger = Ipv4Address.parse("10.9.9.9");
    var route =
        new SelectiveMulticast(
            RouteDistinguisher.of(stranger, 1), 0, source, Optional.of(GROUP), stranger, 2);
    var attributes = PathAttributes.originated(stranger, List.of(), Optional.empty());
    hearsay.said(
        new Message.Update(
            List.of(), List.of(route), Optional.of(attributes), Optional.empty(), List.of()));
  }

  private MulticastEntry copies(IpAddress vtep, Optional<IpAddress> source, Optional<Vni> there) {
    return new MulticastEntry(T0, fabric.vni(0), GROUP, source, vtep, there);
  }

  @Test
  void neighboursAreEndpointsAndRouters() {
    var wrong = new NeighbourEntry(T0, fabric.vni(0), ip.plus(1), MAC);
    assertThat(breach(new NeighbourEntry(T0, fabric.vni(0), ip, MAC))).isEmpty();
    assertThat(breach(wrong)).contains("nobody ever had the address");
    var router = AddressPlan.routerMac(OTHER);
    assertThat(breach(new NeighbourEntry(T0, fabric.tenantVni(0), OTHER, router))).isEmpty();
    assertThat(breach(new NeighbourEntry(T0, fabric.tenantVni(0), SELF, router))).isPresent();
  }

  @Test
  void gatewaysOfTheNetwork() {
    var gateway = new Ipv4Address(fabric.subnet(0) + 1);
    assertThat(breach(new GatewayAddress(T0, fabric.vni(0), gateway, 20))).isEmpty();
    assertThat(breach(new GatewayAddress(T0, fabric.vni(0), ip, 20)))
        .contains("no gateway of the network");
  }
}
