package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macOf;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.wire.AsPath;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.Esi;
import io.weft.net.ImportTarget;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.Ipv6Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.SendingFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.SendingNeighbour;
import io.weft.overlay.forwarding.ForwardingObject.SendingPort;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.TransitGuard;
import io.weft.overlay.forwarding.TenantHop;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The ways to one prefix: equal ones, those into foreign VNIs, and those on this very node. */
final class TenantWaysTest {
  private static final Vni L3 = new Vni(5001);
  private static final Vni BLUE_L3 = new Vni(6001);
  private static final RouteTarget RED_TARGET = RouteTarget.automatic(OneNode.AS, L3);
  private static final RouteTarget BLUE_TARGET = RouteTarget.automatic(OneNode.AS, BLUE_L3);
  private static final IpAddress SECOND = IpAddress.parse("10.0.0.2");
  private static final IpAddress THIRD = IpAddress.parse("10.0.0.3");
  private static final MacAddress ROUTER = AddressPlan.routerMac(OneNode.VTEP);
  private static final IpPrefix OUTSIDE = IpPrefix.parse("0.0.0.0/0");
  private static final NetworkIntent WEB = routed("web", "red", 100, "192.168.1.0/24");
  private static final NetworkIntent LOGS = routed("logs", "blue", 200, "172.16.1.0/24");
  private final OneNode one = new OneNode();

  private static NetworkIntent routed(String name, String tenant, int vni, String subnet) {
    var gateway = IpPrefix.parse(subnet).address().plus(1);
    return OneNode.network(name, tenant, vni, subnet)
        .withGateways(List.of(new HostAddress(gateway, 24)));
  }

  private static TenantIntent red(RouteTarget... more) {
    var imports = new ArrayList<ImportTarget>(List.of(more));
    imports.add(RED_TARGET);
    return new TenantIntent("red", L3, imports, List.of(RED_TARGET));
  }

  private static TenantIntent blue(RouteTarget... more) {
    var imports = new ArrayList<ImportTarget>(List.of(more));
    imports.add(BLUE_TARGET);
    return new TenantIntent("blue", BLUE_L3, imports, List.of(BLUE_TARGET));
  }

  @BeforeEach
  void start() {
    one.endOfRib();
    intend(red(), blue());
    one.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    one.give(new NodeEvent.KernelObserved(one.observable()));
    one.attach(request("a", "web", "192.168.1.10"));
  }

  private void intend(TenantIntent... tenants) {
    one.give(new NodeEvent.IntentChanged(OneNode.intent(WEB, LOGS).withTenants(List.of(tenants))));
  }

  private static PathAttributes from(IpAddress vtep, RouteTarget target) {
    return PathAttributes.originated(
        vtep,
        List.of(
            ExtendedCommunity.ENCAPSULATION_VXLAN,
            ExtendedCommunity.of(target),
            ExtendedCommunity.routersMac(AddressPlan.routerMac(vtep))),
        Optional.empty());
  }

  private static IpPrefixRoute prefix(IpAddress vtep, IpPrefix prefix, Vni label) {
    return new IpPrefixRoute(
        RouteDistinguisher.of((Ipv4Address) vtep, 5001),
        Esi.ZERO,
        0,
        prefix,
        prefix.address().masked(0),
        label.value());
  }

  private static MacIpAdvertisement host(IpAddress vtep, String ip, Vni label) {
    return new MacIpAdvertisement(
        RouteDistinguisher.of((Ipv4Address) vtep, 200),
        Esi.ZERO,
        0,
        IpAddress.parse(ip).isIpv4() ? macOf(ip) : MacAddress.parse("02:00:00:00:00:77"),
        Optional.of(IpAddress.parse(ip)),
        200,
        OptionalInt.of(label.value()));
  }

  private List<TenantHop> hops(String prefix) {
    return hops("weft-red", prefix);
  }

