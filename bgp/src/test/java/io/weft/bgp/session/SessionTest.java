package io.weft.bgp.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.Capability.GracefulFamily;
import io.weft.bgp.wire.Capability.LongLivedFamily;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Message.Keepalive;
import io.weft.bgp.wire.Message.Notification;
import io.weft.bgp.wire.Message.Open;
import io.weft.bgp.wire.Message.RouteRefresh;
import io.weft.bgp.wire.Message.Update;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import io.weft.net.Octets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SessionTest {
  private static final AutonomousSystem AS = new AutonomousSystem(65000);
  private static final Ipv4Address OURS = Ipv4Address.parse("10.0.0.1");
  private static final Ipv4Address THEIRS = Ipv4Address.parse("10.0.0.2");
  private static final SessionSettings SETTINGS = new SessionSettings(AS, OURS, AS, false);
  private static final Family EVPN = Family.L2VPN_EVPN;

  private static final List<SessionInput> INPUTS =
      List.of(
          new SessionInput.Start(false),
          new SessionInput.Start(true),
          stop(Optional.of(Duration.ZERO), false),
          stop(Optional.of(Duration.ofSeconds(1)), true),
          new SessionInput.Superseded(),
          new SessionInput.Opened(2, false, open(90, OURS)),
          new SessionInput.ConnectFailed(),
          new SessionInput.Received(open(90, THEIRS)),
          new SessionInput.Received(Update.endOfRib(EVPN)),
          new SessionInput.Received(new Keepalive()),
          new SessionInput.Received(new RouteRefresh(EVPN, 0)),
          new SessionInput.Received(new Notification(6, 4, Octets.EMPTY)),
          new SessionInput.Undecodable(new Notification(1, 1, Octets.EMPTY), "marker"),
          new SessionInput.Lost("reset"),
          new SessionInput.TimePassed());

  @ParameterizedTest
  @EnumSource(SessionState.class)
  void everyInputInEveryStateHasAnAnswer(SessionState state) {
    for (var input : INPUTS) {
      for (long now : new long[] {1, Duration.ofHours(1).toNanos()}) {
        var session = in(state);
        var outputs = session.step(now, input);
        // A connection stands exactly in the last three states, and time never stops for it.
        assertThat(session.connection().isPresent())
            .as("%s %s", state, input)
            .isEqualTo(session.state().isConnected());
        boolean waitsForPeer = session.state() == SessionState.ACTIVE;
        assertThat(session.deadline().isPresent() || waitsForPeer || state == SessionState.IDLE)
            .as("%s %s", state, input)
            .isTrue();
        if (state.isConnected() && !session.state().isConnected()) {
          assertThat(outputs).anyMatch(SessionOutput.Ended.class::isInstance);
        }
      }
    }
  }

  @Test
  void unexpectedMessagesAreAnsweredWithTheSubcodeOfTheState() {
    assertThat(answer(SessionState.OPEN_SENT, new Keepalive())).isEqualTo("5/1");
    assertThat(answer(SessionState.OPEN_SENT, Update.endOfRib(EVPN))).isEqualTo("5/1");
    assertThat(answer(SessionState.OPEN_CONFIRM, Update.endOfRib(EVPN))).isEqualTo("5/2");
    assertThat(answer(SessionState.OPEN_CONFIRM, open(90, THEIRS))).isEqualTo("5/2");
    assertThat(answer(SessionState.ESTABLISHED, open(90, THEIRS))).isEqualTo("5/3");
  }

  @Test
  void openIsCheckedBeforeItIsConfirmed() {
    var evpn = new Capability.Multiprotocol(EVPN);
    assertThat(answer(SessionState.OPEN_SENT, open(90, OURS))).isEqualTo("2/3");
    assertThat(answer(SessionState.OPEN_SENT, open(90, Ipv4Address.UNSPECIFIED))).isEqualTo("2/3");
    assertThat(answer(SessionState.OPEN_SENT, open(1, THEIRS))).isEqualTo("2/6");
    assertThat(answer(SessionState.OPEN_SENT, open(2, THEIRS))).isEqualTo("2/6");
    assertThat(answer(SessionState.OPEN_SENT, open(3, THEIRS))).isEqualTo("none");
    assertThat(
            answer(
                SessionState.OPEN_SENT,
                new Open(new AutonomousSystem(65001), 90, THEIRS, List.of(evpn))))
        .isEqualTo("2/2");
    assertThat(
            answer(
                SessionState.OPEN_SENT,
                new Open(
                    AS, 90, THEIRS, List.of(new Capability.Multiprotocol(Family.IPV4_UNICAST)))))
        .isEqualTo("2/7");
  }

  @Test
  void smallerHoldTimeCountsAndKeepalivesGoAtItsThird() {
    var session = new Session(SETTINGS);
    session.step(0, new SessionInput.Start(false));
    session.step(0, new SessionInput.Opened(1, true, open(90, OURS)));
    session.step(0, new SessionInput.Received(open(9, THEIRS)));
    session.step(0, new SessionInput.Received(new Keepalive()));

    assertThat(session.deadline()).hasValue(Duration.ofSeconds(3).toNanos());
    assertThat(session.step(Duration.ofSeconds(3).toNanos(), new SessionInput.TimePassed()))
        .containsExactly(new SessionOutput.Send(1, List.of(new Keepalive())));
    session.step(Duration.ofSeconds(6).toNanos(), new SessionInput.TimePassed());
    assertThat(session.step(Duration.ofSeconds(9).toNanos(), new SessionInput.TimePassed()))
        .contains(new SessionOutput.Send(1, List.of(Notifications.HOLD_TIMER_EXPIRED)));
  }

  @Test
  void stopWithoutATimeLastsUntilStart() {
    var session = in(SessionState.ESTABLISHED);
    session.step(1, stop(Optional.empty(), true));
    assertThat(session.state()).isEqualTo(SessionState.IDLE);
    assertThat(session.deadline()).isEmpty();
    session.step(Duration.ofDays(1).toNanos(), new SessionInput.TimePassed());
    assertThat(session.state()).isEqualTo(SessionState.IDLE);
    assertThat(session.step(2, new SessionInput.Start(false)))
        .containsExactly(new SessionOutput.RequestConnect());
  }

  @Test
  void holdTimeZeroNeedsNoTimer() {
    var session = new Session(SETTINGS);
    session.step(0, new SessionInput.Start(false));
    session.step(0, new SessionInput.Opened(1, true, open(90, OURS)));
    session.step(0, new SessionInput.Received(open(0, THEIRS)));
    session.step(0, new SessionInput.Received(new Keepalive()));
    assertThat(session.state()).isEqualTo(SessionState.ESTABLISHED);
    assertThat(session.deadline()).isEmpty();
  }

  @Test
  void errorsAreFollowedByARestThatGrowsUntilASessionHasStood() {
    var session = new Session(SETTINGS);
    session.step(0, new SessionInput.Start(false));
    long now = 0;
    var rests = new ArrayList<Long>();
    for (int i = 0; i < 4; i++) {
      session.step(now, new SessionInput.Opened(i, true, open(90, OURS)));
      session.step(now, new SessionInput.Received(new Keepalive()));
      rests.add((session.deadline().orElseThrow() - now) / 1_000_000);
      now = session.deadline().orElseThrow();
      session.step(now, new SessionInput.TimePassed());
    }
    assertThat(rests).containsExactly(100L, 200L, 400L, 800L);

    session.step(now, new SessionInput.Opened(9, true, open(90, OURS)));
    session.step(now, new SessionInput.Received(open(90, THEIRS)));
    session.step(now, new SessionInput.Received(new Keepalive()));
    now += Duration.ofSeconds(11).toNanos();
    session.step(now, new SessionInput.Received(new Notification(6, 4, Octets.EMPTY)));
    assertThat(session.deadline()).isEqualTo(OptionalLong.of(now + 100_000_000));
  }

  @Test
  void gracefulRestartNeedsTheFamily() {
    var helperOnly = new Capability.GracefulRestart(true, true, 120, List.of());
    var full =
        new Capability.GracefulRestart(false, false, 60, List.of(new GracefulFamily(EVPN, true)));
    assertThat(keep(helperOnly)).isEqualTo(Duration.ZERO);
    assertThat(keep(full)).isEqualTo(Duration.ofSeconds(60));
  }

  /** RFC 9494 §4.2: the long-lived time begins at once, for which routes must not go. */
  @Test
  void restartTimeOfZeroIsEnoughWhereALongLivedTimeFollows() {
    var zero =
        new Capability.GracefulRestart(false, false, 0, List.of(new GracefulFamily(EVPN, true)));
    var longLived =
        new Capability.LongLivedGracefulRestart(List.of(new LongLivedFamily(EVPN, true, 3600)));
    assertThat(keep(zero)).isZero();
    assertThat(keep(zero, longLived)).isPositive();
  }

  private static Duration keep(Capability... more) {
    var capabilities = new ArrayList<Capability>(List.of(new Capability.Multiprotocol(EVPN)));
    capabilities.addAll(List.of(more));
    var session = new Session(SETTINGS);
    var theirs = new Open(AS, 90, THEIRS, capabilities);
    session.step(0, new SessionInput.Start(false));
    session.step(0, new SessionInput.Opened(1, true, new Open(AS, 90, OURS, capabilities)));
    session.step(0, new SessionInput.Received(theirs));
    session.step(0, new SessionInput.Received(new Keepalive()));
    return session.step(1, new SessionInput.Lost("reset")).stream()
        .filter(SessionOutput.Ended.class::isInstance)
        .map(output -> ((SessionOutput.Ended) output).keepRoutes())
        .findFirst()
        .orElseThrow();
  }

  private static String answer(SessionState state, Message message) {
    return in(state).step(1, new SessionInput.Received(message)).stream()
        .filter(SessionOutput.Send.class::isInstance)
        .flatMap(output -> ((SessionOutput.Send) output).messages().stream())
        .filter(Notification.class::isInstance)
        .map(sent -> ((Notification) sent).code() + "/" + ((Notification) sent).subcode())
        .findFirst()
        .orElse("none");
  }

  private static Session in(SessionState state) {
    var session = new Session(SETTINGS);
    var way =
        switch (state) {
          case IDLE -> List.<SessionInput>of();
          case CONNECT -> List.<SessionInput>of(new SessionInput.Start(false));
          case ACTIVE -> List.<SessionInput>of(new SessionInput.Start(true));
          case OPEN_SENT, OPEN_CONFIRM, ESTABLISHED ->
              List.of(
                      new SessionInput.Start(false),
                      new SessionInput.Opened(1, true, open(90, OURS)),
                      new SessionInput.Received(open(90, THEIRS)),
                      new SessionInput.Received(new Keepalive()))
                  .subList(0, state.ordinal() - SessionState.OPEN_SENT.ordinal() + 2);
        };
    way.forEach(input -> session.step(0, input));
    assertThat(session.state()).isEqualTo(state);
    return session;
  }

  private static SessionInput stop(Optional<Duration> idle, boolean hard) {
    return new SessionInput.Stop(Notifications.PEER_DECONFIGURED, "removed", idle, hard);
  }

  private static Open open(int hold, Ipv4Address id) {
    return new Open(
        AS,
        hold,
        id,
        List.of(
            new Capability.Multiprotocol(EVPN),
            new Capability.RouteRefresh(),
            new Capability.FourOctetAs(AS)));
  }
}
