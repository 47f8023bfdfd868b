package io.weft.agent.bgp;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.net.ServerSocket;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** TCP-MD5 with real sockets on loopback. */
class TransportSecurityTest {
  private static final IpAddress ONE = IpAddress.parse("127.0.8.1");
  private static final IpAddress TWO = IpAddress.parse("127.0.8.2");

  private static PeerTransport peer(String prefix, String password) {
    return new PeerTransport(
        IpPrefix.parse(prefix),
        password.isEmpty() ? Optional.empty() : Optional.of(new Secret(password)),
        OptionalInt.empty(),
        OptionalInt.empty(),
        Optional.empty(),
        OptionalInt.empty());
  }

  private static SpeakerEvent connect(PeerTransport ours, PeerTransport theirs) throws Exception {
    int port;
    try (var probe = new ServerSocket(0)) {
      port = probe.getLocalPort();
    }
    var events = new LinkedBlockingQueue<SpeakerEvent>();
    try (var one = new BgpTransport(port, events::add);
        var two = new BgpTransport(port, _ -> {})) {
      one.configure(List.of(ours));
      one.listen(ONE);
      two.configure(List.of(theirs));
      two.listen(TWO);
      one.carryOut(new SpeakerEffect.Connect(TWO));
      var event = events.poll(10, TimeUnit.SECONDS);
      assertThat(event).isNotNull();
      return java.util.Objects.requireNonNull(event);
    }
  }

  @Test
  void equalPasswordsConnectAndOthersDoNot() throws Exception {
    assertThat(connect(peer("127.0.8.2/32", "loom"), peer("127.0.8.0/24", "loom")))
        .isInstanceOf(SpeakerEvent.Connected.class);
    assertThat(connect(peer("127.0.8.2/32", "warp"), peer("127.0.8.1/32", "loom")))
        .isInstanceOf(SpeakerEvent.ConnectFailed.class);
    assertThat(new Secret("loom").toString()).doesNotContain("loom");
  }
}