  private List<TenantHop> hops(String namespace, String prefix) {
    return one.kernel(Kind.TENANT_ROUTE).stream()
        .map(TenantRoute.class::cast)
        .filter(route -> route.namespace().equals(namespace))
        .filter(route -> route.prefix().equals(IpPrefix.parse(prefix)))
        .flatMap(route -> route.hops().stream())
        .toList();
  }

  private List<SendingPort> sendingPorts() {
    return one.kernel(Kind.SENDING_PORT).stream().map(SendingPort.class::cast).toList();
  }

  // ---- equal ways -------------------------------------------------------------------------

  @Test
  void equalWaysToAPrefixAreAllUsed() {
    one.say(prefix(THIRD, OUTSIDE, L3), from(THIRD, RED_TARGET));
    one.say(prefix(SECOND, OUTSIDE, L3), from(SECOND, RED_TARGET));
    assertThat(hops("0.0.0.0/0"))
        .containsExactly(TenantHop.over(L3, SECOND), TenantHop.over(L3, THIRD));
    one.unsay(prefix(SECOND, OUTSIDE, L3));
    assertThat(hops("0.0.0.0/0")).containsExactly(TenantHop.over(L3, THIRD));
    one.unsay(prefix(THIRD, OUTSIDE, L3));
    assertThat(hops("0.0.0.0/0")).isEmpty();
  }

  @Test
  void onlyTheBestAreEqual() {
    one.say(
        prefix(SECOND, OUTSIDE, L3),
        from(SECOND, RED_TARGET).withLocalPreference(OptionalLong.of(200)));
    one.say(prefix(THIRD, OUTSIDE, L3), from(THIRD, RED_TARGET));
    assertThat(hops("0.0.0.0/0")).containsExactly(TenantHop.over(L3, SECOND));
    var longer = new AsPath(List.of(new AsPath.Segment(false, List.of(65001L, 65001L))));
    one.say(prefix(SECOND, OUTSIDE, L3), from(SECOND, RED_TARGET).withAsPath(longer));
    assertThat(hops("0.0.0.0/0")).containsExactly(TenantHop.over(L3, THIRD));
    one.say(prefix(THIRD, OUTSIDE, L3), from(THIRD, RED_TARGET).withAsPath(longer));
    assertThat(hops("0.0.0.0/0")).hasSize(2);
    one.say(
        prefix(THIRD, OUTSIDE, L3),
        from(THIRD, RED_TARGET).withAsPath(longer).withOrigin(PathAttributes.Origin.INCOMPLETE));
    assertThat(hops("0.0.0.0/0")).containsExactly(TenantHop.over(L3, SECOND));
  }

  @Test
  void aHostIsAtOnePlace() {
    one.say(host(THIRD, "192.168.2.20", L3), from(THIRD, RED_TARGET));
    one.say(host(SECOND, "192.168.2.20", L3), from(SECOND, RED_TARGET));
    assertThat(hops("192.168.2.20/32")).containsExactly(TenantHop.over(L3, SECOND));
  }

  @Test
  void noMoreThanTheLimit() {
    for (int i = 2; i < 102; i++) {
      var vtep = IpAddress.parse("10.0.0." + i);
      one.say(prefix(vtep, OUTSIDE, L3), from(vtep, RED_TARGET));
    }
    assertThat(hops("0.0.0.0/0")).hasSize(64).contains(TenantHop.over(L3, SECOND));
  }

  // ---- foreign VNIs -----------------------------------------------------------------------

