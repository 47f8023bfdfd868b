package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
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
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.node.TenantView.Prefix;
import io.weft.overlay.node.TenantView.Source;
import io.weft.overlay.node.TenantView.Way;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is told of tenants: those that route here, elsewhere, and not at all. */
final class TenantViewsTest {
  private static final Vni L3 = new Vni(5001);
  private static final RouteTarget TARGET = RouteTarget.automatic(OneNode.AS, L3);
  private static final IpAddress OTHER = IpAddress.parse("10.0.0.2");
  private static final IpAddress THIRD = IpAddress.parse("10.0.0.3");
  private static final MacAddress ROUTER = MacAddress.parse("02:00:00:00:00:02");
  private static final MacAddress THIRDS = MacAddress.parse("02:00:00:00:00:03");
  private static final TenantIntent RED =
      new TenantIntent("red", L3, List.of(TARGET), List.of(TARGET));
  private static final NetworkIntent WEB =
      OneNode.network("web", "red", 100, "192.168.1.0/24")
          .withGateways(List.of(new HostAddress(IpAddress.parse("192.168.1.1"), 24)));
  private final OneNode one = new OneNode();

  private void start() {
    one.endOfRib();
    one.give(
        new NodeEvent.IntentChanged(
            OneNode.intent(
                    WEB, OneNode.network("store", "red", 300), OneNode.network("shop", "blue", 200))
                .withTenants(List.of(RED))));
    one.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    one.give(new NodeEvent.KernelObserved(one.observable()));
  }

  private static IpPrefixRoute route(IpAddress vtep, String prefix) {
    var parsed = IpPrefix.parse(prefix);
    var rd = RouteDistinguisher.of((Ipv4Address) vtep, 5001);
    var none = parsed.address().masked(0);
    return new IpPrefixRoute(rd, Esi.ZERO, 0, parsed, none, L3.value());
  }

  private IpPrefixRoute say(IpAddress vtep, MacAddress router, String prefix) {
    var communities =
        List.of(
            ExtendedCommunity.ENCAPSULATION_VXLAN,
            ExtendedCommunity.of(TARGET),
            ExtendedCommunity.routersMac(router));
    one.say(route(vtep, prefix), PathAttributes.originated(vtep, communities, Optional.empty()));
    return route(vtep, prefix);
  }

  @Test
  void aTenantIsToldOfWhetherItRoutesHereOrNot() {
    start();
    var blue = one.node.tenants().getFirst();
    assertThat(blue.name()).isEqualTo("blue");
    assertThat(blue.routing()).isEmpty();
    assertThat(blue.networks()).containsExactly(new TenantView.Member("shop", false, false));
    var red = one.node.tenants().getLast();
    assertThat(red.routing()).isPresent();
    assertThat(red.here()).isEmpty();
    assertThat(one.node.prefixes("red", Optional.empty(), 10)).isEmpty();

    one.attach(request("a", "web", "192.168.1.10"));
    say(OTHER, ROUTER, "10.9.0.0/16");
    red = one.node.tenants().getLast();
    assertThat(red.namespace()).isEqualTo("weft-red");
    assertThat(red.here().orElseThrow().remotePrefixes()).isEqualTo(1);
    assertThat(red.networks())
        .containsExactly(
            new TenantView.Member("store", false, false), new TenantView.Member("web", true, true));
  }

  @Test
  void theTableComesInPartsAndSaysWhatIsUsed() {
    start();
    one.attach(request("a", "web", "192.168.1.10"));
    for (int i = 0; i < 5; i++) {
      say(OTHER, ROUTER, "10." + i + ".0.0/16");
    }
    say(THIRD, THIRDS, "10.0.0.0/16");
    say(OTHER, ROUTER, "192.168.1.0/24");
    var rows = new ArrayList<Prefix>();
    var first = one.node.prefixes("red", Optional.empty(), 4).orElseThrow();
    rows.addAll(first.prefixes());
    assertThat(first.next()).isPresent();
    var second = one.node.prefixes("red", first.next(), 4).orElseThrow();
    rows.addAll(second.prefixes());
    assertThat(second.next()).isEmpty();
    assertThat(rows).hasSize(7);
    assertThat(rows.getFirst())
        .isEqualTo(new Prefix(IpPrefix.parse("192.168.1.0/24"), Source.CONNECTED, List.of(), true));
    assertThat(rows.get(1))
        .isEqualTo(
            new Prefix(
                IpPrefix.parse("10.0.0.0/16"),
                Source.PREFIX,
                List.of(new Way(OTHER, L3), new Way(THIRD, L3)),
                true));
    assertThat(rows.getLast())
        .as("it is on this node itself")
        .isEqualTo(
            new Prefix(
                IpPrefix.parse("192.168.1.0/24"),
                Source.PREFIX,
                List.of(new Way(OTHER, L3)),
                false));
  }

  @Test
  void whatIsBehindAnEndpointAndTheWayOutAreInTheTable() {
    start();
    one.give(
        new NodeEvent.IntentChanged(
            OneNode.intent(WEB)
                .withTenants(
                    List.of(
                        RED.withEgress(Optional.of(new EgressIntent(true, true, List.of())))))));
    one.attach(
        request("r", "web", "192.168.1.10").withPrefixes(List.of(IpPrefix.parse("10.50.0.0/16"))));
    assertThat(one.node.prefixes("red", Optional.empty(), 4).orElseThrow().prefixes())
        .containsExactly(
            new Prefix(IpPrefix.parse("192.168.1.0/24"), Source.CONNECTED, List.of(), true),
            new Prefix(
                IpPrefix.parse("10.50.0.0/16"),
                Source.ENDPOINT,
                List.of(new Way(IpAddress.parse("192.168.1.10"), new Vni(100))),
                true),
            new Prefix(IpPrefix.parse("0.0.0.0/0"), Source.NODE, List.of(), true),
            new Prefix(IpPrefix.parse("::/0"), Source.NODE, List.of(), true));
  }

  @Test
  void aRouteIsUsedOrTheReasonIsSaid() {
    start();
    var before = say(OTHER, ROUTER, "10.9.0.0/16");
    assertThat(one.node.uses(before)).as("nobody has taken it in").isEmpty();
    one.attach(request("a", "web", "192.168.1.10"));
    assertThat(one.node.uses(before))
        .containsExactly(
            new TenantView.Use(
                "red", true, "imported, used: 10.9.0.0/16 via 10.0.0.2 in VNI 5001"));
    assertThat(one.node.uses(say(OTHER, ROUTER, "192.168.1.0/24")))
        .containsExactly(
            new TenantView.Use(
                "red", false, "imported, not used: 192.168.1.0/24 is on this node itself"));
  }
}
