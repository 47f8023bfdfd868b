package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macOf;
import static io.weft.overlay.node.OneNode.macRoute;
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
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.Ipv6Routing;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A tenant that routes: what its gateways and its L3 VNI put into the kernel, and what is said. */
final class TenantTest {
  private static final Vni VNI = new Vni(100);
  private static final Vni L3 = new Vni(5001);
  private static final RouteTarget TARGET = RouteTarget.automatic(OneNode.AS, L3);
  private static final TenantIntent RED =
      new TenantIntent("red", L3, List.of(TARGET), List.of(TARGET));
  private static final NetworkIntent WEB = routed("web", 100, "192.168.1.0/24", "192.168.1.1");
  private static final NetworkIntent DB = routed("db", 200, "192.168.2.0/24", "192.168.2.1");
  private static final IpAddress OTHER = IpAddress.parse("10.0.0.2");
  private static final IpAddress THIRD = IpAddress.parse("10.0.0.3");
  private static final MacAddress ROUTER = AddressPlan.routerMac(OneNode.VTEP);
  private static final MacAddress OTHERS = MacAddress.parse("02:00:00:00:00:02");
  private final OneNode one = new OneNode();

  private static NetworkIntent routed(String name, int vni, String subnet, String gateway) {
    return OneNode.network(name, "red", vni, subnet)
        .withGateways(List.of(new HostAddress(IpAddress.parse(gateway), 24)));
  }

  private void start(NetworkIntent... networks) {
    one.endOfRib();
    begin(networks);
  }

  private void begin(NetworkIntent... networks) {
    intend(List.of(RED), networks);
    one.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    one.give(new NodeEvent.KernelObserved(one.observable()));
  }

  private void intend(List<TenantIntent> tenants, NetworkIntent... networks) {
    one.give(new NodeEvent.IntentChanged(OneNode.intent(networks).withTenants(tenants)));
  }

  // ---- what another node says -------------------------------------------------------------

  private static PathAttributes attributes(IpAddress vtep, ExtendedCommunity... more) {
    var communities = new ArrayList<ExtendedCommunity>();
    communities.add(ExtendedCommunity.ENCAPSULATION_VXLAN);
    communities.add(ExtendedCommunity.of(TARGET));
    communities.addAll(List.of(more));
    return PathAttributes.originated(vtep, communities, Optional.empty());
  }

  private static MacIpAdvertisement host(IpAddress vtep, String ip) {
    return host(vtep, ip, L3.value());
  }

  private static MacIpAdvertisement host(IpAddress vtep, String ip, int l3Vni) {
    var rd = RouteDistinguisher.of((Ipv4Address) vtep, 200);
    var mac = ip.contains(":") ? MacAddress.parse("02:00:00:00:00:66") : macOf(ip);
    return new MacIpAdvertisement(
        rd, Esi.ZERO, 0, mac, Optional.of(IpAddress.parse(ip)), 200, OptionalInt.of(l3Vni));
  }

  private void sayHost(IpAddress vtep, MacAddress router, String ip, int l3Vni) {
    one.say(host(vtep, ip, l3Vni), attributes(vtep, ExtendedCommunity.routersMac(router)));
  }

  private void sayHost(IpAddress vtep, MacAddress router, String ip, ExtendedCommunity... more) {
    var communities = new ArrayList<>(List.of(more));
    communities.add(ExtendedCommunity.routersMac(router));
    one.say(host(vtep, ip), attributes(vtep, communities.toArray(ExtendedCommunity[]::new)));
  }

  private static IpPrefixRoute prefix(IpAddress vtep, String prefix, int label) {
    var rd = RouteDistinguisher.of((Ipv4Address) vtep, 5001);
    var parsed = IpPrefix.parse(prefix);
    return new IpPrefixRoute(rd, Esi.ZERO, 0, parsed, parsed.address().masked(0), label);
  }

  private void sayPrefix(IpAddress vtep, MacAddress router, String prefix) {
    one.say(
        prefix(vtep, prefix, L3.value()), attributes(vtep, ExtendedCommunity.routersMac(router)));
  }

  private static TenantRoute route(String prefix, IpAddress vtep) {
    return new TenantRoute("weft-red", IpPrefix.parse(prefix), L3, vtep);
  }

  private List<ForwardingObject> routes() {
    return one.kernel(Kind.TENANT_ROUTE);
  }

  // ---- the kernel -------------------------------------------------------------------------

