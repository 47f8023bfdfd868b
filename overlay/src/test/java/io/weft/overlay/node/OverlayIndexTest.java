package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macOf;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.TenantHop;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * As a receiver: prefixes behind a gateway's address (RFC 9136 §4.4.2), and hosts of nodes that
 * route asymmetrically (RFC 9135 §6).
 */
final class OverlayIndexTest {
  private static final Vni L3 = new Vni(5001);
  private static final Vni WEB_VNI = new Vni(100);
  private static final Vni DB_VNI = new Vni(200);
  private static final RouteTarget TARGET = RouteTarget.automatic(OneNode.AS, L3);
  private static final IpAddress SECOND = IpAddress.parse("10.0.0.2");
  private static final IpAddress THIRD = IpAddress.parse("10.0.0.3");
  private static final IpPrefix BEHIND = IpPrefix.parse("10.9.0.0/16");
  private final OneNode one = new OneNode();

  private static NetworkIntent routed(String name, Vni vni, String subnet) {
    var gateway = IpPrefix.parse(subnet).address().plus(1);
    return OneNode.network(name, "red", vni.value(), subnet)
        .withGateways(List.of(new HostAddress(gateway, 24)));
  }

  @BeforeEach
  void start() {
    one.endOfRib();
    one.give(
        new NodeEvent.IntentChanged(
            OneNode.intent(
                    routed("web", WEB_VNI, "192.168.1.0/24"),
                    routed("db", DB_VNI, "192.168.2.0/24"))
                .withTenants(
                    List.of(new TenantIntent("red", L3, List.of(TARGET), List.of(TARGET))))));
    one.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    one.give(new NodeEvent.KernelObserved(one.observable()));
    one.attach(request("a", "web", "192.168.1.10"));
  }

  private static PathAttributes from(IpAddress vtep, RouteTarget... targets) {
    var communities = new ArrayList<ExtendedCommunity>();
    communities.add(ExtendedCommunity.ENCAPSULATION_VXLAN);
    List.of(targets).forEach(target -> communities.add(ExtendedCommunity.of(target)));
    return PathAttributes.originated(vtep, communities, Optional.empty());
  }

  private static IpPrefixRoute behind(IpAddress vtep, String gateway, Esi esi) {
    return new IpPrefixRoute(
        RouteDistinguisher.of((Ipv4Address) vtep, 7), esi, 0, BEHIND, IpAddress.parse(gateway), 0);
  }

  private static MacIpAdvertisement host(IpAddress vtep, String ip, Vni vni, OptionalInt l3) {
    return new MacIpAdvertisement(
        RouteDistinguisher.of((Ipv4Address) vtep, vni.value()),
        Esi.ZERO,
        0,
        macOf(ip),
        Optional.of(IpAddress.parse(ip)),
        vni.value(),
        l3);
  }

  private void sayBehind(IpAddress vtep, String gateway) {
    one.say(behind(vtep, gateway, Esi.ZERO), from(vtep, TARGET));
  }

  private void sayHost(IpAddress vtep, String ip, Vni vni) {
    one.say(
        host(vtep, ip, vni, OptionalInt.empty()),
        from(vtep, RouteTarget.automatic(OneNode.AS, vni)));
  }

  private void sayRoutedHost(IpAddress vtep, String ip, Vni vni, int sequence) {
    var attributes = from(vtep, RouteTarget.automatic(OneNode.AS, vni), TARGET);
    var communities = new ArrayList<>(attributes.extendedCommunities());
    communities.add(ExtendedCommunity.routersMac(AddressPlan.routerMac(vtep)));
    communities.add(ExtendedCommunity.macMobility(false, sequence));
    one.say(
        host(vtep, ip, vni, OptionalInt.of(L3.value())),
        attributes.withExtendedCommunities(communities));
  }

  private List<TenantHop> hops() {
    return one.kernel(Kind.TENANT_ROUTE).stream()
        .map(TenantRoute.class::cast)
        .filter(route -> route.prefix().equals(BEHIND))
        .flatMap(route -> route.hops().stream())
        .toList();
  }

  private List<String> unused() {
    return one.node.view().unusedRoutes().stream()
        .flatMap(view -> view.reasons().stream())
        .toList();
  }

  // ---- overlay index ----------------------------------------------------------------------

  @Test
  void anAddressInANetworkOfThisNodeIsReachedThroughIt() {
    sayBehind(SECOND, "192.168.1.20");
    assertThat(hops()).isEmpty();
    assertThat(unused())
        .containsExactly(
            "10.9.0.0/16: its gateway 192.168.1.20 is nobody's address in a network of tenant 'red'");
    sayHost(SECOND, "192.168.1.20", WEB_VNI);
    assertThat(hops()).containsExactly(TenantHop.over(WEB_VNI, IpAddress.parse("192.168.1.20")));
    assertThat(unused()).isEmpty();
    one.unsay(host(SECOND, "192.168.1.20", WEB_VNI, OptionalInt.empty()));
    assertThat(hops()).isEmpty();
  }

