package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.policy.PrefixRange;
import io.weft.bgp.wire.AsPath;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.TenantHop;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** BGP with endpoints: what becomes a route, what does not and why, and when it goes. */
final class EndpointBgpTest {
  private static final Vni L3 = new Vni(5001);
  private static final NetworkIntent WEB =
      web(100, false, "10.50.0.0/16 16 24", "0.0.0.0/0 0 0", "172.16.0.0/12 12 32");
  private OneNode one = new OneNode();

  private static NetworkIntent web(int maximum, boolean saysDefault, String... prefixes) {
    return OneNode.network("web", "red", 100, "192.168.1.0/24")
        .withGateways(List.of(new HostAddress(IpAddress.parse("192.168.1.1"), 24)))
        .withBgp(
            Optional.of(
                new EndpointBgpIntent(
                    OneNode.AS,
                    Stream.of(prefixes).map(EndpointBgpTest::range).toList(),
                    maximum,
                    saysDefault)));
  }

  private static PrefixRange range(String text) {
    var words = text.split(" ", -1);
    return new PrefixRange(
        IpPrefix.parse(words[0]), Integer.parseInt(words[1]), Integer.parseInt(words[2]));
  }

  private static NetworkIntent db(String subnet) {
    return OneNode.network("db", "red", 200, subnet);
  }

  @BeforeEach
  void begin() {
    start(WEB, db("192.168.2.0/24"));
  }

  private void start(NetworkIntent... networks) {
    one.endOfRib();
    intend(networks);
    one.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    one.give(new NodeEvent.KernelObserved(one.observable()));
  }

  private void intend(NetworkIntent... networks) {
    var target = RouteTarget.automatic(OneNode.AS, L3);
    var red = new TenantIntent("red", L3, List.of(target), List.of(target));
    one.give(new NodeEvent.IntentChanged(OneNode.intent(networks).withTenants(List.of(red))));
  }

  private EndpointRouter router(String endpoint, String address) {
    one.attachNow(request(endpoint, "web", address));
    return new EndpointRouter(one, "web", address, "192.168.1.1", 65100).run();
  }

  private static EndpointRoute learned(String prefix, String... vias) {
    return new EndpointRoute(
        "weft-red",
        IpPrefix.parse(prefix),
        Stream.of(vias).map(via -> TenantHop.over(new Vni(100), IpAddress.parse(via))).toList(),
        true);
  }

  private List<String> said() {
    return one.announced().stream()
        .filter(IpPrefixRoute.class::isInstance)
        .map(route -> ((IpPrefixRoute) route).prefix().toString())
        .sorted()
        .toList();
  }

  private EndpointSessionView session() {
    return one.node.view().endpointSessions().getFirst();
  }

  @Test
  void itListensWhereAGatewayStandsAndAnEndpointIs() {
    assertThat(one.listeners).isEmpty();
    one.attachNow(request("r", "web", "192.168.1.10"));
    var here =
        new EndpointListener("web", "weft-red", new Vni(100), IpAddress.parse("192.168.1.1"));
    assertThat(one.listeners).containsExactly(here);
    one.detach("r");
    assertThat(one.listeners).isEmpty();
  }