  @Test
  void aForeignVniHasADeviceThatSends() {
    var foreign = new Vni(7001);
    var net = IpPrefix.parse("172.20.0.0/16");
    one.say(prefix(SECOND, net, foreign), from(SECOND, RED_TARGET));
    assertThat(hops("172.20.0.0/16")).containsExactly(TenantHop.sending(foreign, SECOND));
    assertThat(sendingPorts())
        .singleElement()
        .satisfies(
            port -> {
              assertThat(port.vni()).isEqualTo(foreign);
              assertThat(port.namespace()).isEqualTo("weft-red");
              assertThat(port.local()).isEqualTo(OneNode.VTEP);
              assertThat(port.mac()).isNotEqualTo(ROUTER);
            });
    assertThat(one.kernel.values())
        .contains(
            new SendingFdbEntry("weft-red", foreign, AddressPlan.routerMac(SECOND), SECOND),
            new SendingNeighbour("weft-red", foreign, SECOND, AddressPlan.routerMac(SECOND)),
            new TransitGuard("weft-red", L3));
    one.unsay(prefix(SECOND, net, foreign));
    assertThat(one.kernel.keySet()).noneMatch(key -> key.vni() == foreign.value());
    assertThat(one.kernel(Kind.TRANSIT_GUARD)).isEmpty();
  }

  @Test
  void oneTenantHasOneDeviceForEachForeignVniAndTwoTenantsHaveTwo() {
    one.attach(request("b", "logs", "172.16.1.10"));
    var both = RouteTarget.parse("65000:9");
    intend(red(both), blue(both));
    for (int i = 0; i < 3; i++) {
      var vtep = i == 0 ? SECOND : THIRD;
      var net = IpPrefix.parse("172.2" + i + ".0.0/16");
      one.say(prefix(vtep, net, new Vni(7000 + i / 2)), from(vtep, both));
    }
    assertThat(sendingPorts()).hasSize(4);
    assertThat(sendingPorts()).extracting(SendingPort::id).doesNotHaveDuplicates();
    one.detach("b");
    assertThat(sendingPorts()).extracting(SendingPort::namespace).containsOnly("weft-red");
  }

  @Test
  void theTenantsOwnComeBeforeForeignOnes() {
    var foreign = new Vni(7001);
    var net = IpPrefix.parse("172.20.0.0/16");
    one.say(
        prefix(SECOND, net, foreign),
        from(SECOND, RED_TARGET).withLocalPreference(OptionalLong.of(900)));
    one.say(prefix(THIRD, net, L3), from(THIRD, RED_TARGET));
    assertThat(hops("172.20.0.0/16")).containsExactly(TenantHop.over(L3, THIRD));
    one.unsay(prefix(THIRD, net, L3));
    assertThat(hops("172.20.0.0/16")).containsExactly(TenantHop.sending(foreign, SECOND));
  }

  @Test
  void nobodyElseHasAPartOfTheTenantsSubnets() {
    var foreign = new Vni(7001);
    one.say(host(SECOND, "192.168.1.77", foreign), from(SECOND, RED_TARGET));
    one.say(prefix(SECOND, IpPrefix.parse("192.168.1.128/25"), foreign), from(SECOND, RED_TARGET));
    one.say(prefix(SECOND, IpPrefix.parse("192.168.0.0/16"), foreign), from(SECOND, RED_TARGET));
    assertThat(hops("192.168.1.77/32")).isEmpty();
    assertThat(hops("192.168.1.128/25")).isEmpty();
    assertThat(hops("192.168.0.0/16")).as("wider than the subnet").hasSize(1);
    one.say(host(THIRD, "192.168.1.78", L3), from(THIRD, RED_TARGET));
    assertThat(hops("192.168.1.78/32")).hasSize(1);
  }

  // ---- another tenant of this node --------------------------------------------------------

