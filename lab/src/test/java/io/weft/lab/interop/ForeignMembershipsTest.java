package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Message;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteTarget;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** GoBGP with route target constraint (RFC 4684), and with long-lived graceful restart. */
class ForeignMembershipsTest {
  private static final RouteTarget RED = RouteTarget.parse("65000:100");
  private static final RouteTarget BLUE = RouteTarget.parse("65000:200");

  /** Without graceful restart GoBGP says no End-of-RIB, which the first routes wait for. */
  private static final String CONSTRAINED =
      GoBgpd.QUICK
          + "  graceful-restart: {config: {enabled: true, restart-time: 20}}\n"
          + "  afi-safis: [{config: {afi-safi-name: l2vpn-evpn},"
          + " mp-graceful-restart: {config: {enabled: true}}},"
          + " {config: {afi-safi-name: rtc}, mp-graceful-restart: {config: {enabled: true}}}]\n";

  private static final String LONG_LIVED =
      GoBgpd.QUICK
          + "  graceful-restart: {config: {enabled: true, restart-time: 2,"
          + " long-lived-enabled: true}}\n"
          + "  afi-safis: [{config: {afi-safi-name: l2vpn-evpn},"
          + " mp-graceful-restart: {config: {enabled: true}},"
          + " long-lived-graceful-restart: {config: {enabled: true, restart-time: 60}}}]\n";

  @TempDir private Path directory;
  private Arena arena;
  private Ipv4Address self;
  private Ipv4Address other;
  private Ipv4Address third;

  @BeforeEach
  void start() throws Exception {
    arena = Arena.make("wio-members", directory);
    self = arena.address("10.99.0.1");
    other = arena.address("10.99.0.2");
    third = arena.address("10.99.0.3");
  }

  @AfterEach
  void stop() throws Exception {
    if (arena != null) {
      arena.close();
    }
  }

  private static String macAdvertisement(int number, RouteTarget target) {
    return "macadv 02:00:00:00:00:0%1$d 192.0.2.%1$d etag 0 label 100 rd 10.99.0.2:1 rt %2$s encap vxlan nexthop 198.51.100.3"
        .formatted(number, target);
  }

  private OriginatedRoute route(int number, RouteTarget target) {
    return Samples.of(
        Samples.macIp(third, number),
        Samples.attributes(Samples.VTEP, ExtendedCommunity.of(target)));
  }

  /** What GoBGP says to us, of EVPN. */
  private int said(GoBgpd gobgp) throws Exception {
    return gobgp.json("neighbor", self.toString(), "adj-out", "-a", "evpn").size();
  }

  @Test
  void gobgpAsReflectorSaysOnlyWhatWeImport() throws Exception {
    var us = WeftSpeaker.importing(arena, self, other);
    us.importTargets(RED);
    us.originate(List.of());
    var gobgp =
        GoBgpd.startWith(
            arena,
            "gobgp",
            other,
            self,
            CONSTRAINED + "  route-reflector: {config: {route-reflector-client: true}}\n");
    gobgp.add(macAdvertisement(1, RED));
    gobgp.add(macAdvertisement(2, BLUE));
    Arena.await("the red route", () -> us.bestRoutes().size(), 1);
    assertThat(said(gobgp)).as("the blue one is not even sent").isEqualTo(1);
    us.importTargets(RED, BLUE);
    Arena.await("both routes", () -> us.bestRoutes().size(), 2);
    assertThat(said(gobgp)).isEqualTo(2);
    us.importTargets(BLUE);
    Arena.await("the blue route", () -> us.bestRoutes().size(), 1);
  }

  @Test
  void gobgpAsClientIsToldOnlyWhatItImports() throws Exception {
    var reflector = WeftSpeaker.reflector(arena, self);
    reflector.originate(List.of());
    var gobgp = GoBgpd.startWith(arena, "gobgp", other, self, CONSTRAINED);
    gobgp.run("vrf", "add", "red", "rd", "10.99.0.2:100", "rt", "both", RED.toString());
    var vtep = RawPeer.connect(arena, third, self);
    for (var route : List.of(route(1, RED), route(2, BLUE))) {
      vtep.send(Message.Update.announce(route.attributes(), List.of(route.route())));
    }
    Arena.await("both at the reflector", () -> reflector.bestRoutes().size() >= 2, true);
    Arena.await("the red route", () -> gobgp.routes().size(), 1);
    assertThat(gobgp.routes().firstKey()).contains("02:00:00:00:00:01");
    gobgp.run("vrf", "add", "blue", "rd", "10.99.0.2:200", "rt", "both", BLUE.toString());
    Arena.await("both routes", () -> gobgp.routes().size(), 2);
  }

  private WeftSpeaker longLived() throws Exception {
    var peers = List.of(WeftSpeaker.peer(other, WeftSpeaker.AS));
    return WeftSpeaker.start(
        arena,
        self,
        new SpeakerConfig(WeftSpeaker.AS, self, peers, List.of(), true, 90, 2, 60, 100, 10_000));
  }

  private static boolean marked(RouteView route) {
    return route.attributes().has(Community.LLGR_STALE);
  }

  /**
   * RFC 9494: beyond the restart time of 2 s the routes stay, marked, until they are said again.
   */
  @Test
  void routesOutliveTheRestartTimeOfGoBgpAndOfWeft() throws Exception {
    var us = longLived();
    us.originate(List.of(route(1, RED), route(2, RED)));
    var gobgp = GoBgpd.startWith(arena, "gobgp", other, self, LONG_LIVED);
    gobgp.add(macAdvertisement(5, RED));
    Arena.await("at GoBGP", () -> gobgp.routes().size(), 3);
    Arena.await("here", () -> us.bestRoutes().size(), 3);
    gobgp.kill();
    Arena.await(
        "marked here",
        () -> us.bestRoutes().stream().filter(ForeignMembershipsTest::marked).count(),
        1L);
    gobgp.restart();
    Arena.await("GoBGP has forgotten its own", () -> us.bestRoutes().size(), 2);
    Arena.await("ours at GoBGP", () -> gobgp.routes().size(), 2);

    us.close();
    // 4294901766 is 65535:6, LLGR_STALE.
    Arena.await(
        "marked at GoBGP",
        () -> gobgp.routes().values().stream().filter(text -> text.contains("4294901766")).count(),
        2L);
    var again = longLived();
    again.originate(List.of(route(1, RED)));
    Arena.await("what we say no more is swept", () -> gobgp.routes().size(), 1);
    assertThat(gobgp.routes().values())
        .noneSatisfy(text -> assertThat(text).contains("4294901766"));
  }
}
