package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.bgp.rib.NextHop;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.SessionOptions;
import io.weft.bgp.speaker.SessionOptions.AddPathMode;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.LargeCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** BIRD and OpenBGPD, whose packaged versions speak no EVPN, and FRR, for IPv4 unicast. */
class ForeignUnicastTest {
  private static final String OURS = "192.0.2.0/24";
  private static final String THEIRS = "198.51.100.0/24";
  private static final int RESTART_SECONDS = 2;
  private static final int LONG_LIVED_SECONDS = 60;

  @TempDir private Path directory;
  private Arena arena;
  private Ipv4Address self;
  private Ipv4Address one;
  private Ipv4Address two;
  private Ipv4Address other;

  @BeforeEach
  void start() throws Exception {
    arena = Arena.make("wio-unicast", directory);
    self = arena.address("10.99.0.1");
    one = arena.address("10.99.0.2");
    two = arena.address("10.99.0.3");
    other = arena.address("10.99.0.4");
  }

  @AfterEach
  void stop() throws Exception {
    if (arena != null) {
      arena.close();
    }
  }

  private static void needBird() {
    assumeTrue(Files.exists(Bird.BIRD), "needs BIRD (package bird2)");
  }

  private WeftSpeaker node(PeerConfig... peers) throws Exception {
    return node(RESTART_SECONDS, peers);
  }

  private WeftSpeaker node(int restartSeconds, PeerConfig... peers) throws Exception {
    return WeftSpeaker.start(arena, self, config(restartSeconds, peers));
  }

  private SpeakerConfig config(int restartSeconds, PeerConfig... peers) {
    return new SpeakerConfig(
        WeftSpeaker.AS,
        self,
        List.of(peers),
        List.of(),
        true,
        90,
        restartSeconds,
        LONG_LIVED_SECONDS,
        100,
        10_000);
  }

  private static PeerConfig peer(Ipv4Address address, long as, NextHop nextHop) {
    return new PeerConfig(
            address,
            new AutonomousSystem(as),
            false,
            true,
            List.of(Family.IPV4_UNICAST),
            Optional.empty(),
            nextHop)
        .withOptions(SessionOptions.DEFAULT.withAddPath(AddPathMode.BOTH));
  }

  private PeerConfig other() {
    return peer(other, 65000, NextHop.UNCHANGED);
  }

  private static OriginatedRoute route(String prefix, String nextHop) {
    return new OriginatedRoute(
        new UnicastRoute(IpPrefix.parse(prefix)),
        PathAttributes.originated(IpAddress.parse(nextHop), List.of(), Optional.empty())
            .withCommunities(List.of(Community.of(65000, 9)))
            .withLargeCommunities(List.of(new LargeCommunity(65000, 1, 9))));
  }

  private static List<RouteView> learned(WeftSpeaker us, String prefix) {
    var wanted = new UnicastRoute(IpPrefix.parse(prefix));
    return us.view().routes().stream()
        .filter(view -> !view.local() && view.route().equals(wanted))
        .toList();
  }

  private static List<String> communities(WeftSpeaker us, String prefix) {
    return learned(us, prefix).stream()
        .flatMap(view -> view.attributes().communities().stream())
        .map(Community::toString)
        .sorted()
        .toList();
  }

  private static List<String> nextHops(Bird bird, String prefix) throws Exception {
    return bird.paths(prefix).stream().map(path -> path.get("next_hop")).sorted().toList();
  }

  @Test
  void birdAndWeftSayAllTheirPaths() throws Exception {
    needBird();
    var us =
        WeftSpeaker.passingOn(
            arena,
            self,
            config(
                RESTART_SECONDS,
                peer(one, 65077, NextHop.AUTOMATIC),
                peer(two, 65078, NextHop.AUTOMATIC),
                other()));
    us.originate(List.of());
    Bird.start(arena, "one", one, 65077, self, Bird.origin("own", OURS, 1), "export all;");
    Bird.start(arena, "two", two, 65078, self, Bird.origin("own", OURS, 2), "export all;");
    var bird =
        Bird.start(
            arena,
            "other",
            other,
            65000,
            self,
            Bird.origin("own3", THEIRS, 3) + Bird.origin("own4", THEIRS, 4),
            "export all; add paths yes;");
    Arena.await(
        "both paths at BIRD", () -> nextHops(bird, OURS), List.of(one.toString(), two.toString()));
    assertThat(bird.paths(OURS))
        .extracting(path -> path.get("community") + " via " + path.get("as_path"))
        .containsExactlyInAnyOrder("(65000,1) via 65077", "(65000,2) via 65078");
    Arena.await("both paths here", () -> communities(us, THEIRS), List.of("65000:3", "65000:4"));
    assertThat(learned(us, THEIRS)).extracting(RouteView::pathId).doesNotHaveDuplicates();
    var ours = bird.session();
    assertThat(ours.substring(ours.indexOf("Neighbor capabilities")))
        .contains("Extended message", "Enhanced refresh", "Extended next hop", "Graceful restart");
  }