  @Test
  void anotherTenantOfThisNodeIsReachedInItsOwnVni() {
    one.attach(request("b", "logs", "172.16.1.10"));
    assertThat(hops("172.16.1.10/32")).isEmpty();
    intend(red(BLUE_TARGET), blue(RED_TARGET));
    var toBlue = TenantHop.sending(BLUE_L3, OneNode.VTEP);
    assertThat(hops("172.16.1.10/32")).containsExactly(toBlue);
    assertThat(hops("172.16.1.0/24")).containsExactly(toBlue);
    assertThat(hops("weft-blue", "192.168.1.10/32"))
        .containsExactly(TenantHop.sending(L3, OneNode.VTEP));
    assertThat(one.kernel.values())
        .contains(new SendingFdbEntry("weft-red", BLUE_L3, ROUTER, OneNode.VTEP));
    one.say(prefix(SECOND, IpPrefix.parse("172.16.1.0/24"), BLUE_L3), from(SECOND, BLUE_TARGET));
    assertThat(hops("172.16.1.0/24")).as("this node is the nearest").containsExactly(toBlue);
    one.detach("b");
    assertThat(hops("172.16.1.10/32")).isEmpty();
    assertThat(hops("172.16.1.0/24")).containsExactly(TenantHop.sending(BLUE_L3, SECOND));
  }

  @Test
  void aConnectionLetsInTheAllowedPrefixesOnly() {
    one.attach(request("b", "logs", "172.16.1.10"));
    var before = List.copyOf(one.kernel.values());
    var allowed = List.of(IpPrefix.parse("172.16.1.8/29"), IpPrefix.parse("172.30.0.0/16"));
    intend(
        red().withForeign(List.of(new ForeignRoutes("blue", List.of(BLUE_TARGET), allowed))),
        blue());
    assertThat(hops("172.16.1.10/32")).containsExactly(TenantHop.sending(BLUE_L3, OneNode.VTEP));
    assertThat(hops("172.16.1.0/24")).as("wider than what is allowed").isEmpty();
    assertThat(hops("172.16.1.8/29")).as("its allowed part").hasSize(1);
    assertThat(hops("weft-blue", "192.168.1.10/32")).isEmpty();
    one.say(host(SECOND, "172.16.1.15", BLUE_L3), from(SECOND, BLUE_TARGET));
    one.say(host(SECOND, "172.16.1.16", BLUE_L3), from(SECOND, BLUE_TARGET));
    one.say(prefix(SECOND, IpPrefix.parse("172.30.4.0/24"), BLUE_L3), from(SECOND, BLUE_TARGET));
    one.say(prefix(SECOND, OUTSIDE, BLUE_L3), from(SECOND, BLUE_TARGET));
    assertThat(hops("172.16.1.15/32")).hasSize(1);
    assertThat(hops("172.16.1.16/32")).isEmpty();
    assertThat(hops("172.30.4.0/24")).containsExactly(TenantHop.sending(BLUE_L3, SECOND));
    assertThat(hops("0.0.0.0/0")).isEmpty();
    assertThat(hops("172.30.0.0/16")).containsExactly(TenantHop.sending(BLUE_L3, SECOND));
    intend(red(), blue());
    assertThat(hops("172.30.4.0/24")).isEmpty();
    assertThat(one.kernel.keySet())
        .as("nothing of red's leads into blue's")
        .noneMatch(key -> key.namespace().equals("weft-red") && key.vni() == BLUE_L3.value());
    one.unsay(host(SECOND, "172.16.1.15", BLUE_L3));
    one.unsay(host(SECOND, "172.16.1.16", BLUE_L3));
    one.unsay(prefix(SECOND, IpPrefix.parse("172.30.4.0/24"), BLUE_L3));
    one.unsay(prefix(SECOND, OUTSIDE, BLUE_L3));
    assertThat(one.kernel.values()).containsExactlyElementsOf(before);
  }

  private static TenantIntent redReaching(String tenant, RouteTarget target, String... allowed) {
    var prefixes = List.of(allowed).stream().map(IpPrefix::parse).toList();
    return red().withForeign(List.of(new ForeignRoutes(tenant, List.of(target), prefixes)));
  }

