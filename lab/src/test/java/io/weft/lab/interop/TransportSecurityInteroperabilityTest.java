package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.bgp.PeerTransport;
import io.weft.agent.bgp.Secret;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TCP-MD5 and GTSM with FRR's bgpd. */
class TransportSecurityInteroperabilityTest {
  private static final AutonomousSystem FAR = new AutonomousSystem(65001);

  @TempDir private Path directory;
  private Arena arena;
  private Ipv4Address self;
  private Ipv4Address other;

  @BeforeEach
  void start() throws Exception {
    arena = Arena.make("wio-secure", directory);
    self = arena.address("10.99.0.1");
    other = arena.address("10.99.0.2");
  }

  @AfterEach
  void stop() throws Exception {
    if (arena != null) {
      arena.close();
    }
  }

  private PeerTransport peer() {
    return PeerTransport.plain(new IpPrefix(other, 32));
  }

  private void assertStaysDown(WeftSpeaker us) throws Exception {
    TimeUnit.SECONDS.sleep(4); // FRR tries each second
    assertThat(us.isUp(other)).isFalse();
  }

  @Test
  void aPasswordIsTheSameOnBothSidesOrThereIsNoSession() throws Exception {
    var us =
        WeftSpeaker.node(
            arena, self, WeftSpeaker.AS, 90, 0, WeftSpeaker.peer(other, WeftSpeaker.AS));
    us.secure(peer().withPassword(Secret.of("loom")));
    var router = "router bgp 65000";
    var lines = FrrBgpd.neighbour(other, self, "");
    var frr = FrrBgpd.start(arena, "frr", other, FrrBgpd.config(65000, other, lines));
    assertStaysDown(us);
    frr.configure(router, "neighbor " + self + " password loom");
    Arena.await("the same password", () -> us.isUp(other) && frr.isUp(self), true);

    frr.configure(router, "neighbor " + self + " password warp");
    Arena.await("the end of the session", () -> us.isUp(other), false);
    assertStaysDown(us);
    us.secure(peer().withPassword(Secret.of("warp")));
    Arena.await("the other password", () -> us.isUp(other) && frr.isUp(self), true);

    us.secure(peer());
    Arena.await("without a password", () -> us.isUp(other), false);
    assertThat(us.peer(other).lastReason()).get().asString().contains("the password has changed");
    frr.configure(router, "no neighbor " + self + " password");
    Arena.await("none on both sides", () -> us.isUp(other) && frr.isUp(self), true);
  }

  @Test
  void ttlSecurityIsUnderstoodOnBothSides() throws Exception {
    var us = WeftSpeaker.node(arena, self, FAR, 90, 0, WeftSpeaker.peer(other, WeftSpeaker.AS));
    us.secure(peer().withMultihop(1));
    var lines =
        FrrBgpd.neighbour(FAR.value(), other, self, "")
            .replace("ebgp-multihop 4", "disable-connected-check");
    var frr = FrrBgpd.start(arena, "frr", other, FrrBgpd.config(65000, other, lines));
    Arena.await("a single hop", () -> us.isUp(other) && frr.isUp(self), true);

    us.secure(peer().withTtlSecurity(1));
    Arena.await("only we ask", () -> us.isUp(other), false);
    assertStaysDown(us);
    frr.configure("router bgp 65000", "neighbor " + self + " ttl-security hops 1");
    Arena.await("both ask", () -> us.isUp(other) && frr.isUp(self), true);

    us.secure(peer().withMultihop(254));
    Arena.await("only FRR asks", () -> us.isUp(other), false);
    assertStaysDown(us);
  }
}