  @Test
  void theGatewayMayBeAnEndpointOfThisNode() {
    sayBehind(SECOND, "192.168.1.10");
    assertThat(hops()).containsExactly(TenantHop.over(WEB_VNI, IpAddress.parse("192.168.1.10")));
    one.attach(request("b", "web", "192.168.1.11"));
    one.detach("a");
    assertThat(hops()).isEmpty();
  }

  @Test
  void elsewhereItIsReachedAsTheHostIs() {
    sayBehind(SECOND, "192.168.2.20");
    sayRoutedHost(SECOND, "192.168.2.20", DB_VNI, 0);
    assertThat(hops()).containsExactly(TenantHop.over(L3, SECOND));
    sayRoutedHost(THIRD, "192.168.2.20", DB_VNI, 1);
    assertThat(hops()).as("the gateway moved").containsExactly(TenantHop.over(L3, THIRD));
    one.attach(request("b", "db", "192.168.2.10"));
    assertThat(hops())
        .as("its network is here now")
        .containsExactly(TenantHop.over(DB_VNI, IpAddress.parse("192.168.2.20")));
    one.detach("b");
    assertThat(hops()).containsExactly(TenantHop.over(L3, THIRD));
  }

  @Test
  void severalGatewaysAreEqualWays() {
    sayBehind(SECOND, "192.168.1.20");
    sayBehind(THIRD, "192.168.1.30");
    sayHost(SECOND, "192.168.1.20", WEB_VNI);
    sayHost(THIRD, "192.168.1.30", WEB_VNI);
    assertThat(hops())
        .containsExactly(
            TenantHop.over(WEB_VNI, IpAddress.parse("192.168.1.20")),
            TenantHop.over(WEB_VNI, IpAddress.parse("192.168.1.30")));
    one.unsay(host(SECOND, "192.168.1.20", WEB_VNI, OptionalInt.empty()));
    assertThat(hops()).hasSize(1);
  }

  @Test
  void whatCannotBeUsedIsSaid() {
    var segment = Esi.parse("00:01:02:03:04:05:06:07:08:09");
    one.say(behind(SECOND, "192.168.1.20", segment), from(SECOND, TARGET));
    assertThat(unused()).singleElement().asString().contains("RFC 9136 §3.2 forbids");
    one.say(behind(SECOND, "0.0.0.0", segment), from(SECOND, TARGET));
    assertThat(unused()).singleElement().asString().contains("not carried out");
    sayBehind(SECOND, "192.168.1.1");
    assertThat(unused())
        .as("an anycast gateway is here and everywhere")
        .singleElement()
        .asString()
        .contains("nobody's address");
    one.say(behind(SECOND, "0.0.0.0", Esi.ZERO), from(SECOND, TARGET));
    assertThat(unused()).singleElement().asString().contains("no L3 VNI");
    one.unsay(behind(SECOND, "0.0.0.0", Esi.ZERO));
    assertThat(unused()).isEmpty();
    assertThat(hops()).isEmpty();
  }

  // ---- asymmetric IRB ---------------------------------------------------------------------

  @Test
  void aHostWithoutL3VniIsReachedThroughItsNetwork() {
    sayHost(SECOND, "192.168.1.20", WEB_VNI);
    assertThat(one.kernel.values())
        .contains(
            new NeighbourEntry(
                "weft-red", WEB_VNI, IpAddress.parse("192.168.1.20"), macOf("192.168.1.20")),
            new VxlanFdbEntry("weft-red", WEB_VNI, macOf("192.168.1.20"), SECOND, WEB_VNI));
    assertThat(one.kernel(Kind.TENANT_ROUTE)).as("it is connected").isEmpty();
    assertThat(unused()).isEmpty();
  }

  @Test
  void whereTheNetworkIsNotTheReasonIsSaid() {
    // With the network's target alone it would not come to this node at all.
    one.say(
        host(SECOND, "192.168.2.20", DB_VNI, OptionalInt.empty()),
        from(SECOND, RouteTarget.automatic(OneNode.AS, DB_VNI), TARGET));
    assertThat(unused())
        .singleElement()
        .asString()
        .contains("192.168.2.20", "VTEP 10.0.0.2 routes asymmetrically", "network 'db'");
    one.attach(request("b", "db", "192.168.2.10"));
    assertThat(unused()).isEmpty();
    one.unsay(host(SECOND, "192.168.2.20", DB_VNI, OptionalInt.empty()));
    assertThat(unused()).isEmpty();
  }
}