  @Test
  void aGatewayAndTheL3VniComeWithTheFirstEndpointAndGoWithTheLast() {
    start(WEB);
    assertThat(one.attachNow(request("a", "web", "192.168.1.10")))
        .isInstanceOf(AttachResult.Attached.class);
    assertThat(one.kernel.values())
        .contains(
            new Bridge("weft-red", VNI, AddressPlan.GATEWAY_MAC, 1450, true),
            new GatewayAddress("weft-red", VNI, IpAddress.parse("192.168.1.1"), 24),
            new NeighbourEntry(
                "weft-red", VNI, IpAddress.parse("192.168.1.10"), macOf("192.168.1.10")),
            new Bridge("weft-red", L3, ROUTER, 1450, true),
            new GatewayAddress("weft-red", L3, IpAddress.parse("192.0.0.8"), 32));
    assertThat(one.kernel(Kind.VXLAN))
        .hasSize(2)
        .anySatisfy(
            object -> {
              var port = (VxlanPort) object;
              assertThat(port.vni()).isEqualTo(L3);
              assertThat(port.mac()).as("frames to the router stay").isNotEqualTo(ROUTER);
            });
    var port = (EndpointPort) one.kernel(Kind.PORT).getFirst();
    assertThat(port.pod().orElseThrow().gateways()).containsExactly(IpAddress.parse("192.168.1.1"));
    one.detach("a");
    assertThat(one.kernel).isEmpty();
    assertThat(one.announced()).isEmpty();
  }

  @Test
  void ipv6IsRoutedWhereANetworkHasAGatewayForIt() {
    var dual =
        OneNode.network("web", "red", 100)
            .withGateways(
                List.of(
                    new HostAddress(IpAddress.parse("192.168.1.1"), 24),
                    new HostAddress(IpAddress.parse("fd00:1::1"), 64)));
    start(dual, DB);
    one.attach(request("a", "web", "192.168.1.10"));
    sayHost(OTHER, OTHERS, "192.168.2.20");
    sayHost(OTHER, OTHERS, "fd00:2::20");
    sayPrefix(OTHER, OTHERS, "fd00:2::/64");
    var mapped = IpAddress.parse("::ffff:" + OTHER);
    assertThat(one.kernel.values())
        .contains(
            new Bridge("weft-red", VNI, AddressPlan.GATEWAY_MAC, 1450, true),
            new Bridge("weft-red", L3, ROUTER, 1450, true),
            Ipv6Routing.of("weft-red", VNI),
            Ipv6Routing.of("weft-red", L3),
            new GatewayAddress("weft-red", VNI, IpAddress.parse("fd00:1::1"), 64),
            new GatewayAddress("weft-red", VNI, IpAddress.parse("fe80::1"), 64),
            new NeighbourEntry("weft-red", L3, OTHER, OTHERS),
            new NeighbourEntry("weft-red", L3, mapped, OTHERS));
    assertThat(routes())
        .containsExactlyInAnyOrder(
            route("192.168.2.20/32", OTHER),
            route("fd00:2::20/128", mapped),
            route("fd00:2::/64", mapped));
    assertThat(one.announced())
        .filteredOn(IpPrefixRoute.class::isInstance)
        .extracting(announced -> ((IpPrefixRoute) announced).prefix().toString())
        .contains("192.168.1.0/24", "fd00:1::/64");
    intend(List.of(RED), WEB, DB);
    assertThat(routes()).containsExactly(route("192.168.2.20/32", OTHER));
    assertThat(one.kernel(Kind.NEIGHBOUR))
        .as("of the endpoint here and of the other router")
        .hasSize(2);
    one.unsay(host(OTHER, "192.168.2.20"));
    one.unsay(host(OTHER, "fd00:2::20"));
    one.unsay(prefix(OTHER, "fd00:2::/64", 0));
    assertThat(one.kernel.keySet())
        .noneMatch(key -> key.vni() == L3.value() && key.kind().isRemote());
  }

  @Test
  void aKernelThatDoesNotRouteIpv6RoutesIpv4() {
    var dual =
        OneNode.network("web", "red", 100)
            .withGateways(
                List.of(
                    new HostAddress(IpAddress.parse("192.168.1.1"), 24),
                    new HostAddress(IpAddress.parse("fd00:1::1"), 64)));
    start(dual, DB);
    one.refusing.add(Kind.IPV6_ROUTING);
    assertThat(one.attachNow(request("a", "web", "192.168.1.10"))).isInstanceOf(Attached.class);
    sayHost(OTHER, OTHERS, "192.168.2.20");
    assertThat(routes()).containsExactly(route("192.168.2.20/32", OTHER));
    assertThat(one.node.view().kernelFailures())
        .extracting(failure -> failure.key())
        .containsExactly(
            Ipv6Routing.of("weft-red", VNI).key(), Ipv6Routing.of("weft-red", L3).key());
  }

