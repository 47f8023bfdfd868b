package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
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
import io.weft.overlay.node.NodeIntent;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tenants t0 and t1 with a network each; one pod of net0, on n2; looked at from n1. */
final class ReasonsTest {
  private static final FabricSize SIZE =
      new FabricSize(2, 1, 2, 2, 1, 1, true, 0, new TreeSet<>(), Duration.ZERO);
  private static final IpAddress SELF = World.vtep(1);
  private static final IpAddress OTHER = World.vtep(2);
  private static final MacAddress MAC = new MacAddress(0x0a58_0000_0001L);
  private static final String T0 = "weft-t0";

  private final FabricIntent fabric = new FabricIntent(SIZE);
  private final IpAddress ip = new Ipv4Address(fabric.subnet(0) + 10);
  private final Reasons reasons = new Reasons();

  @BeforeEach
  void tell() {
    reasons.intended(
        "weft-",
        new NodeIntent(World.AS, List.of(), 90, 120, fabric.networks())
            .withTenants(fabric.tenants()));
    reasons.present(port(T0, fabric.vni(0)), OTHER);
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

  @Test
  void copiesOfGroupsGoToWhereTheNetworkIs() {
    assertThat(breach(copies(OTHER, Optional.of(fabric.vni(0))))).isEmpty();
    assertThat(breach(copies(World.vtep(3), Optional.of(fabric.vni(0)))))
        .contains("nobody of the network was ever there");
    assertThat(breach(copies(World.vtep(3), Optional.empty()))).as("to nobody").isEmpty();
  }

  private MulticastEntry copies(IpAddress vtep, Optional<Vni> there) {
    return new MulticastEntry(T0, fabric.vni(0), IpAddress.parse("239.1.1.1"), vtep, there);
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
