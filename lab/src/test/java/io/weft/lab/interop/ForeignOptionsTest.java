package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.session.PeerAs;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.SessionOptions;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Settings of one session, with FRR at its other end. */
class ForeignOptionsTest {
  @TempDir private Path directory;
  private Arena arena;
  private Ipv4Address self;
  private Ipv4Address other;

  @BeforeEach
  void start() throws Exception {
    arena = Arena.make("wio-options", directory);
    self = arena.address("10.99.0.1");
    other = arena.address("10.99.0.2");
  }

  @AfterEach
  void stop() throws Exception {
    if (arena != null) {
      arena.close();
    }
  }

  private SpeakerConfig config(PeerConfig peer) {
    return new SpeakerConfig(
        WeftSpeaker.AS, self, List.of(peer), List.of(), true, 90, 60, 100, 10_000);
  }

  private WeftSpeaker node(PeerConfig peer) throws Exception {
    var us = WeftSpeaker.node(arena, self, WeftSpeaker.AS, 90, 60, peer);
    Arena.await("our session", () -> us.isUp(other), true);
    return us;
  }

  private FrrBgpd frr(long as) throws Exception {
    var neighbour = FrrBgpd.neighbour(65000, other, self, "");
    return FrrBgpd.start(arena, "frr", other, FrrBgpd.config(as, other, neighbour));
  }

  @Test
  void whatIsOfferedIsAgreedOn() throws Exception {
    var frr = frr(65000);
    node(WeftSpeaker.peer(other, WeftSpeaker.AS));
    var capabilities = frr.peer(self).path("neighborCapabilities");
    for (var both : List.of("extendedMessage", "enhancedRouteRefresh", "gracefulRestart")) {
      assertThat(capabilities.path(both).asText()).as(both).isEqualTo("advertisedAndReceived");
    }
    assertThat(frr.peer(self).path("gracefulRestartInfo").path("nBit").asBoolean()).isTrue();
  }

  @Test
  void ourShutdownIsShownInOurWordsAndUndone() throws Exception {
    var frr = frr(65000);
    var peer = WeftSpeaker.peer(other, WeftSpeaker.AS);
    var us = node(peer);
    us.configure(config(peer.withOptions(SessionOptions.DEFAULT.withShutdown("disk change"))));
    Arena.await("the end", () -> frr.isUp(self), false);
    // On a busy machine it may have one already, of how the session came up.
    Arena.await(
        "FRR's reason",
        () -> frr.peer(self).path("lastNotificationReason").asText(),
        "Cease/Administrative Shutdown");
    var seen = frr.peer(self);
    assertThat(seen.path("lastNotificationHardReset").asBoolean()).isTrue();
    assertThat(seen.path("lastShutdownDescription").asText()).isEqualTo("disk change");
    us.configure(config(peer));
    Arena.await("FRR again", () -> us.isUp(other), true);
  }

  @Test
  void numberOfAnExternalPeerIsLearned() throws Exception {
    frr(65077);
    var any = WeftSpeaker.peer(other, WeftSpeaker.AS).withAs(new PeerAs.External());
    var us = node(any);
    assertThat(us.peer(other).as()).contains(new AutonomousSystem(65077));
  }
}