  /** RFC 8950 over a session of IPv4. */
  @Test
  void ipv4RoutesHaveIpv6NextHopsBothWays() throws Exception {
    needBird();
    var us = node(other());
    us.originate(List.of(route(OURS, "2001:db8::9")));
    var bird =
        Bird.start(
            arena,
            "other",
            other,
            65000,
            self,
            Bird.origin("own", THEIRS, 3),
            "export filter { bgp_next_hop = 2001:db8::2; accept; };");
    Arena.await("at BIRD", () -> nextHops(bird, OURS), List.of("2001:db8::9"));
    assertThat(bird.paths(OURS).getFirst())
        .containsEntry("community", "(65000,9)")
        .containsEntry("large_community", "(65000, 1, 9)");
    Arena.await("here", () -> learned(us, THEIRS).size(), 1);
    assertThat(learned(us, THEIRS).getFirst().attributes().nextHop())
        .isEqualTo(IpAddress.parse("2001:db8::2"));
  }

  /**
   * RFC 9494: beyond the restart time of 2 s the routes stay, marked, until they are said again.
   */
  @Test
  void routesOutliveTheRestartTimeOfBirdAndOfWeft() throws Exception {
    needBird();
    var us = node(other());
    us.originate(List.of(route(OURS, "10.99.0.1"), route("203.0.113.0/24", "10.99.0.1")));
    var bird =
        Bird.start(
            arena, "other", other, 65000, self, Bird.origin("own", THEIRS, 3), "export all;");
    Arena.await("at BIRD", () -> bird.paths(OURS).size(), 1);
    Arena.await("here", () -> communities(us, THEIRS), List.of("65000:3"));
    bird.kill();
    Arena.await("marked here", () -> communities(us, THEIRS), List.of("65000:3", "llgr-stale"));
    bird.restart();
    Arena.await("fresh here", () -> communities(us, THEIRS), List.of("65000:3"));

    Arena.await("at BIRD again", () -> bird.paths("203.0.113.0/24").size(), 1);
    us.close();
    Arena.await(
        "marked at BIRD",
        () -> bird.paths(OURS).stream().map(path -> path.get("community")).toList(),
        List.of("(65000,9) (65535,6)"));
    var again = node(other());
    again.originate(List.of(route(OURS, "10.99.0.1")));
    Arena.await(
        "fresh at BIRD",
        () -> bird.paths(OURS).stream().map(path -> path.get("community")).toList(),
        List.of("(65000,9)"));
    Arena.await("the other is swept", () -> bird.paths("203.0.113.0/24").size(), 0);
  }

  /** Unlike those of EVPN, see {@link ForeignReflectorTest}. */
  @Test
  void frrKeepsOurRoutesOverOurRestartAndSweeps() throws Exception {
    var plain = other().withOptions(SessionOptions.DEFAULT);
    var us = node(20, plain);
    us.originate(List.of(route(OURS, "10.99.0.1"), route("203.0.113.0/24", "10.99.0.1")));
    var neighbour =
        FrrBgpd.neighbour(other, self, "").replace("family l2vpn evpn", "family ipv4 unicast");
    var frr = FrrBgpd.start(arena, "frr", other, FrrBgpd.config(65000, other, neighbour));
    Arena.await("at FRR", () -> frrRoutes(frr).size(), 2);
    us.close();
    Arena.await("FRR has seen it", () -> frr.isUp(self), false);
    assertThat(frrRoutes(frr))
        .hasSize(2)
        .allSatisfy(route -> assertThat(route.path(0).path("stale").asBoolean()).isTrue());
    var again = node(20, plain);
    again.originate(List.of(route(OURS, "10.99.0.1")));
    Arena.await("what we say no more is swept", () -> frrRoutes(frr).size(), 1);
  }

  private static List<JsonNode> frrRoutes(FrrBgpd frr) throws Exception {
    var routes = new ArrayList<JsonNode>();
    frr.vtysh("show bgp ipv4 unicast json").path("routes").forEach(routes::add);
    return routes;
  }

  @Test
  void openBgpdHoldsWhatWeSayKeepsItOverOurRestartAndSweeps() throws Exception {
    assumeTrue(Files.exists(OpenBgpd.BGPD), "needs OpenBGPD (package openbgpd)");
    var us = node(20, other());
    us.originate(List.of(route(OURS, "10.99.0.1"), route("203.0.113.0/24", "10.99.0.1")));
    var bgpd =
        OpenBgpd.start(
            arena,
            "other",
            other,
            self,
            "network " + THEIRS + " set { community 65000:3 large-community 65000:1:3 }");
    Arena.await("there", () -> prefixes(bgpd), List.of(OURS, "203.0.113.0/24"));
    var route = bgpd.learned().getFirst();
    assertThat(route.path("exit_nexthop").asText()).isEqualTo("10.99.0.1");
    assertThat(route.path("communities")).hasToString("[\"65000:9\"]");
    assertThat(route.path("large_communities")).hasToString("[\"65000:1:9\"]");
    assertThat(route.path("path_id").asLong()).as("RFC 7911").isPositive();
    Arena.await("here", () -> communities(us, THEIRS), List.of("65000:3"));
    assertThat(learned(us, THEIRS).getFirst().attributes().largeCommunities())
        .containsExactly(new LargeCommunity(65000, 1, 3));

    us.close();
    Arena.await("OpenBGPD has seen it", () -> bgpd.isUp(self), false);
    assertThat(prefixes(bgpd)).containsExactly(OURS, "203.0.113.0/24");
    var again = node(20, other());
    again.originate(List.of(route(OURS, "10.99.0.1")));
    Arena.await("what we say no more is swept", () -> prefixes(bgpd), List.of(OURS));
    assertThat(bgpd.isUp(self)).isTrue();
  }

  private static List<String> prefixes(OpenBgpd bgpd) throws Exception {
    return bgpd.learned().stream().map(route -> route.path("prefix").asText()).sorted().toList();
  }
}