  @Test
  void ofAWiderRouteTheAllowedPartsEnter() {
    intend(redReaching("blue", BLUE_TARGET, "10.1.0.0/16", "10.1.4.0/24", "172.30.0.0/16"), blue());
    var second = TenantHop.sending(BLUE_L3, SECOND);
    var third = TenantHop.sending(BLUE_L3, THIRD);
    one.say(prefix(SECOND, OUTSIDE, BLUE_L3), from(SECOND, BLUE_TARGET));
    assertThat(hops("10.1.0.0/16")).containsExactly(second);
    assertThat(hops("172.30.0.0/16")).containsExactly(second);
    assertThat(hops("10.1.4.0/24")).as("within another part").isEmpty();
    assertThat(hops("0.0.0.0/0")).isEmpty();
    var ten = IpPrefix.parse("10.0.0.0/8");
    one.say(prefix(THIRD, ten, BLUE_L3), from(THIRD, BLUE_TARGET));
    assertThat(hops("10.1.0.0/16")).as("the longest match, as in blue").containsExactly(third);
    assertThat(hops("172.30.0.0/16")).containsExactly(second);
    one.say(prefix(SECOND, IpPrefix.parse("10.1.4.0/24"), BLUE_L3), from(SECOND, BLUE_TARGET));
    assertThat(hops("10.1.4.0/24")).containsExactly(second);
    intend(redReaching("blue", BLUE_TARGET, "10.1.0.0/17"), blue());
    assertThat(hops("10.1.0.0/17")).as("another limit").containsExactly(third);
    assertThat(hops("10.1.0.0/16")).isEmpty();
    assertThat(hops("172.30.0.0/16")).isEmpty();
    assertThat(hops("10.1.4.0/24")).containsExactly(second);
    one.unsay(prefix(THIRD, ten, BLUE_L3));
    assertThat(hops("10.1.0.0/17")).containsExactly(second);
    intend(redReaching("blue", BLUE_TARGET, "192.168.1.128/25", "172.30.0.0/16"), blue());
    assertThat(hops("192.168.1.128/25")).as("a part of red's own subnet").isEmpty();
    assertThat(hops("172.30.0.0/16")).containsExactly(second);
    one.say(prefix(THIRD, IpPrefix.parse("172.30.0.0/16"), L3), from(THIRD, RED_TARGET));
    assertThat(hops("172.30.0.0/16")).as("red's own").containsExactly(TenantHop.over(L3, THIRD));
  }

  @Test
  void whyAPartEnteredIsSaid() {
    intend(redReaching("blue", BLUE_TARGET, "10.1.0.0/16"), blue());
    var ten = prefix(SECOND, IpPrefix.parse("10.0.0.0/8"), BLUE_L3);
    one.say(ten, from(SECOND, BLUE_TARGET));
    assertThat(one.node.uses(ten))
        .containsExactly(
            new TenantView.Use(
                "red",
                true,
                "imported as far as the connection with tenant blue goes, used: 10.1.0.0/16 via"
                    + " 10.0.0.2 in VNI 6001"));
  }

  @Test
  void ofTwoTenantsThatSayOnePrefixTheFirstCounts() {
    var green = RouteTarget.parse("65000:7001");
    intend(
        red()
            .withForeign(
                List.of(
                    new ForeignRoutes("blue", List.of(BLUE_TARGET), List.of()),
                    new ForeignRoutes("green", List.of(green), List.of()))),
        blue());
    one.say(prefix(THIRD, OUTSIDE, new Vni(7001)), from(THIRD, green));
    assertThat(hops("0.0.0.0/0")).containsExactly(TenantHop.sending(new Vni(7001), THIRD));
    one.say(prefix(SECOND, OUTSIDE, BLUE_L3), from(SECOND, BLUE_TARGET));
    assertThat(hops("0.0.0.0/0"))
        .as("packets of one connection do not come to two tenants by turns")
        .containsExactly(TenantHop.sending(BLUE_L3, SECOND));
  }

