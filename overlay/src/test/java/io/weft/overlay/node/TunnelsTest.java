package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Which VTEPs are in use, and what is promised of the way to each. */
final class TunnelsTest {
  private static final IpAddress OTHER = IpAddress.parse("10.0.0.2");
  private static final IpAddress THIRD = IpAddress.parse("10.0.0.3");
  private static final Vni L3 = new Vni(5001);
  private static final RouteTarget TARGET = RouteTarget.automatic(OneNode.AS, L3);
  private final OneNode one = new OneNode();

  private static NetworkIntent withMtu(NetworkIntent network, int mtu) {
    return new NetworkIntent(
        network.name(),
        network.tenant(),
        network.vni(),
        network.subnets(),
        network.importTargets(),
        network.exportTargets(),
        OptionalInt.of(mtu),
        network.gateways());
  }

  private void start(NetworkIntent... networks) {
    one.endOfRib();
    one.give(
        new NodeEvent.IntentChanged(
            OneNode.intent(networks)
                .withTenants(
                    List.of(new TenantIntent("red", L3, List.of(TARGET), List.of(TARGET))))));
    one.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    one.give(new NodeEvent.KernelObserved(one.observable()));
  }

  private static Tunnel tunnel(IpAddress remote, int mtu) {
    return new Tunnel(OneNode.VTEP, remote, mtu);
  }

  @Test
  void aVtepIsInUseWhileAFloodEntryOrAMacLeadsThere() {
    start(OneNode.network("web", "red", 100));
    assertThat(one.node.tunnels()).isEmpty();
    one.attach(request("a", "web", "192.168.1.10"));
    one.sayFlood("10.0.0.2", 100);
    one.sayMac("10.0.0.3", 100, "192.168.1.20");
    one.sayMac("10.0.0.3", 100, "192.168.1.21");
    assertThat(one.node.tunnels()).containsExactly(tunnel(OTHER, 1450), tunnel(THIRD, 1450));
    one.unsay(OneNode.macRoute("10.0.0.3", 100, "192.168.1.20"));
    one.unsay(OneNode.floodRoute("10.0.0.2", 100));
    assertThat(one.node.tunnels()).containsExactly(tunnel(THIRD, 1450));
    one.detach("a");
    assertThat(one.node.tunnels()).isEmpty();
  }

  @Test
  void theNetworkThatSendsTheLargestPacketsCounts() {
    start(
        withMtu(OneNode.network("small", "red", 100), 1300),
        withMtu(OneNode.network("large", "blue", 200), 1400));
    one.attach(request("a", "small", "192.168.1.10"));
    one.attach(request("b", "large", "192.168.1.10"));
    one.sayFlood("10.0.0.2", 100);
    assertThat(one.node.tunnels()).containsExactly(tunnel(OTHER, 1300));
    one.sayFlood("10.0.0.2", 200);
    assertThat(one.node.tunnels()).containsExactly(tunnel(OTHER, 1400));
    assertThat(one.node.tunnels().getFirst().outerMtu()).isEqualTo(1450);
  }

  @Test
  void whatIsRoutedIsNoLargerThanTheNetworksItComesFrom() {
    var gateway = List.of(new HostAddress(IpAddress.parse("192.168.1.1"), 24));
    start(
        withMtu(OneNode.network("web", "red", 100, "192.168.1.0/24").withGateways(gateway), 1300));
    one.attach(request("a", "web", "192.168.1.10"));
    var host =
        new MacIpAdvertisement(
            RouteDistinguisher.of((Ipv4Address) OTHER, 200),
            Esi.ZERO,
            0,
            MacAddress.parse("02:00:00:00:00:20"),
            Optional.of(IpAddress.parse("192.168.2.20")),
            200,
            OptionalInt.of(L3.value()));
    var communities =
        List.of(
            ExtendedCommunity.ENCAPSULATION_VXLAN,
            ExtendedCommunity.of(TARGET),
            ExtendedCommunity.routersMac(MacAddress.parse("02:00:00:00:00:02")));
    one.say(host, PathAttributes.originated(OTHER, communities, Optional.empty()));
    assertThat(one.node.tunnels()).containsExactly(tunnel(OTHER, 1300));
  }
}
