package io.weft.bfd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.net.IpAddress;
import io.weft.net.Octets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The state machine and its timers, on a clock of the test. */
class BfdTest {
  private static final IpAddress US = IpAddress.parse("10.0.0.1");
  private static final IpAddress PEER = IpAddress.parse("10.0.0.2");
  private static final long MILLI = 1_000_000;
  private static final BfdSettings WANTED =
      BfdSettings.singleHop(PEER, US, Duration.ofMillis(100), 3);

  private final Bfd brain = new Bfd(7);
  private long now = 1_000 * MILLI;

  private static ControlPacket packet(SessionState state, long yours) {
    return new ControlPacket(
        0, state, false, false, false, false, 3, 99, yours, 100_000, 100_000, 0);
  }

  private List<BfdEffect> hear(ControlPacket packet) {
    return hear(packet, 255);
  }

  private List<BfdEffect> hear(ControlPacket packet, int ttl) {
    return hear(packet, ttl, Optional.of("eth0"));
  }

  private List<BfdEffect> hear(ControlPacket packet, int ttl, Optional<String> link) {
    return brain.step(
        now, new BfdEvent.PacketReceived(PEER, US, link, ttl, packet.encode(), false));
  }

  private List<BfdEffect> expire() {
    now = brain.nextDeadline().orElseThrow();
    return brain.step(now, new BfdEvent.DeadlineReached());
  }

  private BfdView.SessionView only() {
    return brain.view().sessions().getFirst();
  }

  private long ours() {
    return only().localDiscriminator();
  }

  private void begin(SessionState state) {
    brain.step(now, new BfdEvent.SessionsChanged(List.of(WANTED)));
    if (state != SessionState.DOWN) {
      hear(packet(SessionState.DOWN, 0));
    }
    if (state == SessionState.UP) {
      hear(packet(SessionState.INIT, ours()));
    }
    assertThat(only().state()).isEqualTo(state);
  }

  private static List<ControlPacket> sent(List<BfdEffect> effects) {
    var packets = new ArrayList<ControlPacket>();
    for (var effect : effects) {
      if (effect instanceof BfdEffect.SendPacket(var _, var octets)) {
        packets.add(((ControlPacket.Reading.Valid) ControlPacket.decode(octets)).packet());
      }
    }
    return packets;
  }

  @ParameterizedTest
  @CsvSource({ // RFC 5880 §6.8.6, every pair of states
    "DOWN, ADMIN_DOWN, DOWN", "DOWN, DOWN, INIT", "DOWN, INIT, UP", "DOWN, UP, DOWN",
    "INIT, ADMIN_DOWN, DOWN", "INIT, DOWN, INIT", "INIT, INIT, UP", "INIT, UP, UP",
    "UP, ADMIN_DOWN, DOWN", "UP, DOWN, DOWN", "UP, INIT, UP", "UP, UP, UP"
  })
  void aPacketMovesTheState(SessionState from, SessionState heard, SessionState to) {
    begin(from);
    var effects = hear(packet(heard, ours()));
    assertThat(only().state()).isEqualTo(to);
    boolean up = from != SessionState.UP && to == SessionState.UP;
    boolean down = from == SessionState.UP && to != SessionState.UP;
    assertThat(effects.stream().anyMatch(BfdEffect.PathUp.class::isInstance)).isEqualTo(up);
    assertThat(effects.stream().anyMatch(BfdEffect.PathDown.class::isInstance)).isEqualTo(down);
    if (from != to) {
      assertThat(sent(effects)).isNotEmpty().allMatch(p -> p.state() == to);
    }
  }

  /** RFC 5881 §3, §5: over another link it is another session, or none; so is a router's. */
  @Test
  void aSessionOnALinkHearsThatLinkAlone() {
    brain.step(now, new BfdEvent.SessionsChanged(List.of(WANTED.on("eth0"))));
    hear(packet(SessionState.DOWN, 0), 255, Optional.of("eth1"));
    hear(packet(SessionState.DOWN, 0), 255, Optional.empty());
    hear(packet(SessionState.DOWN, ours()), 255, Optional.of("eth1"));
    hear(packet(SessionState.DOWN, 0), 254, Optional.of("eth0"));
    assertThat(only().state()).isEqualTo(SessionState.DOWN);
    assertThat(brain.view().discarded())
        .containsEntry(Discard.NO_SESSION, 3L)
        .containsEntry(Discard.TIME_TO_LIVE, 1L);
    hear(packet(SessionState.DOWN, 0), 255, Optional.of("eth0"));
    assertThat(only().state()).isEqualTo(SessionState.INIT);
  }

