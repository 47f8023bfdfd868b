package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Route;
import io.weft.net.Ipv4Address;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** FRR and GoBGP as reflectors of our speaker: routes both ways, restarts, route refresh. */
class ForeignReflectorTest {
  private static final String CLIENT =
      "  route-reflector: {config: {route-reflector-client: true}}\n";

  @TempDir private Path directory;
  private Arena arena;
  private Ipv4Address self;
  private Ipv4Address frrAddress;
  private Ipv4Address gobgpAddress;

  @BeforeEach
  void start() throws Exception {
    arena = Arena.make("wio-foreign", directory);
    self = arena.address("10.99.0.1");
    frrAddress = arena.address("10.99.0.2");
    gobgpAddress = arena.address("10.99.0.3");
  }

  @AfterEach
  void stop() throws Exception {
    if (arena != null) {
      arena.close();
    }
  }

  private WeftSpeaker node(Ipv4Address reflector) throws Exception {
    return WeftSpeaker.node(
        arena, self, WeftSpeaker.AS, 90, 20, WeftSpeaker.peer(reflector, WeftSpeaker.AS));
  }

  /** Reflects between us and a peer that connects from {@code other}. */
  private FrrBgpd frr(Ipv4Address other) throws Exception {
    var reflects = "route-reflector-client";
    return FrrBgpd.start(
        arena,
        "frr",
        frrAddress,
        FrrBgpd.config(
            65000,
            frrAddress,
            " bgp graceful-restart restart-time 4\n bgp graceful-restart preserve-fw-state\n"
                + FrrBgpd.neighbour(frrAddress, self, reflects)
                + FrrBgpd.neighbour(frrAddress, other, reflects)));
  }

  private static List<OriginatedRoute> routes(Ipv4Address owner, int count) {
    var routes = new ArrayList<OriginatedRoute>();
    for (int i = 1; i <= count; i++) {
      var attributes = Samples.attributes(Samples.VTEP, Samples.TARGET);
      routes.add(Samples.of(Samples.macIp(owner, i), attributes));
    }
    return routes;
  }

  private static SortedSet<String> texts(List<OriginatedRoute> routes) {
    var texts = new TreeSet<String>();
    routes.forEach(route -> texts.add(route.route().toString()));
    return texts;
  }

  private static SortedSet<String> learned(WeftSpeaker speaker, boolean stale) {
    var texts = new TreeSet<String>();
    speaker.view().routes().stream()
        .filter(route -> !route.local() && route.stale() == stale)
        .map(RouteView::route)
        .forEach(route -> texts.add(route.toString()));
    return texts;
  }

  private static SortedSet<String> held(RawPeer peer) {
    var texts = new TreeSet<String>();
    peer.held().values().forEach(held -> texts.add(held.route().toString()));
    return texts;
  }

  private static void announce(RawPeer from, List<OriginatedRoute> routes) throws Exception {
    for (var route : routes) {
      from.send(Message.Update.announce(route.attributes(), List.of(route.route())));
    }
  }

  @Test
  void frrReflectsBothWaysAndAnswersARefresh() throws Exception {
    var us = node(frrAddress);
    var other = arena.address("10.99.0.9");
    var frr = frr(other);
    Arena.await("FRR", () -> us.isUp(frrAddress), true);
    var raw = RawPeer.connect(arena, other, frrAddress);
    var ours = Samples.everyForm(self);
    var theirs = routes(other, 3);
    us.originate(ours);
    announce(raw, theirs);
    Arena.await("what we hold", () -> learned(us, false), texts(theirs));
    assertThat(us.bestRoutes())
        .filteredOn(route -> !route.local())
        .allSatisfy(
            route -> {
              assertThat(route.attributes().originatorId()).isEqualTo(Optional.of(other));
              assertThat(route.attributes().clusterList()).containsExactly(frrAddress);
            });
    // FRR reflects to a client what it has from that client, too.
    Arena.await(
        "how many the other client holds", () -> raw.held().size(), ours.size() + theirs.size());
    // FRR asks us for all we have: nothing changes at anyone's, and FRR has heard more UPDATEs.
    int before = updates(frr);
    frr.run("clear bgp l2vpn evpn " + self + " soft in");
    Arena.await("FRR has heard our routes again", () -> updates(frr) > before, true);
    assertThat(raw.held()).hasSize(ours.size() + theirs.size());
    assertThat(us.isUp(frrAddress)).isTrue();
    us.remove(ours.getFirst().route());
    Arena.await("after a withdrawal", () -> raw.held().size(), ours.size() + theirs.size() - 1);
  }

