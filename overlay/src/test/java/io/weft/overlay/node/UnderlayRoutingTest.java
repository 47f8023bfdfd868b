package io.weft.overlay.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.rib.NextHop;
import io.weft.bgp.speaker.Path;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.UnderlayRoute;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which routes of the underlay a node installs, and what it announces there. */
final class UnderlayRoutingTest {
  private static final AutonomousSystem AS = new AutonomousSystem(65001);
  private static final AutonomousSystem TOR = new AutonomousSystem(64601);
  private static final Underlay UNDERLAY =
      new Underlay(IpAddress.parse("10.255.0.1"), Ipv4Address.parse("10.255.0.1"), 1500);

  private final ForwardingPlan plan = new ForwardingPlan();
  private final UnderlayRouting routing = new UnderlayRouting(plan);

  private static NodeIntent intent(UnderlayIntent underlay, String... peers) {
    return new NodeIntent(
            AS, Stream.of(peers).map(UnderlayRoutingTest::peer).toList(), 90, 120, List.of())
        .withUnderlay(underlay);
  }

  private static PeerConfig peer(String address) {
    return new PeerConfig(
        IpAddress.parseWithZone(address),
        TOR,
        false,
        false,
        List.of(Family.IPV4_UNICAST),
        Optional.empty(),
        NextHop.AUTOMATIC);
  }

  private void configure(int maximumPaths, String... peers) {
    routing.change(intent(new UnderlayIntent(false, maximumPaths, List.of()), peers), UNDERLAY);
  }

  private static Path path(String prefix, String peer, String nextHop) {
    return new Path(
        route(prefix),
        PathAttributes.originated(IpAddress.parse(nextHop), List.of(), Optional.empty()),
        IpAddress.parseWithZone(peer),
        Ipv4Address.parse("10.0.0.9"),
        false);
  }

  private static UnicastRoute route(String prefix) {
    return new UnicastRoute(IpPrefix.parse(prefix));
  }

  private void learn(String prefix, Path... paths) {
    routing.learn(route(prefix), List.of(paths));
  }

  private List<String> desired() {
    return plan.desired().stream()
        .map(object -> (UnderlayRoute) object)
        .map(route -> route.prefix() + " " + route.nextHops())
        .toList();
  }

  @Test
  void pathsThatCountAsEqualBecomeOneRoute() {
    configure(4, "100.64.0.1", "100.64.1.1");
    learn(
        "10.255.0.2/32",
        path("10.255.0.2/32", "100.64.1.1", "100.64.1.1"),
        path("10.255.0.2/32", "100.64.0.1", "100.64.0.1"));
    assertThat(desired()).containsExactly("10.255.0.2/32 [100.64.0.1, 100.64.1.1]");
    learn("10.255.0.2/32", path("10.255.0.2/32", "100.64.1.1", "100.64.1.1"));
    assertThat(desired()).containsExactly("10.255.0.2/32 [100.64.1.1]");
    learn("10.255.0.2/32");
    assertThat(desired()).isEmpty();
  }

  @Test
  void ofMorePathsTheFirstCount() {
    configure(1, "100.64.0.1", "100.64.1.1");
    var both =
        new Path[] {
          path("10.0.0.0/8", "100.64.1.1", "100.64.1.1"),
          path("10.0.0.0/8", "100.64.0.1", "100.64.0.1")
        };
    learn("10.0.0.0/8", both);
    assertThat(desired()).containsExactly("10.0.0.0/8 [100.64.1.1]");
    configure(2, "100.64.0.1", "100.64.1.1");
    assertThat(desired()).as("more are allowed").hasSize(1).first().asString().contains(", ");
  }

  @Test
  void onAnUnnumberedLinkTheNextHopIsThere() {
    configure(4, "fe80::1%eth0", "fe80::1%eth1");
    learn(
        "10.255.0.2/32",
        path("10.255.0.2/32", "fe80::1%eth0", "fe80::1"),
        path("10.255.0.2/32", "fe80::1%eth1", "2001:db8::1"));
    assertThat(desired()).containsExactly("10.255.0.2/32 [fe80::1%eth0, fe80::1%eth1]");
  }

  @Test
  void notWhatTheHostReachesByItselfNorWhatNoRouterForwards() {
    configure(4, "100.64.0.1", "100.64.1.1", "fe80::1%eth0");
    for (var prefix :
        List.of(
            "10.255.0.1/32",
            "100.64.0.1/32",
            "100.64.1.1/32",
            "fe80::1/128",
            "fe80::/64",
            "::1/128",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "224.0.0.0/4",
            "ff00::/8",
            "0.0.0.0/8")) {
      learn(prefix, path(prefix, "100.64.0.1", "100.64.0.1"));
    }
    assertThat(desired()).isEmpty();
    learn("0.0.0.0/0", path("0.0.0.0/0", "100.64.0.1", "100.64.0.1"));
    learn("100.64.0.0/31", path("100.64.0.0/31", "100.64.0.1", "100.64.0.1"));
    assertThat(desired()).containsExactly("0.0.0.0/0 [100.64.0.1]", "100.64.0.0/31 [100.64.0.1]");
  }

  @Test
  void aNextHopThatLeadsNowhereIsLeftOut() {
    configure(4, "100.64.0.1");
    learn(
        "10.0.0.0/8",
        path("10.0.0.0/8", "100.64.0.1", "0.0.0.0"),
        path("10.0.0.0/8", "100.64.0.1", "fe80::1"),
        path("10.0.0.0/8", "100.64.0.1", "10.255.0.1"));
    assertThat(desired()).isEmpty();
  }

  @Test
  void theVtepIsAnnouncedWhereAsked() {
    configure(4, "100.64.0.1");
    assertThat(routing.routes()).isEmpty();
    routing.change(intent(new UnderlayIntent(true, 4, List.of()), "100.64.0.1"), UNDERLAY);
    assertThat(routing.routes()).hasSize(1);
    assertThat(routing.routes().getFirst().route()).isEqualTo(route("10.255.0.1/32"));
  }

  @Test
  void whatStoodBeforeARestartStaysUntilAllIsSaid() {
    plan.observeAll(
        List.of(
            new UnderlayRoute(
                IpPrefix.parse("10.255.0.2/32"), List.of(IpAddress.parse("100.64.0.1"))),
            new UnderlayRoute(
                IpPrefix.parse("10.255.0.3/32"), List.of(IpAddress.parse("100.64.0.1")))));
    plan.holdRemoteRemovals(true);
    configure(4, "100.64.0.1");
    learn("10.255.0.2/32", path("10.255.0.2/32", "100.64.0.1", "100.64.0.1"));
    assertThat(plan.nextBatch(1)).as("nothing is written").isEmpty();
    plan.holdRemoteRemovals(false);
    assertThat(plan.nextBatch(1))
        .singleElement()
        .satisfies(change -> assertThat(change.key()).hasToString("underlay_route 10.255.0.3/32"))
        .satisfies(change -> assertThat(change.key().kind()).isEqualTo(Kind.UNDERLAY_ROUTE));
  }
}