  @Test
  void whatAnEndpointSaysIsRoutedToItAndSaidToTheFabricForAsLongAsItsSessionStands() {
    var router = router("r", "192.168.1.10");
    assertThat(router.state()).isEqualTo("Established");
    router.say("10.50.0.0/16", "0.0.0.0/0");
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE))
        .containsExactly(
            learned("0.0.0.0/0", "192.168.1.10"), learned("10.50.0.0/16", "192.168.1.10"));
    assertThat(said()).containsExactly("0.0.0.0/0", "10.50.0.0/16", "192.168.1.0/24");
    assertThat(session().endpoint()).isEqualTo("r");
    assertThat(session().accepted()).isEqualTo(2);
    assertThat(session().as()).contains(new AutonomousSystem(65100));

    router.unsay("0.0.0.0/0");
    assertThat(said()).containsExactly("10.50.0.0/16", "192.168.1.0/24");

    router.die();
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE)).isEmpty();
    assertThat(said()).containsExactly("192.168.1.0/24");
    assertThat(session().state()).isEqualTo("Idle");
    assertThat(session().lastReason()).contains("connection lost: killed");
  }

  @ParameterizedTest(name = "{0} by {1}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          10.51.0.0/16    | 192.168.1.10 | it is none of bgp.prefixes of network 'web'
          10.50.1.0/25    | 192.168.1.10 | it is none of bgp.prefixes of network 'web'
          0.0.0.0/1       | 192.168.1.10 | it is none of bgp.prefixes of network 'web'
          192.168.1.0/24  | 192.168.1.10 | it is within subnet 192.168.1.0/24 of the tenant, whose addresses are those of endpoints
          192.168.1.11/32 | 192.168.1.10 | it is within subnet 192.168.1.0/24 of the tenant, whose addresses are those of endpoints
          192.168.2.7/32  | 192.168.1.10 | it is within subnet 192.168.2.0/24 of the tenant, whose addresses are those of endpoints
          169.254.169.254/32 | 192.168.1.10 | it is within 169.254.0.0/16, which is not routed
          10.50.0.0/16    | 192.168.1.11 | its next hop is not 192.168.1.10, the endpoint itself
          10.50.0.0/16    | 192.168.1.1  | its next hop is not 192.168.1.10, the endpoint itself
          """)
  void theGuardSaysWhyItDoesNotTakeAPrefix(String prefix, String nextHop, String reason) {
    var router = router("r", "192.168.1.10");
    router.sayBy(nextHop, prefix);
    router.say("172.16.1.0/24");
    assertThat(session().refused())
        .containsExactly(new EndpointSessionView.Refused(IpPrefix.parse(prefix), reason));
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE))
        .as("the others are taken")
        .containsExactly(learned("172.16.1.0/24", "192.168.1.10"));
    router.unsay(prefix);
    assertThat(session().refused()).isEmpty();
  }

  @Test
  void ourOwnNumberInThePathIsALoop() {
    var router = router("r", "192.168.1.10");
    router.say(path(List.of(OneNode.AS.value())), "10.50.0.0/16");
    assertThat(session().refused().getFirst().reason()).contains("our AS is in its AS_PATH");
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE)).isEmpty();
  }

  @Test
  void aPathThatWouldTakeMuchMemoryCountsAsWithdrawn() {
    var router = router("r", "192.168.1.10");
    router.say("10.50.0.0/16");
    router.say(path(Collections.nCopies(EndpointUpdate.MAX_AS_PATH, 7L)), "10.50.0.0/16");
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE)).isEmpty();
    assertThat(session().refused().getFirst().reason()).contains("AS_PATH of 65 numbers");
    assertThat(router.state()).isEqualTo("Established");
  }

  private static PathAttributes path(List<Long> numbers) {
    return PathAttributes.originated(IpAddress.parse("192.168.1.10"), List.of(), Optional.empty())
        .withAsPath(new AsPath(List.of(new AsPath.Segment(false, numbers))));
  }

  @Test
  void tooManyPrefixesEndTheSessionThoseRefusedAmongThem() {
    intend(web(3, false, "10.50.0.0/16 16 24"));
    var router = router("r", "192.168.1.10");
    router.say("10.50.1.0/24", "10.50.2.0/24", "10.99.0.0/16");
    assertThat(router.state()).isEqualTo("Established");
    router.say("10.98.0.0/16");
    assertThat(router.state()).isNotEqualTo("Established");
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE)).isEmpty();
    assertThat(session().lastReason()).contains("more than 3 routes");
    assertThat(one.reports).anyMatch(text -> text.contains("4 routes, the limit is 3"));
  }

  @Test
  void onlyAnEndpointOfTheNetworkOnThisNodeMayConnect() {
    one.attachNow(request("r", "web", "192.168.1.10"));
    for (var stranger : List.of("192.168.1.11", "192.168.2.5", "10.0.0.9")) {
      var router = new EndpointRouter(one, "web", stranger, "192.168.1.1", 65100).run();
      assertThat(router.ended).as(stranger).containsExactly("connection refused");
    }
    var elsewhere = new EndpointRouter(one, "db", "192.168.1.10", "192.168.1.1", 65100).run();
    assertThat(elsewhere.ended).containsExactly("the network does not speak BGP");
  }

  @Test
  void theSessionEndsWithTheEndpointAndWithTheNetworksWish() {
    var router = router("r", "192.168.1.10");
    one.attachNow(request("s", "web", "192.168.1.11"));
    router.say("10.50.0.0/16");
    one.detach("r");
    assertThat(router.ended).containsExactly("peer removed");
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE)).isEmpty();
    assertThat(said()).containsExactly("192.168.1.0/24");
    assertThat(one.node.view().endpointSessions()).isEmpty();

    var other = new EndpointRouter(one, "web", "192.168.1.11", "192.168.1.1", 65100).run();
    other.say("10.50.0.0/16");
    assertThat(said()).contains("10.50.0.0/16");
    intend(WEB.withBgp(Optional.empty()));
    assertThat(other.ended).containsExactly("peer removed");
    assertThat(said()).containsExactly("192.168.1.0/24");
    assertThat(one.listeners).isEmpty();
  }

  @Test
  void twoEndpointsSayOnePrefixAndHearNothingOfEachOther() {
    var one1 = router("r", "192.168.1.10");
    var other = router("s", "192.168.1.11");
    one1.say("10.50.0.0/16");
    other.say("10.50.0.0/16");
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE))
        .containsExactly(learned("10.50.0.0/16", "192.168.1.10", "192.168.1.11"));
    assertThat(one1.heard()).isEmpty();
    one1.die();
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE))
        .containsExactly(learned("10.50.0.0/16", "192.168.1.11"));
    assertThat(said()).contains("10.50.0.0/16");
  }

  @Test
  void whatAnEndpointWasGivenComesBeforeWhatAnotherSays() {
    var router = router("r", "192.168.1.10");
    router.say("10.50.0.0/16");
    one.attachNow(
        request("s", "web", "192.168.1.11").withPrefixes(List.of(IpPrefix.parse("10.50.0.0/16"))));
    var given =
        new EndpointRoute(
            "weft-red",
            IpPrefix.parse("10.50.0.0/16"),
            List.of(TenantHop.over(new Vni(100), IpAddress.parse("192.168.1.11"))));
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE)).containsExactly(given);
    one.detach("s");
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE))
        .containsExactly(learned("10.50.0.0/16", "192.168.1.10"));
  }

  private List<String> behind(String... prefixes) {
    var meant = List.of(prefixes);
    var page =
        one.node.behind(
            Optional.of("red"),
            prefix -> meant.isEmpty() || meant.contains(prefix.toString()),
            100);
    return page.rows().stream()
        .map(
            row ->
                (row.used() ? "* " : "  ")
                    + row.prefix()
                    + " "
                    + row.endpoint()
                    + " "
                    + row.address()
                    + (row.byBgp() ? " bgp: " : ": ")
                    + row.reason())
        .toList();
  }

  @Test
  void itIsToldWhichEndpointSaidAPrefixAndWhyItDoesNotCount() {
    router("r", "192.168.1.10").say("10.50.0.0/16", "10.66.0.0/16", "172.16.1.0/24");
    var other = router("s", "192.168.1.11");
    other.say("10.50.0.0/16");
    other.say(path(List.of(7L, 8L)).withNextHop(IpAddress.parse("192.168.1.11")), "172.16.1.0/24");
    assertThat(behind())
        .containsExactly(
            "* 10.50.0.0/16 r 192.168.1.10 bgp: said by BGP",
            "* 10.50.0.0/16 s 192.168.1.11 bgp: said by BGP",
            "  10.66.0.0/16 r 192.168.1.10 bgp: refused: it is none of bgp.prefixes of network"
                + " 'web'",
            "* 172.16.1.0/24 r 192.168.1.10 bgp: said by BGP",
            "  172.16.1.0/24 s 192.168.1.11 bgp: not used: the best path has the lower number"
                + " of AS in AS_PATH: 1 against 3 (RFC 4271 §9.1.2.2 a)");
    one.attachNow(
        request("t", "web", "192.168.1.12").withPrefixes(List.of(IpPrefix.parse("10.50.0.0/16"))));
    assertThat(behind("10.50.0.0/16"))
        .containsExactly(
            "* 10.50.0.0/16 t 192.168.1.12: given when it was attached",
            "  10.50.0.0/16 r 192.168.1.10 bgp: not used: endpoint 't' was given it when it was"
                + " attached",
            "  10.50.0.0/16 s 192.168.1.11 bgp: not used: endpoint 't' was given it when it was"
                + " attached");
    assertThat(one.node.behind(Optional.of("red"), _ -> true, 1).more()).isEqualTo(2);
    assertThat(one.node.behind(Optional.of("blue"), _ -> true, 1).rows()).isEmpty();
    one.detach("t");
    one = restarted();
    start(WEB, db("192.168.2.0/24"));
    assertThat(behind())
        .contains(
            "* 10.50.0.0/16 s 192.168.1.11 bgp: said before this agent started, and not again yet");
  }

  @Test
  void anotherGuardJudgesWhatWasSaid() {
    var router = router("r", "192.168.1.10");
    router.say("10.50.0.0/16", "172.16.1.0/24");
    intend(web(100, false, "172.16.0.0/12 12 32"), db("192.168.2.0/24"));
    assertThat(said()).containsExactly("172.16.1.0/24", "192.168.1.0/24");
    assertThat(session().refused()).hasSize(1);
    intend(WEB, db("172.16.1.0/24"));
    assertThat(said()).as("a subnet of the tenant is there now").doesNotContain("172.16.1.0/24");
    assertThat(said()).as("and the first may be said again").contains("10.50.0.0/16");
    assertThat(router.ended).isEmpty();
  }

  @Test
  void aDefaultRouteIsSaidWhereItIsWanted() {
    var router = router("r", "192.168.1.10");
    assertThat(router.heard()).isEmpty();
    intend(web(100, true, "10.50.0.0/16 16 16"), db("192.168.2.0/24"));
    assertThat(router.heard()).containsExactly("0.0.0.0/0 by 192.168.1.1");
    intend(WEB, db("192.168.2.0/24"));
    assertThat(router.heard()).isEmpty();
  }

  private OneNode restarted() {
    var fresh = new OneNode();
    one.kernel.forEach(fresh.kernel::put);
    return fresh;
  }

  @Test
  void overARestartWhatWasSaidStandsUntilItIsSaidAgainOrNot() {
    var router = router("r", "192.168.1.10");
    router.say("10.50.0.0/16", "172.16.1.0/24");
    one = restarted();
    start(WEB, db("192.168.2.0/24"));
    assertThat(one.batches).as("nothing is written").isEmpty();
    assertThat(said()).contains("10.50.0.0/16", "172.16.1.0/24");

    var again = new EndpointRouter(one, "web", "192.168.1.10", "192.168.1.1", 65100);
    again.say("10.50.0.0/16");
    again.run();
    assertThat(one.batches).isEmpty();
    again.endOfRib();
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE))
        .containsExactly(learned("10.50.0.0/16", "192.168.1.10"));
    assertThat(said()).containsExactly("10.50.0.0/16", "192.168.1.0/24");
  }

  @Test
  void overARestartWhatIsNotSaidAgainGoesAfterAWhile() {
    router("r", "192.168.1.10").say("10.50.0.0/16", "172.16.1.0/24");
    one = restarted();
    start(web(100, false, "10.50.0.0/16 16 24"), db("192.168.2.0/24"));
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE))
        .as("what may no longer be said goes at once")
        .containsExactly(learned("10.50.0.0/16", "192.168.1.10"));
    one.pass(EndpointSpeakers.ADOPTED.toNanos());
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE)).isEmpty();
  }

  @Test
  void overARestartNothingStaysOfANetworkThatNoLongerAsksForIt() {
    router("r", "192.168.1.10").say("10.50.0.0/16");
    one = restarted();
    start(WEB.withBgp(Optional.empty()), db("192.168.2.0/24"));
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE)).isEmpty();
  }

  @Test
  void aNetworkThatMovesToAnotherTenantTakesNothingAlong() {
    var router = router("r", "192.168.1.10");
    router.say("10.50.0.0/16");
    var blue = new Vni(5002);
    var target = RouteTarget.automatic(OneNode.AS, blue);
    var moved =
        new NetworkIntent(
            "web",
            Optional.of("blue"),
            WEB.vni(),
            WEB.subnets(),
            WEB.importTargets(),
            WEB.exportTargets(),
            WEB.mtu(),
            WEB.gateways(),
            WEB.advertisements(),
            WEB.bgp(),
            Multicast.FLOOD);
    one.give(
        new NodeEvent.IntentChanged(
            OneNode.intent(moved)
                .withTenants(
                    List.of(new TenantIntent("blue", blue, List.of(target), List.of(target))))));
    assertThat(router.ended).containsExactly("peer removed");
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE)).isEmpty();
    assertThat(one.listeners).extracting(EndpointListener::namespace).containsExactly("weft-blue");
  }

  @Test
  void aTenantDoesNotFillTheLog() {
    one.attachNow(request("r", "web", "192.168.1.10"));
    for (int i = 0; i < 500; i++) {
      new EndpointRouter(one, "web", "192.168.1.77", "192.168.1.1", 65100).run();
    }
    assertThat(one.reports.stream().filter(text -> text.contains("192.168.1.77")))
        .hasSize(EndpointReports.MAX);
  }
}
