package io.weft.agent.bgp;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.loop.EventLoop;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.SessionOptions;
import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.speaker.SpeakerView;
import io.weft.bgp.speaker.SpeakerView.PeerView;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.AutonomousSystem;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.net.RouteDistinguisher;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real sockets on loopback; each speaker has an address of its own there. */
class BgpTransportTest {
  private static final AutonomousSystem AS = new AutonomousSystem(65000);
  private static final IpAddress ONE = IpAddress.parse("127.0.7.1");
  private static final IpAddress TWO = IpAddress.parse("127.0.7.2");
  private static final IpAddress THREE = IpAddress.parse("127.0.7.3");

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

  /** A speaker with its loop and its sockets, as a daemon has them. */
  private final class Endpoint {
    private final Speaker speaker;
    private final EventLoop<SpeakerEvent, SpeakerEffect> loop;
    private final BgpTransport transport;

    Endpoint(IpAddress self, IpAddress... peers) {
      speaker =
          new Speaker(
              config(self, Stream.of(peers).map(p -> new PeerConfig(p, AS, true, false)).toList()));
      loop = new EventLoop<>("brain " + self, new SpeakerBrain(speaker), this::carryOut);
      transport = new BgpTransport(port, loop::putAll);
      open.push(this::close);
    }

    private static SpeakerConfig config(IpAddress self, List<PeerConfig> peers) {
      return new SpeakerConfig(
          AS, (Ipv4Address) self, peers, List.of(), true, 90, 120, 100, 10_000);
    }

    void change(IpAddress self, PeerConfig... peers) {
      loop.put(new SpeakerEvent.ConfigChanged(config(self, List.of(peers))));
    }

    private void carryOut(SpeakerEffect effect) {
      transport.carryOut(effect);
    }

    Endpoint start(IpAddress self) throws IOException {
      transport.listen(self);
      loop.start();
      loop.put(new SpeakerEvent.DeadlineReached());
      return this;
    }

    SpeakerView view() {
      return loop.ask(speaker::view).orTimeout(10, TimeUnit.SECONDS).join();
    }

    PeerView peer(IpAddress address) {
      return view().peers().stream()
          .filter(p -> p.address().equals(address))
          .findFirst()
          .orElseThrow();
    }

    void announce(IpAddress self) {
      loop.put(
          new SpeakerEvent.RoutesOriginated(
              List.of(
                  new OriginatedRoute(
                      new InclusiveMulticast(RouteDistinguisher.of((Ipv4Address) self, 1), 0, self),
                      PathAttributes.originated(self, List.of(), Optional.empty())))));
    }

