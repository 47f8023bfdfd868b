package io.weft.agent.bgp;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerEvent.Accepted;
import io.weft.bgp.speaker.SpeakerEvent.ConnectFailed;
import io.weft.bgp.speaker.SpeakerEvent.Connected;
import io.weft.bgp.speaker.SpeakerEvent.Disconnected;
import io.weft.bgp.speaker.SpeakerEvent.MessageReceived;
import io.weft.bgp.wire.Message;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** TCP-MD5 and GTSM with real sockets on loopback. */
class TransportSecurityTest {
  private static final IpAddress ONE = IpAddress.parse("127.0.8.1");
  private static final IpAddress TWO = IpAddress.parse("127.0.8.2");
  private static final IpAddress THREE = IpAddress.parse("127.0.8.3");

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private int port;

  @BeforeEach
  void choosePort() throws IOException {
    try (var probe = new ServerSocket(0)) {
      port = probe.getLocalPort();
    }
  }

  @AfterEach
  void closeAll() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  /** A transport with an address of its own, without a speaker. */
  private final class Side {
    final BlockingQueue<SpeakerEvent> events = new LinkedBlockingQueue<>();
    final BgpTransport transport = new BgpTransport(port, events::addAll);

    Side(IpAddress self, PeerTransport... peers) {
      open.push(transport);
      transport.configure(List.of(peers));
      transport.listen(self);
      assertThat(transport.problems()).isEmpty();
    }

    void configure(PeerTransport... peers) {
      transport.configure(List.of(peers));
    }

    /** What came of an attempt. */
    SpeakerEvent connect(IpAddress peer) throws InterruptedException {
      transport.carryOut(new SpeakerEffect.Connect(peer));
      return next(SpeakerEvent.class);
    }

    void say(long connection) {
      transport.carryOut(new SpeakerEffect.Send(connection, List.of(new Message.Keepalive())));
    }

    <T extends SpeakerEvent> T next(Class<T> type) throws InterruptedException {
      var event = events.poll(30, TimeUnit.SECONDS);
      assertThat(event).isInstanceOf(type);
      return type.cast(event);
    }

    @Nullable SpeakerEvent soon() throws InterruptedException {
      return events.poll(1, TimeUnit.SECONDS);
    }
  }

  private static PeerTransport plain(String prefix) {
    return PeerTransport.plain(IpPrefix.parse(prefix));
  }

  private static PeerTransport password(String prefix, String password) {
    return plain(prefix).withPassword(Secret.of(password));
  }

  @Test
  void equalPasswordsConnect() throws Exception {
    var one = new Side(ONE, password("127.0.8.2/32", "loom"));
    new Side(TWO, password("127.0.8.0/24", "loom"));
    assertThat(one.connect(TWO)).isInstanceOf(Connected.class);
  }

  @Test
  void aPasswordOnOneSideOrAnotherOneGivesNoConnection() throws Exception {
    var one = new Side(ONE, password("127.0.8.2/32", "loom"));
    var two = new Side(TWO, password("127.0.8.1/32", "warp"));
    var three = new Side(THREE, plain("127.0.8.0/24"));
    assertThat(one.connect(TWO)).isInstanceOf(ConnectFailed.class);
    one.configure(password("127.0.8.0/24", "loom"));
    assertThat(one.connect(THREE)).as("only we have one").isInstanceOf(ConnectFailed.class);
    assertThat(three.connect(ONE))
        .as("only the listener has one")
        .isInstanceOf(ConnectFailed.class);
    assertThat(two.events).isEmpty();
  }

  @Test
  void aPasswordIsTakenAwayAndChanged() throws Exception {
    var one = new Side(ONE, password("127.0.8.0/24", "loom"), password("127.0.8.3/32", "weft"));
    var two = new Side(TWO, password("127.0.8.1/32", "loom"));
    var three = new Side(THREE, password("127.0.8.1/32", "weft"));
    long standing = ((Connected) two.connect(ONE)).connection();
    assertThat(three.connect(ONE)).isInstanceOf(Connected.class);
    one.next(Accepted.class);
    one.next(Accepted.class);

    one.configure(plain("127.0.8.0/24"), password("127.0.8.3/32", "weft"));
    assertThat(one.next(Disconnected.class).reason()).isEqualTo("the password has changed");
    assertThat(two.next(Disconnected.class).connection()).isEqualTo(standing);
    assertThat(three.soon()).as("the other session").isNull();
    two.configure(plain("127.0.8.1/32"));
    assertThat(two.connect(ONE)).isInstanceOf(Connected.class);
    one.next(Accepted.class);

    one.configure(password("127.0.8.2/32", "warp"), password("127.0.8.3/32", "weft"));
    assertThat(one.next(Disconnected.class).reason()).isEqualTo("the password has changed");
    two.next(Disconnected.class);
    two.configure(password("127.0.8.1/32", "warp"));
    assertThat(two.connect(ONE)).isInstanceOf(Connected.class);
    assertThat(three.events).isEmpty();
  }