  @Test
  void aGatewayAdvertisesItselfToWhoIsThereWhenItRoutes() {
    var dual =
        OneNode.network("web", "red", 100)
            .withGateways(
                List.of(
                    new HostAddress(IpAddress.parse("192.168.1.1"), 24),
                    new HostAddress(IpAddress.parse("fd00:1::1"), 64)));
    start(dual.withAdvertisements(Advertisements.ADDRESSES), DB);
    one.refusing.add(Kind.IPV6_ROUTING);
    one.attach(request("a", "web", "192.168.1.10"));
    assertThat(one.node.advertised()).as("it does not route").isEmpty();
    one.refusing.clear();
    intend(List.of(RED), dual, DB);
    one.detach("a");
    one.attach(request("a", "web", "192.168.1.10"));
    assertThat(one.node.advertised()).as("nobody asked for it").isEmpty();
    intend(List.of(RED), dual.withAdvertisements(Advertisements.ADDRESSES), DB);
    assertThat(one.node.advertised())
        .containsExactly(
            new AdvertisedNetwork(
                "web",
                "weft-red",
                1450,
                List.of(IpPrefix.parse("fd00:1::/64")),
                true,
                new TreeMap<>(
                    Map.of(MacAddress.parse("0a:58:c0:a8:01:0a"), AddressPlan.portName("a")))));
    intend(List.of(RED), dual.withAdvertisements(Advertisements.ROUTES), DB);
    assertThat(one.node.advertised())
        .singleElement()
        .satisfies(network -> assertThat(network.autonomous()).isFalse());
  }

  @Test
  void overAnIpv6UnderlayBothFamiliesLeadToTheVtepItself() {
    var dual =
        OneNode.network("web", "red", 100)
            .withGateways(
                List.of(
                    new HostAddress(IpAddress.parse("192.168.1.1"), 24),
                    new HostAddress(IpAddress.parse("fd00:1::1"), 64)));
    var ours = IpAddress.parse("fd00:ffff::1");
    var other = IpAddress.parse("fd00:ffff::2");
    start(dual, DB);
    one.give(
        new NodeEvent.UnderlayChanged(
            Optional.of(new Underlay(ours, OneNode.UNDERLAY.routerId(), 1500)), ""));
    one.attach(request("a", "web", "192.168.1.10"));
    for (var subnet : List.of("192.168.2.0/24", "fd00:2::/64")) {
      one.say(
          prefix(OTHER, subnet, L3.value()),
          attributes(other, ExtendedCommunity.routersMac(OTHERS)));
    }
    sayPrefix(OTHER, OTHERS, "192.168.9.0/24");
    assertThat(routes())
        .as("a VTEP of the other family is not reached")
        .containsExactlyInAnyOrder(route("192.168.2.0/24", other), route("fd00:2::/64", other));
    assertThat(one.kernel.values())
        .contains(
            new Bridge("weft-red", VNI, AddressPlan.GATEWAY_MAC, 1430, true),
            new Bridge("weft-red", L3, AddressPlan.routerMac(ours), 1430, true),
            Ipv6Routing.of("weft-red", VNI),
            Ipv6Routing.of("weft-red", L3),
            new VxlanFdbEntry("weft-red", L3, OTHERS, other, L3),
            new NeighbourEntry("weft-red", L3, other, OTHERS));
    assertThat(one.announced())
        .filteredOn(IpPrefixRoute.class::isInstance)
        .hasSize(2)
        .allSatisfy(route -> assertThat(one.announced(route).nextHop()).isEqualTo(ours));
  }

  @Test
  void aNetworkWithoutGatewayStaysPureLayer2() {
    start(OneNode.network("web", "red", 100));
    one.attach(request("a", "web", "192.168.1.10"));
    sayHost(OTHER, OTHERS, "192.168.2.20");
    assertThat(one.kernel(Kind.GATEWAY)).isEmpty();
    assertThat(one.kernel(Kind.NEIGHBOUR)).as("of the endpoint here").hasSize(1);
    assertThat(routes()).isEmpty();
    assertThat(one.kernel(Kind.BRIDGE))
        .singleElement()
        .satisfies(
            object -> {
              assertThat(((Bridge) object).routed()).isFalse();
              assertThat(((Bridge) object).mac()).isNotEqualTo(AddressPlan.GATEWAY_MAC);
            });
    assertThat(one.announced()).noneMatch(IpPrefixRoute.class::isInstance);
  }

