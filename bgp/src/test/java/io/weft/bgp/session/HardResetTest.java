package io.weft.bgp.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.Capability.GracefulFamily;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message.Keepalive;
import io.weft.bgp.wire.Message.Notification;
import io.weft.bgp.wire.Message.Open;
import io.weft.bgp.wire.NotificationText;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import io.weft.net.Octets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a NOTIFICATION does to routes (RFC 8538 §4): with the N bit of both only a hard reset. */
class HardResetTest {
  private static final AutonomousSystem AS = new AutonomousSystem(65000);
  private static final Ipv4Address OURS = Ipv4Address.parse("10.0.0.1");
  private static final Ipv4Address THEIRS = Ipv4Address.parse("10.0.0.2");
  private static final Duration RESTART = Duration.ofSeconds(60);

  @ParameterizedTest
  @CsvSource({"true, true, 60", "true, false, 0", "false, true, 0", "false, false, 0"})
  void receivedNotificationKeepsRoutesWhereBothSetTheBit(boolean ours, boolean theirs, int kept) {
    assertThat(keep(established(ours, theirs).step(1, said(6, 4)))).hasSeconds(kept);
  }

  @Test
  void receivedHardResetTakesThem() {
    assertThat(keep(established(true, true).step(1, said(6, 9)))).isZero();
  }

  @Test
  void holdTimerThatExpiresKeepsThem() {
    var outputs =
        established(true, true)
            .step(Duration.ofSeconds(90).toNanos(), new SessionInput.TimePassed());
    assertThat(outputs)
        .contains(new SessionOutput.Send(1, List.of(Notifications.HOLD_TIMER_EXPIRED)));
    assertThat(keep(outputs)).isEqualTo(RESTART);
    assertThat(
            keep(
                established(true, false)
                    .step(Duration.ofSeconds(90).toNanos(), new SessionInput.TimePassed())))
        .isZero();
  }

  @Test
  void whatMustResetIsWrapped() {
    var shutdown = Notifications.shutdown("moving to rack 7");
    var stop = new SessionInput.Stop(shutdown, "shutdown", Optional.empty(), true);

    var outputs = established(true, true).step(1, stop);
    assertThat(keep(outputs)).isZero();
    var sent = sent(outputs);
    assertThat(sent.data())
        .isEqualTo(Octets.parse("06 02 10 6d6f76696e6720746f207261636b2037".replace(" ", "")));
    assertThat(NotificationText.describe(sent))
        .isEqualTo("6/9 Cease/Hard Reset: 6/2 Cease/Administrative Shutdown: \"moving to rack 7\"");

    var plain = established(true, false).step(1, stop);
    assertThat(sent(plain)).isEqualTo(shutdown);
    assertThat(keep(plain)).isZero();
  }

  @Test
  void whatNeedNotResetIsNot() {
    var collision =
        new SessionInput.Stop(
            Notifications.CONNECTION_COLLISION, "collision", Optional.of(Duration.ZERO), false);
    var outputs = established(true, true).step(1, collision);
    assertThat(sent(outputs)).isEqualTo(Notifications.CONNECTION_COLLISION);
    assertThat(keep(outputs)).isEqualTo(RESTART);
  }

  private static SessionInput said(int code, int subcode) {
    return new SessionInput.Received(new Notification(code, subcode, Octets.EMPTY));
  }

  private static Notification sent(List<SessionOutput> outputs) {
    return outputs.stream()
        .filter(SessionOutput.Send.class::isInstance)
        .map(output -> (Notification) ((SessionOutput.Send) output).messages().getFirst())
        .findFirst()
        .orElseThrow();
  }

  private static Duration keep(List<SessionOutput> outputs) {
    return outputs.stream()
        .filter(SessionOutput.Ended.class::isInstance)
        .map(output -> ((SessionOutput.Ended) output).keepRoutes())
        .findFirst()
        .orElseThrow();
  }

  private static Session established(boolean ours, boolean theirs) {
    var session = new Session(new SessionSettings(AS, OURS, AS, false));
    session.step(0, new SessionInput.Start(false));
    session.step(0, new SessionInput.Opened(1, true, open(OURS, ours)));
    session.step(0, new SessionInput.Received(open(THEIRS, theirs)));
    session.step(0, new SessionInput.Received(new Keepalive()));
    return session;
  }

  private static Open open(Ipv4Address id, boolean notification) {
    return new Open(
        AS,
        90,
        id,
        List.of(
            new Capability.Multiprotocol(Family.L2VPN_EVPN),
            new Capability.GracefulRestart(
                false,
                notification,
                (int) RESTART.toSeconds(),
                List.of(new GracefulFamily(Family.L2VPN_EVPN, true)))));
  }
}