  @Test
  void silenceOfThreeIntervalsTakesThePathDownAndNotBefore() {
    begin(SessionState.UP);
    long heard = now;
    List<BfdEffect> effects = List.of();
    while (only().state() == SessionState.UP) {
      effects = expire();
    }
    assertThat(now - heard).isEqualTo(300 * MILLI);
    assertThat(only().diagnostic()).isEqualTo(Diagnostics.DETECTION_TIME_EXPIRED);
    assertThat(only().remoteDiscriminator()).isZero();
    assertThat(effects)
        .contains(
            new BfdEffect.PathDown(
                WANTED.key(), "control detection time expired: nothing heard for 300 ms", false));
  }

  @Test
  void aSlowerPeerIsWaitedForLonger() {
    begin(SessionState.UP);
    hear(
        new ControlPacket(
            0, SessionState.UP, false, false, false, false, 5, 99, ours(), 400_000, 200_000, 0));
    assertThat(only().detectionMicros()).isEqualTo(2_000_000); // §6.8.4: its multiplier
    assertThat(only().transmitMicros()).isEqualTo(200_000); // §6.8.2: the slower of both
  }

  @Test
  void untilUpOnePacketASecondAndThenEachIntervalWithJitter() {
    begin(SessionState.DOWN);
    expire();
    for (int i = 0; i < 50; i++) {
      long before = now;
      assertThat(sent(expire())).allMatch(p -> p.desiredMinTxMicros() == 1_000_000);
      assertThat(now - before).isBetween(750 * MILLI, 1_000 * MILLI);
    }
    hear(packet(SessionState.DOWN, 0));
    hear(packet(SessionState.INIT, ours()));
    var gaps = new ArrayList<Long>();
    for (int i = 0; i < 200; i++) {
      long before = now;
      expire();
      gaps.add(now - before);
      hear(packet(SessionState.UP, ours()));
    }
    assertThat(gaps).allMatch(gap -> gap >= 75 * MILLI && gap <= 100 * MILLI);
    assertThat(gaps.stream().distinct().count()).isGreaterThan(100);
  }

  @Test
  void newIntervalsArePolledUntilThePeerSaysFinal() {
    begin(SessionState.UP);
    assertThat(sent(expire())).allMatch(ControlPacket::poll);
    hear(
        new ControlPacket(
            0, SessionState.UP, false, true, false, false, 3, 99, ours(), 100_000, 100_000, 0));
    assertThat(sent(expire())).noneMatch(ControlPacket::poll);
    // §6.8.3: slower sending and a shorter detection wait for the Final
    var changed =
        new BfdSettings(WANTED.key(), US, Duration.ofMillis(500), Duration.ofMillis(200), 3, 255);
    brain.step(now, new BfdEvent.SessionsChanged(List.of(changed)));
    assertThat(only().transmitMicros()).isEqualTo(100_000);
    hear(
        new ControlPacket(
            0, SessionState.UP, false, true, false, false, 3, 99, ours(), 100_000, 100_000, 0));
    assertThat(only().transmitMicros()).isEqualTo(500_000);
    assertThat(only().detectionMicros()).isEqualTo(600_000);
  }

  @Test
  void aPollIsAnsweredAtOnceWithFinalAlone() {
    begin(SessionState.UP);
    var effects =
        hear(
            new ControlPacket(
                0, SessionState.UP, true, false, false, false, 3, 99, ours(), 100_000, 100_000, 0));
    assertThat(sent(effects)).singleElement().matches(p -> p.fin() && !p.poll());
  }

