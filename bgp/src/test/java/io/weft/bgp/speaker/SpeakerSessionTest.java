package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.address;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.client;
import static io.weft.bgp.speaker.World.config;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static io.weft.bgp.speaker.World.reflector;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Message.Notification;
import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpeakerSessionTest {
  private final World world = new World();

  @Test
  void sessionComesUpAndStaysUpWhileKeepalivesFlow() {
    pair();

    assertThat(world.peerOf("a", 2).state()).isEqualTo("Established");
    assertThat(world.peerOf("b", 1).state()).isEqualTo("Established");
    assertThat(world.taken("a")).contains(new SpeakerEffect.PeerUp(address(2)));
    world.pass(Duration.ofMinutes(10));
    assertThat(world.taken("a"))
        .isNotEmpty()
        .allMatch(effect -> effect instanceof SpeakerEffect.Send);
  }

  @Test
  void holdTimerExpiresWhenThePeerFallsSilentAndItsRoutesGoAfterItsRestartTime() {
    pair();
    world.give("b", originate(attributes(2, World.RED), mac(2, 1)));
    assertThat(world.best("a")).containsExactly(mac(2, 1).key());
    world.forget();
    world.kill("b", false);

    world.pass(Duration.ofSeconds(89));
    assertThat(world.best("a")).hasSize(1);
    world.pass(Duration.ofSeconds(2));
    assertThat(notifications("a")).contains("4/0");
    assertThat(world.best("a")).hasSize(1); // RFC 8538 §4
    world.pass(Duration.ofSeconds(120));
    assertThat(world.best("a")).isEmpty();
    assertThat(world.peerOf("a", 2).lastReason().orElseThrow()).contains("hold timer expired");
  }

  @ParameterizedTest
  @CsvSource({"1, 2", "2, 1"})
  void ofTwoConnectionsThatCrossTheOneOfTheHigherIdentifierStays(int idOfA, int idOfB) {
    for (long seed = 0; seed < 200; seed++) {
      var wire = wire(idOfA, idOfB, seed);
      wire.connectAtOnce(100, true);
      wire.connectAtOnce(101, false);
      wire.run();
      assertThat(wire.states()).as("seed %s", seed).containsOnly("Established");
      // RFC 4271 §6.8: what the speaker with the higher identifier opened.
      assertThat(wire.open()).as("seed %s", seed).containsExactly(idOfA > idOfB ? 100L : 101L);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 2", "2, 1"})
  void connectionThatComesWhileAnotherIsBeingOpenedNeverTakesBothDown(int idOfA, int idOfB) {
    for (long seed = 0; seed < 500; seed++) {
      var wire = wire(idOfA, idOfB, seed);
      wire.connect(100, true);
      wire.run((int) (seed % 12));
      wire.connect(101, false);
      wire.run();
      assertThat(wire.states()).as("seed %s", seed).containsOnly("Established");
      assertThat(wire.open()).as("seed %s", seed).hasSize(1);
    }
  }

  private static Wire wire(int idOfA, int idOfB, long seed) {
    var wire =
        new Wire(new Speaker(config(idOfA, peer(2))), new Speaker(config(idOfB, peer(1))), seed);
    wire.begin();
    return wire;
  }

  @Test
  void attemptsAreSpacedByDoublingUpToTenSeconds() {
    world.start("a", 1, config(1, peer(2)));
    assertThat(world.taken("a")).contains(new SpeakerEffect.Connect(address(2)));
    world.pass(Duration.ofMillis(99));
    assertThat(world.taken("a")).isEmpty();
    world.pass(Duration.ofMillis(1));
    assertThat(world.taken("a")).containsExactly(new SpeakerEffect.Connect(address(2)));
    world.pass(Duration.ofMinutes(1));
    world.forget();
    world.pass(Duration.ofMinutes(1));
    assertThat(world.taken("a")).hasSize(6);
  }

  @Test
  void passivePeerWaits() {
    world.start("r", 9, config(9, client(1)));
    world.pass(Duration.ofMinutes(5));
    assertThat(world.taken("r")).isEmpty();
    world.start("a", 1, config(1, peer(9)));
    assertThat(world.peerOf("r", 1).state()).isEqualTo("Established");
  }

  @Test
  void clientsOfARangeComeAndGo() {
    world.start("r", 9, reflector(9));
    world.start("a", 1, config(1, peer(9)));
    assertThat(world.peerOf("r", 1).client()).isTrue();
    world.kill("a", true);
    assertThat(world.speaker("r").view().peers()).isEmpty();
  }

  @Test
  void strangersAndSurplusPeersAreRefusedWithCease() {
    var base = reflector(9);
    world.start("r", 9, limited(base, 1, 1000));
    world.start("a", 1, config(1, peer(9)));
    world.start("b", 2, config(2, peer(9)));
    assertThat(world.speaker("r").view().peers()).hasSize(1);
    assertThat(notifications("r")).containsOnly("6/5");

    world.give("r", new SpeakerEvent.Accepted(7000, IpAddress.parse("192.0.2.1")));
    assertThat(world.taken("r"))
        .anyMatch(e -> e instanceof SpeakerEffect.Report r && r.text().contains("neither"));
  }

  @Test
  void peerWithTooManyRoutesStaysDownForAMinute() {
    world.start("r", 9, limited(reflector(9), 10, 2));
    world.start("a", 1, config(1, peer(9)));
    world.give("a", originate(attributes(1, World.RED), mac(1, 1), mac(1, 2)));
    assertThat(world.best("r")).hasSize(2);
    world.forget();
    world.give("a", originate(attributes(1, World.RED), mac(1, 3)));
    assertThat(world.best("r")).isEmpty();
    assertThat(world.peerOf("r", 1).state()).isEqualTo("Idle");
    assertThat(notifications("r")).contains("6/9");
    world.give("a", new SpeakerEvent.OriginatedRoutesRemoved(List.of(mac(1, 3))));
    world.pass(Duration.ofSeconds(59));
    assertThat(world.best("r")).isEmpty();
    world.pass(Duration.ofSeconds(12));
    assertThat(world.best("r")).hasSize(2);
  }

  @Test
  void configurationTouchesOnlyThePeerItChanges() {
    world.start("r", 9, config(9, client(1), client(2), client(3)));
    world.start("a", 1, config(1, peer(9)));
    world.start("b", 2, config(2, peer(9)));
    world.start("c", 3, config(3, peer(9)));
    world.forget();
    var passiveNonClient = new PeerConfig(address(2), World.AS, false, true);
    world.give("r", new SpeakerEvent.ConfigChanged(config(9, client(1), passiveNonClient)));

    var down =
        world.taken("r").stream()
            .filter(SpeakerEffect.PeerDown.class::isInstance)
            .map(effect -> ((SpeakerEffect.PeerDown) effect).peer())
            .toList();
    assertThat(down).containsExactly(address(2), address(3));
    world.pass(Duration.ofSeconds(1));
    assertThat(world.peerOf("r", 1).state()).isEqualTo("Established");
    assertThat(world.peerOf("r", 2).state()).isEqualTo("Established");
    assertThat(world.speaker("r").view().peers()).hasSize(2);
  }

  @Test
  void anotherIdentifierResetsEverySessionAndKeepsWhatWeOriginate() {
    pair();
    world.give("a", originate(attributes(1, World.RED), mac(1, 1)));
    world.give("b", originate(attributes(2, World.RED), mac(2, 1)));
    world.give("a", new SpeakerEvent.ConfigChanged(config(7, peer(2))));
    world.pass(Duration.ofSeconds(2));

    assertThat(world.peerOf("b", 1).routerId()).contains(World.id(7));
    assertThat(world.best("a")).hasSize(2);
    assertThat(world.best("b")).hasSize(2);
  }

  private void pair() {
    world.start("a", 1, config(1, peer(2)));
    world.start("b", 2, config(2, peer(1)));
    world.pass(Duration.ofSeconds(1));
  }

  private List<String> notifications(String name) {
    return world.effects.getOrDefault(name, List.of()).stream()
        .filter(SpeakerEffect.Send.class::isInstance)
        .flatMap(effect -> ((SpeakerEffect.Send) effect).messages().stream())
        .filter(Notification.class::isInstance)
        .map(message -> ((Notification) message).code() + "/" + ((Notification) message).subcode())
        .toList();
  }

  static SpeakerConfig limited(SpeakerConfig base, int maxPeers, int maxRoutes) {
    return new SpeakerConfig(
        base.as(),
        base.routerId(),
        base.peers(),
        base.ranges(),
        base.keepAll(),
        base.holdSeconds(),
        base.restartSeconds(),
        maxPeers,
        maxRoutes);
  }
}