  @Test
  void hostsAndSubnetsOfOtherNodesBecomeRoutes() {
    start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    sayHost(OTHER, OTHERS, "192.168.2.20");
    sayPrefix(OTHER, OTHERS, "192.168.2.0/24");
    assertThat(routes())
        .containsExactlyInAnyOrder(route("192.168.2.20/32", OTHER), route("192.168.2.0/24", OTHER));
    assertThat(one.kernel.values())
        .contains(
            new VxlanFdbEntry("weft-red", L3, OTHERS, OTHER, L3),
            new BridgeFdbEntry("weft-red", L3, OTHERS),
            new NeighbourEntry("weft-red", L3, OTHER, OTHERS));
    one.unsay(host(OTHER, "192.168.2.20"));
    assertThat(routes()).containsExactly(route("192.168.2.0/24", OTHER));
    one.unsay(prefix(OTHER, "192.168.2.0/24", 0));
    assertThat(one.kernel.keySet())
        .noneMatch(key -> key.vni() == L3.value() && key.kind().isRemote());
  }

  @Test
  void whatIsHereIsNotLookedForElsewhere() {
    start(WEB, DB);
    one.attach(request("a", "web", "192.168.1.10"));
    sayPrefix(OTHER, OTHERS, "192.168.1.0/24");
    sayPrefix(OTHER, OTHERS, "192.168.2.0/24");
    sayHost(OTHER, OTHERS, "192.168.1.1");
    sayHost(OTHER, OTHERS, "192.168.1.10");
    assertThat(routes()).containsExactly(route("192.168.2.0/24", OTHER));
    one.attach(request("b", "db", "192.168.2.10"));
    assertThat(routes()).as("the subnet is connected now").isEmpty();
    one.detach("b");
    assertThat(routes()).containsExactly(route("192.168.2.0/24", OTHER));
  }

  @Test
  void aHostThatMovesIsFollowed() {
    start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    sayHost(OTHER, OTHERS, "192.168.2.20");
    var thirds = MacAddress.parse("02:00:00:00:00:03");
    sayHost(THIRD, thirds, "192.168.2.20", ExtendedCommunity.macMobility(false, 1));
    assertThat(routes()).containsExactly(route("192.168.2.20/32", THIRD));
    one.unsay(host(OTHER, "192.168.2.20"));
    assertThat(routes()).containsExactly(route("192.168.2.20/32", THIRD));
    assertThat(one.kernel(Kind.VXLAN_FDB))
        .containsExactly(new VxlanFdbEntry("weft-red", L3, thirds, THIRD, L3));
  }

  @Test
  void aRouterWithAnotherMacIsFollowed() {
    start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    sayHost(OTHER, OTHERS, "192.168.2.20");
    var anew = MacAddress.parse("02:00:00:00:00:22");
    sayHost(OTHER, anew, "192.168.2.20");
    assertThat(one.kernel(Kind.VXLAN_FDB))
        .containsExactly(new VxlanFdbEntry("weft-red", L3, anew, OTHER, L3));
    assertThat(one.kernel.values()).contains(new NeighbourEntry("weft-red", L3, OTHER, anew));
  }

  @Test
  void twoRoutersWithOneMacDoNotFight() {
    start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    sayHost(OTHER, OTHERS, "192.168.2.20");
    sayHost(THIRD, OTHERS, "192.168.2.30");
    one.forget();
    one.pass(10_000_000_000L);
    assertThat(one.batches).isEmpty();
    assertThat(one.kernel(Kind.VXLAN_FDB))
        .containsExactly(new VxlanFdbEntry("weft-red", L3, OTHERS, OTHER, L3));
    one.unsay(host(OTHER, "192.168.2.20"));
    assertThat(one.kernel(Kind.VXLAN_FDB))
        .containsExactly(new VxlanFdbEntry("weft-red", L3, OTHERS, THIRD, L3));
  }

  @Test
  void whatCannotBeRoutedIsPassedOver() {
    start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.say(host(OTHER, "192.168.2.20"), attributes(OTHER));
    one.say(
        prefix(OTHER, "192.168.3.0/24", 0),
        attributes(OTHER, ExtendedCommunity.routersMac(OTHERS)));
    sayPrefix(OTHER, ROUTER, "192.168.4.0/24");
    sayPrefix(OTHER, MacAddress.parse("ff:ff:ff:ff:ff:ff"), "192.168.5.0/24");
    sayPrefix(OneNode.VTEP, OTHERS, "192.168.6.0/24");
    assertThat(routes()).isEmpty();
  }