  @Test
  void aPrefixBehindAnAddressOfTheOtherTenantIsFollowedThere() {
    intend(redReaching("blue", BLUE_TARGET, "10.9.0.0/16"), blue());
    var behind =
        new IpPrefixRoute(
            RouteDistinguisher.of((Ipv4Address) SECOND, 7),
            Esi.ZERO,
            0,
            IpPrefix.parse("10.9.0.0/16"),
            IpAddress.parse("192.168.1.10"),
            0);
    one.say(behind, from(SECOND, BLUE_TARGET));
    assertThat(hops("10.9.0.0/16")).as("red's own has that address too").isEmpty();
    assertThat(one.node.view().unusedRoutes())
        .flatExtracting(NodeView.UnusedView::reasons)
        .containsExactly(
            "10.9.0.0/16: its gateway 192.168.1.10 is no host that the connection with tenant"
                + " 'blue' lets in");
    intend(redReaching("blue", BLUE_TARGET, "10.9.0.0/16", "192.168.1.10/32"), blue());
    one.say(host(THIRD, "192.168.1.10", BLUE_L3), from(THIRD, BLUE_TARGET));
    assertThat(hops("10.9.0.0/16")).containsExactly(TenantHop.sending(BLUE_L3, THIRD));
    assertThat(hops("192.168.1.10/32")).as("red's own").isEmpty();
    assertThat(one.node.tenants().getLast().here().orElseThrow().ofOthers())
        .as("what came in by the connection, used or not")
        .containsExactly(Map.entry("blue", 2));
    assertThat(one.node.prefixes("red", Optional.empty(), 10).orElseThrow().prefixes())
        .filteredOn(TenantView.Prefix::used)
        .extracting(row -> row.prefix() + " " + row.owner())
        .containsExactly("192.168.1.0/24 ", "10.9.0.0/16 blue");
    assertThat(one.node.view().unusedRoutes()).isEmpty();
    one.unsay(host(THIRD, "192.168.1.10", BLUE_L3));
    assertThat(hops("10.9.0.0/16")).isEmpty();
  }

  @Test
  void aConnectionIsForIpv6AsForIpv4() {
    one.attach(request("b", "logs", "172.16.1.10"));
    var before = List.copyOf(one.kernel.values());
    var blue6 = IpPrefix.parse("fd00:2::/64");
    var both = List.of(IpPrefix.parse("172.16.1.0/24"), blue6);
    var dual = LOGS.withGateways(List.of(LOGS.gateways().getFirst(), gateway6("fd00:2::1")));
    var connected =
        red().withForeign(List.of(new ForeignRoutes("blue", List.of(BLUE_TARGET), both)));
    one.give(
        new NodeEvent.IntentChanged(
            OneNode.intent(
                    WEB.withGateways(List.of(WEB.gateways().getFirst(), gateway6("fd00:1::1"))),
                    dual)
                .withTenants(List.of(connected, blue()))));
    var here = Ipv6Address.mapped((Ipv4Address) OneNode.VTEP);
    assertThat(hops("fd00:2::/64")).containsExactly(TenantHop.sending(BLUE_L3, here));
    assertThat(hops("172.16.1.0/24")).containsExactly(TenantHop.sending(BLUE_L3, OneNode.VTEP));
    assertThat(one.kernel.values())
        .contains(new SendingNeighbour("weft-red", BLUE_L3, here, ROUTER));
    one.say(host(SECOND, "fd00:2::77", BLUE_L3), from(SECOND, BLUE_TARGET));
    one.say(host(SECOND, "fd00:3::77", BLUE_L3), from(SECOND, BLUE_TARGET));
    var second = Ipv6Address.mapped((Ipv4Address) SECOND);
    assertThat(hops("fd00:2::77/128")).containsExactly(TenantHop.sending(BLUE_L3, second));
    assertThat(hops("fd00:3::77/128")).as("not allowed").isEmpty();
    one.unsay(host(SECOND, "fd00:2::77", BLUE_L3));
    one.unsay(host(SECOND, "fd00:3::77", BLUE_L3));
    intend(red(), blue());
    assertThat(one.kernel.values()).containsExactlyElementsOf(before);
  }

