package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.Ipv6Address;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingObject.SendingNeighbour;
import io.weft.overlay.forwarding.TenantHop;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Tenants that are connected: what enters of the other one's routes. */
final class TenantConnectionsTest extends TenantsOnOneNode {
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
}