  @Test
  void aPeerThatWantsNoPacketsGetsNone() {
    begin(SessionState.UP);
    hear(
        new ControlPacket(
            0, SessionState.UP, false, false, false, false, 3, 99, ours(), 100_000, 0, 0));
    assertThat(only().transmitMicros()).isZero();
    assertThat(brain.nextDeadline()).hasValue(now + 300 * MILLI);
  }

  @Test
  void aSessionThatIsNotWantedSaysSoAndGoes() {
    begin(SessionState.UP);
    var effects = brain.step(now, new BfdEvent.SessionsChanged(List.of()));
    assertThat(sent(effects))
        .singleElement()
        .matches(p -> p.state() == SessionState.ADMIN_DOWN && p.diagnostic() == 7);
    hear(packet(SessionState.UP, ours()));
    assertThat(brain.view().discarded()).containsEntry(Discard.ADMIN_DOWN, 1L);
    for (int i = 0; i < 5 && brain.nextDeadline().isPresent(); i++) {
      expire();
    }
    assertThat(brain.view().sessions()).isEmpty();
  }

  @Test
  void packetsFromFartherAwayOrForNobodyAreCounted() {
    begin(SessionState.UP);
    hear(packet(SessionState.DOWN, ours()), 254); // RFC 5881 §5
    hear(packet(SessionState.DOWN, ours() ^ 1));
    assertThat(only().state()).isEqualTo(SessionState.UP);
    assertThat(brain.view().discarded())
        .containsEntry(Discard.TIME_TO_LIVE, 1L)
        .containsEntry(Discard.NO_SESSION, 1L);
  }

  @Test
  void theThousandAndTwentyFifthSessionIsRefused() {
    var wanted =
        IntStream.rangeClosed(0, Bfd.MOST_SESSIONS)
            .mapToObj(i -> BfdSettings.singleHop(PEER.plus(i), US, Duration.ofMillis(100), 3))
            .toList();
    var effects = brain.step(now, new BfdEvent.SessionsChanged(wanted));
    assertThat(brain.view().sessions()).hasSize(1_024);
    assertThat(effects).singleElement().asString().contains("refused");
  }

  @Test
  void settingsOutOfLimitsAreRefused() {
    assertThatThrownBy(() -> BfdSettings.singleHop(PEER, US, Duration.ofMillis(49), 3))
        .hasMessageContaining("49 ms");
    assertThatThrownBy(() -> BfdSettings.singleHop(PEER, US, Duration.ofSeconds(61), 3))
        .hasMessageContaining("61000 ms");
    assertThatThrownBy(() -> BfdSettings.singleHop(PEER, US, Duration.ofMillis(100), 1))
        .hasMessageContaining("multiplier 1");
  }

  @ParameterizedTest
  @CsvSource({ // RFC 5880 §6.8.6, one change to a good packet each
    "40c80318000000630000000000018 6a0000186a000000000, VERSION",
    "20480317000000630000000000018 6a0000186a000000000, LENGTH",
    "20480319000000630000000000018 6a0000186a000000000, TRUNCATED",
    "20480018000000630000000000018 6a0000186a000000000, DETECT_MULTIPLIER_ZERO",
    "20490318000000630000000000018 6a0000186a000000000, MULTIPOINT",
    "20480318000000000000000000018 6a0000186a000000000, MY_DISCRIMINATOR_ZERO",
    "20c80318000000630000000000018 6a0000186a000000000, YOUR_DISCRIMINATOR_ZERO",
    "204c0318000000630000000000018 6a0000186a000000000, LENGTH",
    "2048031800, TRUNCATED"
  })
  void aBadPacketIsDiscardedWithItsReason(String hex, Discard why) {
    assertThat(ControlPacket.decode(Octets.parse(hex.replace(" ", ""))))
        .isEqualTo(new ControlPacket.Reading.Invalid(why));
  }

  @Test
  void aPacketWithAuthenticationIsDiscarded() {
    assertThat(
            ControlPacket.decode(
                Octets.parse("2044031a0000006300000000000186a0000186a0000000000102")))
        .isEqualTo(new ControlPacket.Reading.Invalid(Discard.AUTHENTICATION));
  }