  private static HostAddress gateway6(String address) {
    return new HostAddress(IpAddress.parse(address), 64);
  }

  @Test
  void aConnectionIsOfRoutesThatNameAnL3Vni() {
    var blue = new ForeignRoutes("blue", List.of(BLUE_TARGET), List.of());
    var limited =
        new ForeignRoutes("blue", List.of(BLUE_TARGET), List.of(IpPrefix.parse("10.8.0.0/16")));
    var host = host(SECOND, "172.16.1.15", BLUE_L3);
    var path = new Path(host, from(SECOND, BLUE_TARGET), SECOND, (Ipv4Address) SECOND, false);
    assertThat(red().withForeign(List.of(blue)).obstacle(path)).isEmpty();
    assertThat(red().obstacle(path))
        .isEqualTo("it imports [%s], the route carries [%s]".formatted(RED_TARGET, BLUE_TARGET));
    assertThat(red().withForeign(List.of(limited)).obstacle(path))
        .endsWith("; its connection with tenant blue is limited to [10.8.0.0/16]");
    assertThat(red().withForeign(List.of(limited)).wantedTargets())
        .containsExactly(RED_TARGET, BLUE_TARGET);
  }

  @Test
  void whoImportsNoMoreHasNothingLeft() {
    one.attach(request("b", "logs", "172.16.1.10"));
    var before = List.copyOf(one.kernel.values());
    intend(red(BLUE_TARGET), blue());
    assertThat(hops("172.16.1.10/32")).hasSize(1);
    assertThat(hops("weft-blue", "192.168.1.10/32")).isEmpty();
    intend(red(), blue());
    assertThat(one.kernel.values()).containsExactlyElementsOf(before);
  }

  @Test
  void aRestartKeepsAllWaysUntilAllHaveSpoken() {
    one.say(prefix(SECOND, OUTSIDE, L3), from(SECOND, RED_TARGET));
    one.say(prefix(THIRD, OUTSIDE, L3), from(THIRD, RED_TARGET));
    var again = new OneNode();
    one.observable().forEach(object -> again.kernel.put(object.key(), object));
    again.give(
        new NodeEvent.IntentChanged(OneNode.intent(WEB, LOGS).withTenants(List.of(red(), blue()))));
    again.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    again.give(new NodeEvent.KernelObserved(again.observable()));
    again.say(prefix(THIRD, OUTSIDE, L3), from(THIRD, RED_TARGET));
    assertThat(again.batches).isEmpty();
    again.endOfRib();
    assertThat(again.kernel(Kind.TENANT_ROUTE))
        .containsExactly(new TenantRoute("weft-red", OUTSIDE, L3, THIRD));
  }

  @Test
  void aRestartAdoptsForeignRoutes() {
    var foreign = new Vni(7001);
    var net = IpPrefix.parse("172.20.0.0/16");
    one.say(prefix(SECOND, net, foreign), from(SECOND, RED_TARGET));
    var again = new OneNode();
    one.observable().forEach(object -> again.kernel.put(object.key(), object));
    again.give(
        new NodeEvent.IntentChanged(OneNode.intent(WEB, LOGS).withTenants(List.of(red(), blue()))));
    again.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    again.give(new NodeEvent.KernelObserved(again.observable()));
    again.say(prefix(SECOND, net, foreign), from(SECOND, RED_TARGET));
    again.endOfRib();
    assertThat(again.batches).isEmpty();
    assertThat(again.kernel(Kind.TENANT_ROUTE))
        .map(ForwardingObject::key)
        .containsExactlyElementsOf(
            one.kernel(Kind.TENANT_ROUTE).stream().map(ForwardingObject::key).toList());
  }
}
