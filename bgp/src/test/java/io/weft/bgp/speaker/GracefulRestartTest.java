package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.address;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.config;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static io.weft.bgp.speaker.World.reflector;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Message.Notification;
import io.weft.net.Octets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The helper's side of RFC 4724 §4.2, at a reflector r between a, which restarts, and b. */
class GracefulRestartTest {
  private final World world = new World();

  @BeforeEach
  void twoRoutesOfA() {
    world.start("r", 9, reflector(9));
    world.start("b", 2, config(2, peer(9)));
    world.start("a", 1, config(1, peer(9)));
    world.give("a", originate(attributes(1, World.RED), mac(1, 1), mac(1, 2)));
    world.pass(Duration.ofSeconds(20));
    world.forget();
  }

  @Test
  void routesStayWhileThePeerIsAwayAndWhatItDoesNotRepeatGoesAtEndOfRib() {
    world.kill("a", true);
    assertThat(world.peerOf("r", 1).staleRoutes()).isEqualTo(2);
    assertThat(world.best("b")).hasSize(2);
    world.pass(Duration.ofSeconds(1));

    world.add("a", 1, config(1, peer(9)));
    world.give("a", originate(attributes(1, World.RED), mac(1, 2)));
    assertThat(world.peerOf("r", 1).staleRoutes()).isEqualTo(1);
    assertThat(world.updates("r").stream().filter(u -> !u.withdrawn().isEmpty())).isEmpty();
    assertThat(world.best("b")).hasSize(2);

    world.give("a", new SpeakerEvent.OriginationCompleted());
    assertThat(world.best("b")).containsExactly(mac(1, 2).key());
    assertThat(world.peerOf("r", 1).staleRoutes()).isZero();
  }

  @Test
  void restartThatChangesNothingIsNotHeardByOthers() {
    world.kill("a", true);
    world.pass(Duration.ofSeconds(1));
    world.add("a", 1, config(1, peer(9)));
    world.give("a", originate(attributes(1, World.RED), mac(1, 1), mac(1, 2)));
    world.give("a", new SpeakerEvent.OriginationCompleted());
    assertThat(world.peerOf("r", 1).state()).isEqualTo("Established");
    assertThat(world.taken("b").stream().filter(e -> !(e instanceof SpeakerEffect.Send))).isEmpty();
  }

  @Test
  void newConnectionReplacesAHalfDeadSession() {
    world.kill("a", false);
    assertThat(world.peerOf("r", 1).state()).isEqualTo("Established");
    world.add("a", 1, config(1, peer(9)));
    world.give("a", originate(attributes(1, World.RED), mac(1, 1), mac(1, 2)));
    assertThat(world.peerOf("r", 1).state()).isEqualTo("Established");
    assertThat(world.peerOf("a", 9).state()).isEqualTo("Established");
    world.give("a", new SpeakerEvent.OriginationCompleted());
    assertThat(world.peerOf("r", 1).staleRoutes()).isZero();
    assertThat(world.taken("b").stream().filter(e -> !(e instanceof SpeakerEffect.Send))).isEmpty();
    var sent = world.taken("r");
    assertThat(sent).anyMatch(SpeakerEffect.PeerDown.class::isInstance);
    assertThat(
            sent.stream()
                .filter(SpeakerEffect.Send.class::isInstance)
                .flatMap(effect -> ((SpeakerEffect.Send) effect).messages().stream()))
        .noneMatch(Notification.class::isInstance);
  }

  @Test
  void restartTimeBoundsTheWait() {
    world.kill("a", true);
    world.pass(Duration.ofSeconds(119));
    assertThat(world.best("b")).hasSize(2);
    world.pass(Duration.ofSeconds(2));
    assertThat(world.best("b")).isEmpty();
    assertThat(world.speaker("r").view().peers()).hasSize(1); // b; a is forgotten
  }

  @Test
  void peerThatNeverEndsItsRibIsSweptInTheEnd() {
    world.kill("a", true);
    world.add("a", 1, config(1, peer(9)));
    world.give("a", originate(attributes(1, World.RED), mac(1, 2)));
    world.pass(Duration.ofSeconds(179));
    assertThat(world.best("b")).hasSize(2);
    world.pass(Duration.ofSeconds(2));
    assertThat(world.best("b")).containsExactly(mac(1, 2).key());
  }

  @Test
  void secondRestartDropsWhatTheFirstLeftStale() {
    world.kill("a", true);
    world.add("a", 1, config(1, peer(9)));
    world.give("a", originate(attributes(1, World.RED), mac(1, 2)));
    world.kill("a", true);
    assertThat(world.best("b")).containsExactly(mac(1, 2).key());
  }

  @Test
  void hardResetDropsAtOnce() {
    var connection = connectionOf("r");
    world.give(
        "r",
        new SpeakerEvent.MessageReceived(
            connection, new Decoded.Good(new Notification(6, 9, Octets.parse("0602")))));
    assertThat(world.best("b")).containsExactly(mac(2, 7).key());
  }

  /** RFC 8538 §4. */
  @Test
  void otherNotificationIsLikeALostConnection() {
    var connection = connectionOf("r");
    world.connects = false;
    world.give(
        "r",
        new SpeakerEvent.MessageReceived(
            connection, new Decoded.Good(new Notification(6, 4, Octets.EMPTY))));
    assertThat(world.peerOf("r", 1).staleRoutes()).isEqualTo(2);
    assertThat(world.best("b")).hasSize(3);
    world.connects = true;
    world.pass(Duration.ofSeconds(10));
    assertThat(world.peerOf("r", 1).state()).isEqualTo("Established");
    assertThat(world.peerOf("r", 1).staleRoutes()).isZero();
    assertThat(world.best("b")).hasSize(3);
  }

  @Test
  void faultyOctetsAreAnsweredAndRoutesStay() {
    var connection = connectionOf("r");
    world.forget();
    world.give(
        "r",
        new SpeakerEvent.MessageReceived(
            connection, new Decoded.Fatal(new Notification(3, 1, Octets.EMPTY), "bad list")));
    assertThat(world.best("b")).hasSize(3);
    assertThat(world.taken("r"))
        .contains(
            new SpeakerEffect.Send(
                connection, List.<Message>of(new Notification(3, 1, Octets.EMPTY))),
            new SpeakerEffect.Close(connection, "sent NOTIFICATION 3/1: bad list"),
            new SpeakerEffect.PeerDown(address(1), "sent NOTIFICATION 3/1: bad list"));
  }

  /** The connection over which r heard of a route of a: the one it does not announce it to. */
  private long connectionOf(String name) {
    world.forget();
    world.give("b", originate(attributes(2, World.RED), mac(2, 7)));
    return world.taken(name).stream()
        .filter(SpeakerEffect.Send.class::isInstance)
        .map(effect -> ((SpeakerEffect.Send) effect).connection())
        .findFirst()
        .orElseThrow();
  }
}
