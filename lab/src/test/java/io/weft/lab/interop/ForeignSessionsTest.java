package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sessions with FRR and GoBGP: another AS, short hold times, and why they end. */
class ForeignSessionsTest {
  private static final AutonomousSystem FAR = new AutonomousSystem(4_200_000_001L);

  @TempDir private Path directory;
  private Arena arena;
  private Ipv4Address self;
  private Ipv4Address other;

  @BeforeEach
  void start() throws Exception {
    arena = Arena.make("wio-sessions", directory);
    self = arena.address("10.99.0.1");
    other = arena.address("10.99.0.2");
  }

  @AfterEach
  void stop() throws Exception {
    if (arena != null) {
      arena.close();
    }
  }

  private WeftSpeaker node(AutonomousSystem as, AutonomousSystem peerAs, int hold)
      throws Exception {
    return WeftSpeaker.node(arena, self, as, hold, 0, WeftSpeaker.peer(other, peerAs));
  }

  private FrrBgpd frr(long as, long peerAs) throws Exception {
    var neighbour = FrrBgpd.neighbour(peerAs, other, self, "");
    return FrrBgpd.start(arena, "frr", other, FrrBgpd.config(as, other, neighbour));
  }

  private String lastReason(WeftSpeaker us) {
    return us.peer(other).lastReason().orElse("");
  }

  @Test
  void routesGoBetweenAutonomousSystemsWithTheirNextHop() throws Exception {
    var us = node(FAR, WeftSpeaker.AS, 90);
    var frr = frr(65000, FAR.value());
    Arena.await("FRR", () -> us.isUp(other), true);
    var routes = Samples.everyForm(self);
    us.originate(routes);
    Arena.await("routes at FRR", () -> frr.routes().size(), routes.size());
    assertThat(frr.routes().values())
        .allSatisfy(text -> assertThat(text).contains("as 4200000001 ", "clusters  "));
    assertThat(frr.routes())
        .hasEntrySatisfying(
            "10.99.0.1:1 [5]:[0]:[24]:[10.5.0.0]",
            text -> assertThat(text).contains("via 198.51.100.1 "));
  }

  @Test
  void aHoldTimeOfThreeSecondsHoldsWithBoth() throws Exception {
    var us = node(WeftSpeaker.AS, WeftSpeaker.AS, 3);
    var third = arena.address("10.99.0.3");
    var frr = frr(65000, 65000);
    Arena.await("FRR", () -> us.isUp(other), true);
    var fourth = arena.address("10.99.0.4");
    var second =
        WeftSpeaker.node(
            arena, fourth, WeftSpeaker.AS, 3, 0, WeftSpeaker.peer(third, WeftSpeaker.AS));
    var gobgp = GoBgpd.client(arena, "gobgp", third, fourth);
    Arena.await("GoBGP", () -> second.isUp(third), true);
    TimeUnit.SECONDS.sleep(8);
    assertThat(us.isUp(other)).isTrue();
    assertThat(second.isUp(third)).isTrue();
    assertThat(us.peer(other).lastReason()).isEmpty();
    assertThat(second.peer(third).lastReason()).isEmpty();
    assertThat(frr.peer(self).path("bgpTimerHoldTimeMsecs").asInt()).isEqualTo(3000);
    assertThat(gobgp.peer(fourth).path("timers").path("state").path("negotiated_hold_time").asInt())
        .isEqualTo(3);
  }

  @Test
  void theReasonOfAShutdownIsShownInWords() throws Exception {
    var us = node(WeftSpeaker.AS, WeftSpeaker.AS, 90);
    var frr = frr(65000, 65000);
    Arena.await("FRR", () -> us.isUp(other), true);
    frr.configure("router bgp 65000", "neighbor " + self + " shutdown message maintenance at two");
    Arena.await("the end", () -> us.isUp(other), false);
    assertThat(lastReason(us))
        .contains("Administrative Shutdown")
        .contains("\"maintenance at two\"");
    frr.configure("router bgp 65000", "no neighbor " + self + " shutdown");
    Arena.await("FRR again", () -> us.isUp(other), true);
  }

  @Test
  void aWrongAutonomousSystemIsNamedOnBothSides() throws Exception {
    var us = node(WeftSpeaker.AS, new AutonomousSystem(65001), 90);
    var frr = frr(65000, 65000);
    Arena.await("our reason", () -> lastReason(us).isEmpty(), false);
    assertThat(lastReason(us)).contains("65000").contains("65001");
    Arena.await("FRR's reason", () -> frr.peer(self).has("lastNotificationReason"), true);
    assertThat(frr.peer(self).path("lastNotificationReason").asText())
        .contains("OPEN Message Error/Bad Peer AS");
  }

  @Test
  void aMissingFamilyIsNamedOnBothSides() throws Exception {
    var us = node(WeftSpeaker.AS, WeftSpeaker.AS, 90);
    var config =
        FrrBgpd.neighbour(other, self, "")
            .replace("address-family l2vpn evpn", "address-family ipv4 unicast");
    var frr = FrrBgpd.start(arena, "frr", other, FrrBgpd.config(65000, other, config));
    Arena.await("our reason", () -> lastReason(us).isEmpty(), false);
    assertThat(lastReason(us)).contains("l2vpn-evpn");
    Arena.await("FRR's reason", () -> frr.peer(self).has("lastNotificationReason"), true);
    assertThat(frr.peer(self).path("lastNotificationReason").asText())
        .contains("OPEN Message Error/Unsupported Capability");
  }

  @Test
  void aDissectorFindsNothingMalformed() throws Exception {
    var us = node(WeftSpeaker.AS, WeftSpeaker.AS, 90);
    var file = directory.resolve("session.pcap");
    var capture =
        ForeignProcess.start(
            arena.namespace(),
            directory.resolve("dumpcap.log"),
            "/usr/bin/dumpcap",
            "-q",
            "-i",
            "lo",
            "-f",
            "tcp port 179",
            "-w",
            file.toString());
    try (capture) {
      capture.await(() -> file.toFile().length() > 0);
      var frr = frr(65000, 65000);
      Arena.await("FRR", () -> us.isUp(other), true);
      var routes = Samples.everyForm(self);
      us.originate(routes);
      Arena.await("routes at FRR", () -> frr.routes().size(), routes.size());
      us.remove(routes.getFirst().route());
      Arena.await("routes at FRR", () -> frr.routes().size(), routes.size() - 1);
      TimeUnit.SECONDS.sleep(1);
    }
    var from = "ip.src==" + self + " && bgp";
    var all = tshark(file, from, "bgp.type");
    assertThat(all).contains("1").contains("2").contains("4");
    assertThat(
            tshark(
                file,
                from + " && (_ws.malformed || _ws.expert.severity >= 6291456)",
                "frame.number"))
        .as("frames that are malformed or have a warning or error")
        .isBlank();
  }

  private String tshark(Path file, String filter, String field) throws Exception {
    return ForeignProcess.output(
        arena.namespace(),
        List.of("tshark", "-n", "-r", file.toString(), "-Y", filter, "-T", "fields", "-e", field));
  }
}