  private int updates(FrrBgpd frr) throws Exception {
    return frr.peer(self).path("messageStats").path("updatesRecv").asInt();
  }

  @Test
  void gobgpReflectsBothWaysAndAnswersARefresh() throws Exception {
    var us = node(gobgpAddress);
    var other = arena.address("10.99.0.9");
    var more = GoBgpd.QUICK + CLIENT;
    var gobgp = GoBgpd.start(arena, "gobgp", gobgpAddress, 65000, more, self, other);
    Arena.await("GoBGP", () -> us.isUp(gobgpAddress), true);
    var raw = RawPeer.connect(arena, other, gobgpAddress);
    var ours = Samples.everyForm(self);
    var theirs = routes(other, 3);
    us.originate(ours);
    announce(raw, theirs);
    Arena.await("what we hold", () -> learned(us, false), texts(theirs));
    Arena.await("what the other client holds", () -> held(raw), texts(ours));
    gobgp.run("neighbor", self.toString(), "softresetin", "-a", "evpn");
    assertThat(held(raw)).isEqualTo(texts(ours));
    us.remove(ours.getFirst().route());
    Arena.await("after a withdrawal", () -> raw.held().size(), ours.size() - 1);
    assertThat(us.isUp(gobgpAddress)).isTrue();
  }

  @Test
  void theRoutesOfAKilledFrrStayUntilItsTimeIsOut() throws Exception {
    var us = node(frrAddress);
    var other = arena.address("10.99.0.9");
    var frr = frr(other);
    Arena.await("FRR", () -> us.isUp(frrAddress), true);
    var raw = RawPeer.connect(arena, other, frrAddress);
    var theirs = routes(other, 3);
    announce(raw, theirs);
    Arena.await("what we hold", () -> learned(us, false), texts(theirs));
    Arena.await("FRR's End-of-RIB", () -> ends(us) > 0, true);
    frr.kill();
    Arena.await("stale routes", () -> learned(us, true), texts(theirs));
    Arena.await("after the restart time", () -> learned(us, true), new TreeSet<String>());
    assertThat(learned(us, false)).isEmpty();
  }

  @Test
  void theRoutesOfAKilledFrrStayUntilItHasSaidAllAgain() throws Exception {
    var us = node(frrAddress);
    var other = arena.address("10.99.0.9");
    var frr = frr(other);
    Arena.await("FRR", () -> us.isUp(frrAddress), true);
    var raw = RawPeer.connect(arena, other, frrAddress);
    var theirs = routes(other, 3);
    announce(raw, theirs);
    Arena.await("what we hold", () -> learned(us, false), texts(theirs));
    frr.kill();
    Arena.await("stale routes", () -> learned(us, true), texts(theirs));
    frr.restart();
    Arena.await("FRR is back", () -> us.isUp(frrAddress), true);
    var back = RawPeer.connect(arena, other, frrAddress);
    announce(back, theirs.subList(0, 1));
    back.send(Message.Update.endOfRib(Family.L2VPN_EVPN));
    Arena.await("what is fresh", () -> learned(us, false), texts(theirs.subList(0, 1)));
    Arena.await("what is stale", () -> learned(us, true), new TreeSet<String>());
  }