  /** Our end of a link is for the neighbour there, by its rules, and for nobody else. */
  @Test
  void theNeighbourOnALinkConnectsToOurEndOfIt() throws Exception {
    var end = IpAddress.parse("127.0.8.9");
    var neighbour = password("127.0.8.2/32", "loom").withLinkAddress();
    var one = new Side(ONE, neighbour, plain("127.0.8.0/24"));
    one.transport.links(new TreeMap<>(Map.of(end, List.of(TWO))));
    assertThat(one.transport.problems()).isEmpty();
    var two = new Side(TWO, password("127.0.8.9/32", "loom"));
    var three = new Side(THREE);
    assertThat(two.connect(end)).isInstanceOf(Connected.class);
    var accepted = one.next(Accepted.class);
    assertThat(accepted.peer()).isEqualTo(TWO);
    assertThat(accepted.local()).contains(end);
    three.connect(end);
    three.next(Disconnected.class);
    assertThat(one.events).as("a stranger on the link").isEmpty();
    two.configure(password("127.0.8.9/32", "warp"));
    two.next(Disconnected.class);
    one.next(Disconnected.class);
    assertThat(two.connect(end)).as("another password").isInstanceOf(ConnectFailed.class);

    one.transport.links(new TreeMap<>());
    two.configure(password("127.0.8.9/32", "loom"));
    assertThat(two.connect(end)).as("the end is no more").isInstanceOf(ConnectFailed.class);
    assertThat(three.connect(ONE)).isInstanceOf(Connected.class);
  }

  /** The kernel listens as long as a thread waits in it for a connection. */
  @Test
  void anAddressThatIsGivenBackCanBeHadAgainAtOnce() throws Exception {
    var end = IpAddress.parse("127.0.8.9");
    var one = new Side(ONE, plain("127.0.8.0/24"));
    for (int i = 0; i < 30; i++) {
      one.transport.links(new TreeMap<>(Map.of(end, List.of(TWO))));
      assertThat(one.transport.problems()).isEmpty();
      one.transport.links(new TreeMap<>());
    }
  }

  @Test
  void whoMustNotConnectDoesNot() throws Exception {
    var one = new Side(ONE, plain("127.0.8.2/32").withBarred("its password cannot be read"));
    var two = new Side(TWO);
    assertThat(one.connect(TWO)).isEqualTo(new ConnectFailed(TWO, "its password cannot be read"));
    two.connect(ONE);
    assertThat(two.next(Disconnected.class)).isNotNull();
    assertThat(one.events).isEmpty();
  }

  @Test
  void fromTooFarNobodyConnectsWhereAllAreNear() throws Exception {
    var one = new Side(ONE, plain("127.0.8.2/32").withTtlSecurity(1));
    var two = new Side(TWO, plain("127.0.8.1/32").withMultihop(254));
    assertThat(two.connect(ONE)).isInstanceOf(ConnectFailed.class);
    assertThat(one.events).isEmpty();
    two.configure(plain("127.0.8.1/32").withTtlSecurity(1));
    assertThat(two.connect(ONE)).isInstanceOf(Connected.class);
  }

  @Test
  void whereSomeMayBeFarTheNearOnesAreStillCheckedAndTheOthersNot() throws Exception {
    var one = new Side(ONE, plain("127.0.8.2/32").withTtlSecurity(1), plain("127.0.8.0/24"));
    var two = new Side(TWO, plain("127.0.8.1/32").withMultihop(254));
    var three = new Side(THREE, plain("127.0.8.1/32").withMultihop(9));
    two.say(((Connected) two.connect(ONE)).connection());
    assertThat(two.next(Disconnected.class)).isNotNull();
    assertThat(one.soon()).as("of one who is two hops away").isNull();

    three.say(((Connected) three.connect(ONE)).connection());
    one.next(Accepted.class);
    assertThat(one.next(MessageReceived.class)).isNotNull();

    two.configure(plain("127.0.8.1/32").withTtlSecurity(1));
    two.say(((Connected) two.connect(ONE)).connection());
    one.next(Accepted.class);
    assertThat(one.next(MessageReceived.class)).isNotNull();
  }

  @Test
  void theTextOfASecretHidesIt() {
    assertThat(password("127.0.8.1/32", "loom").toString()).doesNotContain("loom");
  }
}
