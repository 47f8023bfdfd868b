package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.AS;
import static io.weft.bgp.speaker.World.address;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.client;
import static io.weft.bgp.speaker.World.config;
import static io.weft.bgp.speaker.World.id;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.session.Notifications;
import io.weft.bgp.session.PeerAs;
import io.weft.bgp.speaker.SessionOptions.Excess;
import io.weft.bgp.speaker.SessionOptions.MaximumPrefixes;
import io.weft.bgp.wire.AsPath;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Message.Notification;
import io.weft.bgp.wire.NotificationText;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpPrefix;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SessionOptionsTest {
  private static final SessionOptions PLAIN = SessionOptions.DEFAULT;
  private static final AutonomousSystem OTHER = new AutonomousSystem(65009);

  private final World world = new World();

  @Test
  void holdTimeOfOnePeerMayBeThreeSeconds() {
    pair(peer(2).withOptions(PLAIN.withHoldSeconds(3)));
    world.give("b", originate(attributes(2, World.RED), mac(2, 1)));
    world.forget();
    world.pass(Duration.ofSeconds(60));
    assertThat(world.peerOf("a", 2).state()).isEqualTo("Established");
    assertThat(messages("a", Message.Keepalive.class)).hasSize(60);
    world.kill("b", false);
    world.pass(Duration.ofMillis(3_001));
    assertThat(world.peerOf("a", 2).lastReason().orElseThrow()).contains("hold timer expired");
  }

  // Shutdown.

  @Test
  void peerThatIsShutDownIsToldWhyAndKeptDown() {
    pair(peer(2));
    world.give("b", originate(attributes(2, World.RED), mac(2, 1)));
    world.forget();
    var shut = peer(2).withOptions(PLAIN.withShutdown("disk change, back at 15:00"));
    configure("a", shut);

    assertThat(words("a"))
        .containsExactly(
            "6/9 Cease/Hard Reset: 6/2 Cease/Administrative Shutdown:"
                + " \"disk change, back at 15:00\"");
    assertThat(world.best("a")).isEmpty();
    assertThat(world.peerOf("a", 2).state()).isEqualTo("Idle");
    assertThat(world.peerOf("a", 2).lastReason())
        .contains("administratively shut down: disk change, back at 15:00");
    assertThat(world.peerOf("b", 1).lastReason().orElseThrow()).contains("back at 15:00");

    world.forget();
    world.pass(Duration.ofMinutes(5));
    assertThat(world.peerOf("a", 2).state()).isEqualTo("Idle");
    assertThat(world.taken("a")).noneMatch(SpeakerEffect.Connect.class::isInstance);

    configure("a", peer(2));
    world.pass(Duration.ofSeconds(30));
    assertThat(world.peerOf("a", 2).state()).isEqualTo("Established");
  }

  @Test
  void connectionsOfAPeerThatIsShutDownAreRefusedWithTheText() {
    world.start("a", 1, config(1, peer(2).withOptions(PLAIN.withShutdown("later"))));
    world.give("a", new SpeakerEvent.Accepted(700, address(2)));
    assertThat(world.taken("a"))
        .containsExactly(
            new SpeakerEffect.Send(700, List.of(Notifications.shutdown("later"))),
            new SpeakerEffect.Close(700, "connection refused"));
    assertThat(world.peerOf("a", 2).state()).isEqualTo("Idle");
  }

  @Test
  void peerThatIsNoLongerConfiguredIsToldSo() {
    pair(peer(2));
    world.forget();
    world.give("a", new SpeakerEvent.ConfigChanged(config(1)));
    assertThat(words("a")).containsExactly("6/9 Cease/Hard Reset: 6/3 Cease/Peer De-configured");
    assertThat(world.speaker("a").view().peers()).isEmpty();
  }

  @Test
  void rangeThatIsShutDownRefusesAndHoldsNoPeer() {
    var template = client(2).withOptions(PLAIN.withShutdown("closed"));
    world.start("a", 1, ranges(1, new PeerRange(IpPrefix.parse("10.0.0.0/24"), template)));
    world.give("a", new SpeakerEvent.Accepted(700, address(3)));
    assertThat(words("a")).containsExactly("6/2 Cease/Administrative Shutdown: \"closed\"");
    assertThat(world.speaker("a").view().peers()).isEmpty();
  }

  // Limits of routes.

  @Test
  void warningComesOnceAndTheSessionStaysWhereThatIsAll() {
    pair(limited(4, new Excess.Warn()));
    world.forget();
    for (int number = 1; number <= 9; number++) {
      world.give("b", originate(attributes(2, World.RED), mac(2, number)));
    }
    assertThat(reports("a"))
        .containsExactly("2 routes, the limit is 4", "5 routes, the limit is 4");
    assertThat(world.best("a")).hasSize(9);
  }

  @Test
  void tooManyRoutesShutTheSessionUntilTheLimitIsAnother() {
    pair(limited(2, new Excess.Shut()));
    world.forget();
    world.give("b", originate(attributes(2, World.RED), mac(2, 1), mac(2, 2), mac(2, 3)));
    assertThat(words("a"))
        .containsExactly("6/9 Cease/Hard Reset: 6/1 Cease/Maximum Number of Prefixes Reached");
    world.pass(Duration.ofHours(1));
    assertThat(world.peerOf("a", 2).state()).isEqualTo("Idle");
    assertThat(world.peerOf("a", 2).lastReason()).contains("more than 2 routes");
    assertThat(world.best("a")).isEmpty();

    configure("a", limited(3, new Excess.Shut()));
    world.pass(Duration.ofSeconds(30));
    assertThat(world.best("a")).hasSize(3);
  }

  @Test
  void tooManyRoutesCanBeTriedAgainAfterATime() {
    pair(limited(1, new Excess.Restart(300)));
    world.give("b", originate(attributes(2, World.RED), mac(2, 1), mac(2, 2)));
    world.pass(Duration.ofSeconds(299));
    assertThat(world.peerOf("a", 2).state()).isEqualTo("Idle");
    world.give("b", new SpeakerEvent.OriginatedRoutesRemoved(List.of(mac(2, 1))));
    world.pass(Duration.ofSeconds(20));
    assertThat(world.best("a")).containsExactly(mac(2, 2).key());
  }

  @Test
  void anotherLimitLeavesAStandingSessionAlone() {
    pair(limited(3, new Excess.Shut()));
    world.give("b", originate(attributes(2, World.RED), mac(2, 1), mac(2, 2)));
    world.forget();
    configure("a", limited(2, new Excess.Shut()));
    assertThat(messages("a", Notification.class)).isEmpty();
    assertThat(world.best("a")).hasSize(2);
    configure("a", limited(1, new Excess.Shut()));
    assertThat(world.peerOf("a", 2).state()).isEqualTo("Idle");
  }

  @Test
  void limitOfTheSpeakerHoldsWhereAPeersOnlyWarns() {
    world.start(
        "a", 1, SpeakerSessionTest.limited(config(1, limited(2, new Excess.Warn())), 10, 4));
    world.start("b", 2, config(2, peer(1)));
    world.pass(Duration.ofSeconds(1));
    world.forget();
    for (int number = 1; number <= 5; number++) {
      world.give("b", originate(attributes(2, World.RED), mac(2, number)));
    }
    assertThat(reports("a")).last().isEqualTo("5 routes, the limit is 4: session closed");
    assertThat(world.best("a")).isEmpty();
  }

  private static PeerConfig limited(int limit, Excess excess) {
    var maximum = new MaximumPrefixes(limit, 50, excess);
    return peer(2).withOptions(PLAIN.withMaximumPrefixes(Optional.of(maximum)));
  }

  // Numbers.

  @ParameterizedTest
  @CsvSource({"0, 0, true", "0, 1, false", "1, 1, true", "1, 2, false", "3, 3, true"})
  void ourNumberMayStandSoOftenInAPath(int allowed, int times, boolean taken) {
    pair(peer(2).withOptions(PLAIN.withAllowAsIn(allowed)));
    var path = new AsPath.Segment(false, Collections.nCopies(times, AS.value()));
    world.give("b", originate(through(path), mac(2, 1)));
    assertThat(world.best("a")).hasSize(taken ? 1 : 0);
  }

  private static PathAttributes through(AsPath.Segment segment) {
    var others = new AsPath.Segment(false, List.of(OTHER.value()));
    return attributes(2, World.RED).withAsPath(new AsPath(List.of(others, segment)));
  }

  @Test
  void numberOfAnExternalPeerIsLearnedFromItsOpen() {
    var external = peer(2).withAs(new PeerAs.External());
    world.start("a", 1, config(1, external));
    assertThat(world.peerOf("a", 2).as()).isEmpty();
    world.start("b", 2, as(OTHER, 2, new PeerConfig(address(1), AS, false, false)));
    world.give("b", originate(attributes(2, World.RED), mac(2, 1)));
    world.pass(Duration.ofSeconds(1));
    assertThat(world.peerOf("a", 2).as()).contains(OTHER);
    assertThat(world.best("a")).containsExactly(mac(2, 1).key());
    assertThat(world.speaker("a").view().routes().getFirst().attributes().asPath().length())
        .isEqualTo(1); // external, so with its number in front
  }

  @Test
  void ourOwnNumberIsNotExternal() {
    pair(peer(2).withAs(new PeerAs.External()));
    assertThat(world.peerOf("a", 2).lastReason().orElseThrow())
        .contains("AS 65000 where any external AS is due");
    assertThat(words("a")).contains("2/2 OPEN Message Error/Bad Peer AS");
  }

  // Ranges.

  @Test
  void narrowestRangeSaysWhatAPeerIs() {
    var external =
        new PeerConfig(address(0), AS, false, true)
            .withAs(new PeerAs.External())
            .withOptions(PLAIN.withHoldSeconds(9));
    world.start(
        "r",
        9,
        ranges(
            9,
            PeerRange.clients(IpPrefix.parse("10.0.0.0/24"), AS),
            new PeerRange(IpPrefix.parse("10.0.0.2/31"), external)));
    world.start("a", 1, config(1, peer(9)));
    world.start("b", 2, as(OTHER, 2, new PeerConfig(address(9), AS, false, false)));
    assertThat(world.peerOf("r", 1).client()).isTrue();
    assertThat(world.peerOf("r", 2).as()).contains(OTHER);
    assertThat(world.peerOf("r", 2).client()).isFalse();
    world.kill("b", false);
    world.pass(Duration.ofSeconds(10));
    assertThat(world.speaker("r").view().peers())
        .extracting(SpeakerView.PeerView::address)
        .containsExactly(address(1)); // the other had 9 s to be heard of
  }

  @Test
  void otherTermsOfARangeResetWhoCameOutOfIt() {
    var range = IpPrefix.parse("10.0.0.0/24");
    world.start("r", 9, ranges(9, PeerRange.clients(range, AS)));
    world.start("a", 1, config(1, peer(9)));
    var plain = new PeerRange(range, new PeerConfig(address(0), AS, false, true));
    world.give("r", new SpeakerEvent.ConfigChanged(ranges(9, plain)));
    world.pass(Duration.ofSeconds(10));
    assertThat(world.peerOf("r", 1).state()).isEqualTo("Established");
    assertThat(world.peerOf("r", 1).client()).isFalse();
    world.give("r", new SpeakerEvent.ConfigChanged(ranges(9)));
    assertThat(world.speaker("r").view().peers()).isEmpty();
  }

  @Test
  void whoCameOutOfARangeStaysWhenItIsConfiguredByAddress() {
    var range = PeerRange.clients(IpPrefix.parse("10.0.0.0/24"), AS);
    world.start("r", 9, ranges(9, range));
    world.start("a", 1, config(1, peer(9)));
    world.forget();
    world.give("r", new SpeakerEvent.ConfigChanged(config(9, client(1))));
    assertThat(messages("r", Notification.class)).isEmpty();
    world.kill("a", true);
    world.pass(Duration.ofMinutes(10));
    assertThat(world.peerOf("r", 1).state()).isEqualTo("Active");
    world.give("r", new SpeakerEvent.ConfigChanged(ranges(9, range)));
    assertThat(world.speaker("r").view().peers()).isEmpty();
  }

  private static SpeakerConfig ranges(int host, PeerRange... ranges) {
    return new SpeakerConfig(AS, id(host), List.of(), List.of(ranges), true, 90, 120, 100, 1000);
  }

  private static SpeakerConfig as(AutonomousSystem as, int host, PeerConfig peer) {
    return new SpeakerConfig(as, id(host), List.of(peer), List.of(), true, 90, 120, 100, 1000);
  }

  private void pair(PeerConfig b) {
    world.start("a", 1, config(1, b));
    world.start("b", 2, config(2, peer(1)));
    world.pass(Duration.ofSeconds(1));
  }

  private void configure(String name, PeerConfig peer) {
    world.give(name, new SpeakerEvent.ConfigChanged(config(1, peer)));
  }

  private <T> List<T> messages(String name, Class<T> kind) {
    return world.effects.getOrDefault(name, List.of()).stream()
        .filter(SpeakerEffect.Send.class::isInstance)
        .flatMap(effect -> ((SpeakerEffect.Send) effect).messages().stream())
        .filter(kind::isInstance)
        .map(kind::cast)
        .toList();
  }

  private List<String> words(String name) {
    return messages(name, Notification.class).stream().map(NotificationText::describe).toList();
  }

  private List<String> reports(String name) {
    return world.effects.getOrDefault(name, List.of()).stream()
        .filter(SpeakerEffect.Report.class::isInstance)
        .map(effect -> ((SpeakerEffect.Report) effect).text())
        .toList();
  }
}