  @Test
  void theLayoutIsThatOfTheRfc() { // RFC 5880 §4.1, by hand
    var octets = Octets.parse("21e805180000006300000001000186a00003d09000000000");
    var packet =
        new ControlPacket(
            1, SessionState.UP, true, false, true, false, 5, 99, 1, 100_000, 250_000, 0);
    assertThat(packet.encode()).isEqualTo(octets);
    assertThat(ControlPacket.decode(octets)).isEqualTo(new ControlPacket.Reading.Valid(packet));
  }

  @Test
  void anyOctetsAreAPacketOrADiscard() {
    var random = new Random(1);
    for (int i = 0; i < 100_000; i++) {
      var octets = new byte[random.nextInt(40)];
      random.nextBytes(octets);
      if (octets.length > 3) {
        octets[0] = (byte) (0x20 | octets[0] & 0x1F);
        octets[3] = 24;
      }
      if (ControlPacket.decode(Octets.of(octets)) instanceof ControlPacket.Reading.Valid valid) {
        assertThat(ControlPacket.decode(valid.packet().encode())).isEqualTo(valid);
      }
    }
  }

  /** Two brains and a link between them that loses, delays and is cut. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void twoBrainsNeverBothUpOnACutLinkAndComeBack(long seed) {
    assertThat(run(seed)).isEqualTo(run(seed)).contains("PathUp");
  }

  private record Flight(long at, boolean toFirst, Octets octets) {}

  private static String run(long seed) {
    var random = new Random(seed);
    var trace = new StringBuilder();
    var brains = List.of(new Bfd(seed), new Bfd(seed + 1_000));
    var flights = new ArrayList<Flight>();
    long clock = 0;
    brains.get(0).step(0, new BfdEvent.SessionsChanged(List.of(WANTED)));
    brains
        .get(1)
        .step(
            0,
            new BfdEvent.SessionsChanged(
                List.of(BfdSettings.singleHop(US, PEER, Duration.ofMillis(150), 4))));
    long cutAt = (5_000 + random.nextInt(5_000)) * MILLI;
    long mendAt = cutAt + (1_000 + random.nextInt(9_000)) * MILLI;
    long end = mendAt + 20_000 * MILLI;
    while (clock < end) {
      long next = end;
      for (var one : brains) {
        next = Math.min(next, one.nextDeadline().orElse(end));
      }
      for (var flight : flights) {
        next = Math.min(next, flight.at());
      }
      clock = Math.max(clock, next);
      long at = clock;
      var due = flights.stream().filter(flight -> flight.at() <= at).toList();
      flights.removeAll(due);
      for (int i = 0; i < 2; i++) {
        var effects = new ArrayList<BfdEffect>();
        for (var flight : due) {
          if (flight.toFirst() == (i == 0)) {
            effects.addAll(
                brains
                    .get(i)
                    .step(
                        at,
                        new BfdEvent.PacketReceived(
                            i == 0 ? PEER : US,
                            i == 0 ? US : PEER,
                            Optional.empty(),
                            255,
                            flight.octets(),
                            false)));
          }
        }
        if (brains.get(i).nextDeadline().orElse(end) <= at) {
          effects.addAll(brains.get(i).step(at, new BfdEvent.DeadlineReached()));
        }
        for (var effect : effects) {
          trace.append(at).append(' ').append(i).append(' ').append(effect).append('\n');
          boolean cut = at >= cutAt && at < mendAt;
          // until the cut one in twenty is lost, then none, so that the end is certain
          if (effect instanceof BfdEffect.SendPacket(var _, var octets)
              && !cut
              && (at >= mendAt || random.nextInt(20) != 0)) {
            flights.add(new Flight(at + random.nextInt(5_000_000), i == 1, octets));
          }
        }
      }
      if (at > cutAt + 605 * MILLI && at < mendAt) { // 4 x 150 ms, and what was in flight
        assertThat(brains).noneMatch(one -> up(one));
      }
    }
    assertThat(brains).allMatch(one -> up(one));
    return trace.toString();
  }

  private static boolean up(Bfd brain) {
    return brain.view().sessions().getFirst().state() == SessionState.UP;
  }
}