  @Test
  void theRoutesOfAKilledGoBgpStayUntilItsEndOfRib() throws Exception {
    var us = node(gobgpAddress);
    var gobgp = GoBgpd.start(arena, "gobgp", gobgpAddress, 65000, GoBgpd.QUICK, self);
    Arena.await("GoBGP", () -> us.isUp(gobgpAddress), true);
    var words = " etag 0 label 100 rd 10.99.0.3:1 rt 65000:100 encap vxlan nexthop 198.51.100.3";
    gobgp.add("macadv 02:00:00:00:00:01 192.0.2.1" + words);
    gobgp.add("macadv 02:00:00:00:00:02 192.0.2.2" + words);
    Arena.await("what we hold", () -> learned(us, false).size(), 2);
    gobgp.kill();
    Arena.await("stale routes", () -> learned(us, true).size(), 2);
    gobgp.restart();
    Arena.await("GoBGP is back", () -> us.isUp(gobgpAddress), true);
    Arena.await("nothing that GoBGP does not say", () -> us.bestRoutes().size(), 0);
  }

  private static int ends(WeftSpeaker speaker) {
    return speaker.said(SpeakerEffect.EndOfRibReceived.class).size();
  }

  @Test
  void frrHearsOurRoutesAgainAfterARestart() throws Exception {
    var us = node(frrAddress);
    var other = arena.address("10.99.0.9");
    var frr = frr(other);
    Arena.await("FRR", () -> us.isUp(frrAddress), true);
    var ours = routes(self, 3);
    us.originate(ours);
    Arena.await("routes at FRR", () -> frr.routes().size(), 3);
    us.close();
    // FRR 8.4.4 helps with unicast, multicast and MPLS VPN alone: EVPN is not in its loop.
    Arena.await("routes at FRR without us", () -> frr.routes().size(), 0);
    var again = node(frrAddress);
    again.originate(ours.subList(0, 2));
    Arena.await("FRR again", () -> again.isUp(frrAddress), true);
    Arena.await("routes at FRR after our End-of-RIB", () -> frr.routes().size(), 2);
    Arena.await("none is stale", () -> frr.stale().size(), 0);
  }

  @Test
  void gobgpKeepsOurRoutesOverARestartAndSweepsWhatWeSayNoMore() throws Exception {
    var us = node(gobgpAddress);
    var gobgp = GoBgpd.start(arena, "gobgp", gobgpAddress, 65000, GoBgpd.QUICK + CLIENT, self);
    Arena.await("GoBGP", () -> us.isUp(gobgpAddress), true);
    var ours = routes(self, 3);
    us.originate(ours);
    Arena.await("routes at GoBGP", () -> gobgp.routes().size(), 3);
    us.close();
    Arena.await("GoBGP has seen it", () -> gobgp.isUp(self), false);
    assertThat(gobgp.routes())
        .hasSize(3)
        .allSatisfy((_, text) -> assertThat(text).endsWith("stale"));
    var again = node(gobgpAddress);
    again.originate(ours.subList(0, 2));
    Arena.await("GoBGP again", () -> again.isUp(gobgpAddress), true);
    Arena.await("routes at GoBGP after our End-of-RIB", () -> gobgp.routes().size(), 2);
  }

  @Test
  void whatAWiderImportWantsIsAskedForAgain() throws Exception {
    var us = WeftSpeaker.importing(arena, self, frrAddress);
    var other = arena.address("10.99.0.9");
    var frr = frr(other);
    Arena.await("FRR", () -> us.isUp(frrAddress), true);
    var raw = RawPeer.connect(arena, other, frrAddress);
    List<Route> wanted = List.of(Samples.macIp(other, 1));
    raw.send(Message.Update.announce(Samples.attributes(Samples.VTEP, Samples.TARGET), wanted));
    Arena.await("route at FRR", () -> frr.routes().size(), 1);
    Arena.await(
        "FRR has told us",
        () -> frr.peer(self).path("messageStats").path("updatesSent").asInt() > 1,
        true);
    assertThat(us.bestRoutes()).isEmpty();
    us.importTargets(Samples.TARGET.routeTarget());
    Arena.await("the route by route refresh", () -> us.bestRoutes().size(), 1);
  }
}