  @Test
  void aNewL3VniTakesEverythingAlong() {
    start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    sayHost(OTHER, OTHERS, "192.168.2.20");
    intend(List.of(new TenantIntent("red", new Vni(6000), List.of(TARGET), List.of(TARGET))), WEB);
    assertThat(one.kernel(Kind.SENDING_PORT)).as("it still wants the old one").hasSize(1);
    sayHost(OTHER, OTHERS, "192.168.2.20", 6000);
    assertThat(one.kernel.keySet()).noneMatch(key -> key.vni() == L3.value());
    assertThat(routes())
        .containsExactly(
            new TenantRoute("weft-red", IpPrefix.parse("192.168.2.20/32"), new Vni(6000), OTHER));
    intend(List.of(RED), WEB.withGateways(List.of()));
    assertThat(one.kernel.keySet()).as("pure Layer 2 again").noneMatch(key -> key.vni() == 6000);
    assertThat(one.kernel(Kind.GATEWAY)).isEmpty();
  }

  @Test
  void aRestartAdoptsAndWaitsForTheRoutesOfOthers() {
    start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    sayHost(OTHER, OTHERS, "192.168.2.20");
    var again = new OneNode();
    one.observable().forEach(object -> again.kernel.put(object.key(), object));
    again.give(new NodeEvent.IntentChanged(OneNode.intent(WEB).withTenants(List.of(RED))));
    again.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    again.give(new NodeEvent.KernelObserved(again.observable()));
    assertThat(again.batches).isEmpty();
    again.endOfRib();
    assertThat(again.kernel(Kind.TENANT_ROUTE)).as("nobody says it any more").isEmpty();
    assertThat(again.kernel(Kind.GATEWAY)).as("and that of the L3 VNI").hasSize(2);
  }

  // ---- what this node says ----------------------------------------------------------------

  @Test
  void aHostIsSaidWithBothLabelsAndTargetsAndASubnetWithTheTenants() {
    start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    var said =
        (MacIpAdvertisement)
            one.announced().stream()
                .filter(MacIpAdvertisement.class::isInstance)
                .findFirst()
                .orElseThrow();
    assertThat(said.label()).isEqualTo(100);
    assertThat(said.label2()).hasValue(5001);
    var attributes = one.announced(macRoute("10.0.0.1", 100, "192.168.1.10"));
    assertThat(attributes.routeTargets())
        .containsExactlyInAnyOrder(RouteTarget.automatic(OneNode.AS, VNI), TARGET);
    assertThat(attributes.extendedCommunities()).contains(ExtendedCommunity.routersMac(ROUTER));
    var subnet = prefix(OneNode.VTEP, "192.168.1.0/24", 5001);
    assertThat(one.announced()).contains(subnet);
    var ofSubnet = one.announced(subnet);
    assertThat(ofSubnet.routeTargets()).containsExactly(TARGET);
    assertThat(ofSubnet.extendedCommunities())
        .contains(ExtendedCommunity.routersMac(ROUTER), ExtendedCommunity.ENCAPSULATION_VXLAN);
    assertThat(ofSubnet.nextHop()).isEqualTo(OneNode.VTEP);
  }

  @Test
  void nothingIsSaidOfRoutingUntilTheL3VniStands() {
    one.refusing.add(Kind.GATEWAY);
    start(WEB);
    var request = one.attach(request("a", "web", "192.168.1.10"));
    assertThat(one.answer(request)).isInstanceOf(AttachResult.Refused.class);
    assertThat(one.announced()).noneMatch(MacIpAdvertisement.class::isInstance);
  }

  @Test
  void theGatewayIsNobodysAddress() {
    start(WEB);
    assertThat(one.attachNow(request("a", "web", "192.168.1.1")))
        .isEqualTo(
            new AttachResult.Refused(
                AttachResult.Reason.ADDRESS_IN_USE,
                "address 192.168.1.1 is that of the gateway of network 'web'"));
    var free = routed("web", 100, "192.168.1.0/30", "192.168.1.2");
    intend(List.of(RED), free);
    assertThat(one.attachNow(request("a", "web")))
        .as("one is the customary gateway's, one the gateway's")
        .isInstanceOf(AttachResult.Refused.class);
  }
}