    void close() throws IOException {
      loop.close();
      transport.close();
    }
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(until);
      Thread.sleep(5);
    }
  }

  @Test
  void twoSpeakersMeetExchangeRoutesAndKeepThemWhenOneGoes() throws Exception {
    var one = new Endpoint(ONE, TWO).start(ONE);
    var two = new Endpoint(TWO, ONE).start(TWO);
    await("sessions", () -> one.peer(TWO).state().equals("Established"));
    one.announce(ONE);
    two.announce(TWO);
    await("routes", () -> one.view().routes().size() == 2 && two.view().routes().size() == 2);
    two.close();
    await("the end of the session", () -> !one.peer(TWO).state().equals("Established"));
    assertThat(one.peer(TWO).lastReason()).get().asString().doesNotContain("NOTIFICATION");
    assertThat(one.view().routes()).as("kept for the restart time").hasSize(2);
    assertThat(one.peer(TWO).staleRoutes()).isEqualTo(1);
    var again = new Endpoint(TWO, ONE).start(TWO);
    again.announce(TWO);
    await("the session again", () -> one.peer(TWO).state().equals("Established"));
    await("the route again", () -> again.view().routes().size() == 2);
  }

  @Test
  void aChangeOfOnePeerLeavesTheOtherSessionAlone() throws Exception {
    var one = new Endpoint(ONE, TWO, THREE).start(ONE);
    new Endpoint(TWO, ONE).start(TWO);
    var three = new Endpoint(THREE, ONE).start(THREE);
    await("a session", () -> one.peer(TWO).state().equals("Established"));
    await("another", () -> one.peer(THREE).state().equals("Established"));
    three.announce(THREE);
    await("its route", () -> one.view().routes().size() == 1);
    var before = one.peer(THREE);
    var there = three.peer(ONE);

    var options = SessionOptions.DEFAULT.withHoldSeconds(9);
    var two = new PeerConfig(TWO, AS, true, false).withOptions(options);
    one.change(ONE, two, new PeerConfig(THREE, AS, true, false));
    one.transport.configure(List.of(PeerTransport.plain(new IpPrefix(TWO, 32)).withMultihop(9)));
    await("the new session", () -> one.peer(TWO).state().equals("Established"));
    assertThat(one.peer(TWO).sinceNanos()).isGreaterThan(before.sinceNanos());
    assertThat(one.peer(THREE)).isEqualTo(before);
    assertThat(three.peer(ONE)).isEqualTo(there);
  }

  @Test
  void aRefusedConnectionIsTriedAgain() throws Exception {
    var one = new Endpoint(ONE, TWO).start(ONE);
    await("an attempt", () -> one.peer(TWO).state().equals("Active"));
    new Endpoint(TWO, ONE).start(TWO);
    await("a session", () -> one.peer(TWO).state().equals("Established"));
  }

  @Test
  void aTakenPortIsSaidAndTakenOnceItIsFree() throws Exception {
    var second = new Endpoint(ONE, TWO);
    try (var other = new ServerSocket(port, 1, InetAddress.getByName("127.0.7.1"))) {
      assertThat(other.isBound()).isTrue();
      second.start(ONE);
      assertThat(second.transport.problems())
          .singleElement()
          .asString()
          .contains("cannot connect to 127.0.7.1 port " + port, "Address already in use");
    }
    await("the port", () -> second.transport.problems().isEmpty());
    new Endpoint(TWO, ONE).start(TWO);
    await("a session", () -> second.peer(TWO).state().equals("Established"));
  }

  @Test
  void garbageIsAnsweredWithANotificationAndHurtsNobodyElse() throws Exception {
    var one = new Endpoint(ONE, TWO, THREE).start(ONE);
    new Endpoint(TWO, ONE).start(TWO);
    await("a session", () -> one.peer(TWO).state().equals("Established"));
    try (var stranger = new Socket()) {
      stranger.setSoTimeout(10_000);
      stranger.bind(new InetSocketAddress("127.0.7.3", 0));
      stranger.connect(new InetSocketAddress("127.0.7.1", port));
      stranger.getOutputStream().write(new byte[200_000]);
      var said = stranger.getInputStream().readAllBytes();
      assertThat(said).as("an OPEN, then NOTIFICATION 1/1, then the end").hasSizeGreaterThan(40);
      int notification = said.length - 21;
      assertThat(said[notification + 18]).isEqualTo((byte) 3);
      assertThat(said[notification + 19]).isEqualTo((byte) 1);
      assertThat(said[notification + 20]).isEqualTo((byte) 1);
    }
    assertThat(one.peer(TWO).state()).isEqualTo("Established");
  }

  @Test
  void aStrangerIsShownTheDoor() throws Exception {
    new Endpoint(ONE, TWO).start(ONE);
    try (var stranger = new Socket()) {
      stranger.setSoTimeout(10_000);
      stranger.bind(new InetSocketAddress("127.0.7.9", 0));
      stranger.connect(new InetSocketAddress("127.0.7.1", port));
      assertThat(stranger.getInputStream().readAllBytes().length).isLessThan(30);
    }
  }

  /** A transport without a speaker: events pile up, effects come from the test. */
  private final class Bare {
    private final BlockingQueue<SpeakerEvent> events = new LinkedBlockingQueue<>();
    private final BgpTransport transport = new BgpTransport(port, events::addAll);

    Bare() throws IOException {
      transport.listen(ONE);
      open.push(transport);
    }

    <T extends SpeakerEvent> T next(Class<T> type) throws InterruptedException {
      var event = events.poll(60, TimeUnit.SECONDS);
      assertThat(event).isInstanceOf(type);
      return type.cast(event);
    }
  }

  @Test
  void whatWasSentLeavesBeforeTheCloseAndNoEventFollows() throws Exception {
    var bare = new Bare();
    try (var peer = new Socket("127.0.7.1", port)) {
      peer.setSoTimeout(10_000);
      long id = bare.next(SpeakerEvent.Accepted.class).connection();
      peer.getOutputStream().write(new byte[10]); // never read by us
      Message keepalive = new Message.Keepalive();
      Message last = new Message.Notification(6, 2, Octets.EMPTY);
      var many = Collections.nCopies(5000, keepalive);
      bare.transport.carryOut(new SpeakerEffect.Send(id, many));
      bare.transport.carryOut(new SpeakerEffect.Send(id, List.of(last)));
      bare.transport.carryOut(new SpeakerEffect.Close(id, "test"));
      assertThat(peer.getInputStream().readAllBytes()).hasSize(5000 * 19 + 21);
    }
    assertThat(bare.events.poll(300, TimeUnit.MILLISECONDS)).isNull();
  }

  @Test
  void aPeerThatNeverReadsIsCutOffWithoutDelayingAnyone() throws Exception {
    var bare = new Bare();
    try (var slow = new Socket("127.0.7.1", port);
        var good = new Socket("127.0.7.1", port)) {
      long slowId = bare.next(SpeakerEvent.Accepted.class).connection();
      long goodId = bare.next(SpeakerEvent.Accepted.class).connection();
      good.setSoTimeout(10_000);
      // Each is another object, as with routes that change: what waits takes its full memory.
      long before = usedOctets();
      int rounds = 0;
      long slowest = 0;
      long largest = 0;
      while (bare.events.isEmpty()) {
        assertThat(rounds++).as("rounds of 1,000 messages").isLessThan(3_000);
        long begin = System.nanoTime();
        for (int i = 0; i < 1_000; i++) {
          var update = List.<Message>of(Message.Update.withdraw(routes(i)));
          bare.transport.carryOut(new SpeakerEffect.Send(slowId, update));
        }
        bare.transport.carryOut(new SpeakerEffect.Send(goodId, List.of(new Message.Keepalive())));
        assertThat(good.getInputStream().readNBytes(19)).hasSize(19);
        slowest = Math.max(slowest, System.nanoTime() - begin);
        largest = rounds % 50 == 0 ? Math.max(largest, usedOctets() - before) : largest;
      }
      var cut = bare.next(SpeakerEvent.Disconnected.class);
      assertThat(cut.connection()).isEqualTo(slowId);
      assertThat(cut.reason())
          .matches(
              "the peer does not read: \\d+ messages, about \\d+ KiB, wait to be written;"
                  + " it took something last \\d+ s ago");
      System.out.printf(
          "cut after %,d messages; slowest 1,000 of them %d ms, the other peer's included;"
              + " %d MiB more in the heap at most; %s%n",
          rounds * 1_000, TimeUnit.NANOSECONDS.toMillis(slowest), largest >> 20, cut.reason());
      assertThat(largest).isLessThan(3L * WriteQueue.READING * WriteQueue.MAX_OCTETS);
      assertThat(slow.isConnected()).isTrue();
    }
  }

  private static List<MacIpAdvertisement> routes(int number) {
    return List.of(
        new MacIpAdvertisement(
            RouteDistinguisher.of((Ipv4Address) ONE, number),
            Esi.ZERO,
            0,
            MacAddress.parse("02:00:00:00:00:01"),
            Optional.empty(),
            100,
            OptionalInt.empty()));
  }

  private static long usedOctets() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  @Test
  void aPeerThatDoesNotReadCannotKeepAClosedConnection() throws Exception {
    var bare = new Bare();
    try (var slow = new Socket("127.0.7.1", port)) {
      slow.setSoTimeout(30_000);
      long id = bare.next(SpeakerEvent.Accepted.class).connection();
      var update = List.<Message>of(new Message.Notification(6, 2, Octets.of(new byte[4000])));
      for (int i = 0; i < 4_096; i++) {
        bare.transport.carryOut(new SpeakerEffect.Send(id, update));
      }
      bare.transport.carryOut(new SpeakerEffect.Close(id, "test"));
      assertThat(standsOnOurSide()).isTrue();
      await("the close by force", () -> !standsOnOurSide());
    }
  }

  /** True while the kernel has an established connection from our side (state 01). */
  private boolean standsOnOurSide() {
    var local = String.format(Locale.ROOT, "0107007F:%04X", port);
    return Stream.of("/proc/net/tcp", "/proc/net/tcp6") // Java's sockets are of both families
        .flatMap(BgpTransportTest::lines)
        .map(line -> line.strip().split("\\s+"))
        .anyMatch(fields -> fields[1].endsWith(local) && fields[3].equals("01"));
  }

  private static Stream<String> lines(String file) {
    try {
      return Files.readAllLines(Path.of(file)).stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aMessageInPiecesIsDeliveredOnceItIsWhole() throws Exception {
    var bare = new Bare();
    try (var peer = new Socket("127.0.7.1", port)) {
      bare.next(SpeakerEvent.Accepted.class);
      var keepalive = Octets.parse("ffffffffffffffffffffffffffffffff001304").toArray();
      for (byte octet : keepalive) {
        peer.getOutputStream().write(octet);
        peer.getOutputStream().flush();
      }
      var twoAtOnce = new byte[38];
      System.arraycopy(keepalive, 0, twoAtOnce, 0, 19);
      System.arraycopy(keepalive, 0, twoAtOnce, 19, 19);
      peer.getOutputStream().write(twoAtOnce);
      for (int i = 0; i < 3; i++) {
        assertThat(bare.next(SpeakerEvent.MessageReceived.class).decoded())
            .isEqualTo(new Decoded.Good(new Message.Keepalive()));
      }
    }
    assertThat(bare.next(SpeakerEvent.Disconnected.class).reason()).contains("closed");
  }
}
