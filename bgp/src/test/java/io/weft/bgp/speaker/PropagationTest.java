package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.address;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.client;
import static io.weft.bgp.speaker.World.config;
import static io.weft.bgp.speaker.World.id;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.node;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static io.weft.bgp.speaker.World.reflector;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.SpeakerEvent.ImportTargetsChanged;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoutesRemoved;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.PathAttributes.UnknownAttribute;
import io.weft.bgp.wire.Route;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import io.weft.net.Octets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PropagationTest {
  private final World world = new World();

  @Test
  void reflectorPassesOnWithOriginatorAndClusterAndNotBack() {
    oneReflector();
    world.give("a", originate(attributes(1, World.RED), mac(1, 1)));

    var path = onlyChange("b").path().orElseThrow();
    assertThat(path.route()).isEqualTo(mac(1, 1));
    assertThat(path.attributes().nextHop()).isEqualTo(address(1));
    assertThat(path.attributes().originatorId()).contains(id(1));
    assertThat(path.attributes().clusterList()).containsExactly(id(9));
    assertThat(world.peerOf("r", 1).sent()).isZero();
    assertThat(world.peerOf("r", 2).sent()).isEqualTo(1);
  }

  @Test
  void withdrawalArrivesAndRepetitionSendsNothing() {
    oneReflector();
    world.give("a", originate(attributes(1, World.RED), mac(1, 1)));
    world.forget();
    world.give("a", originate(attributes(1, World.RED), mac(1, 1)));
    assertThat(world.taken("a")).isEmpty();

    world.give("a", new OriginatedRoutesRemoved(List.of(mac(1, 1))));
    assertThat(onlyChange("b").path()).isEmpty();
    assertThat(world.speaker("r").view().routes()).isEmpty();
    assertThat(world.peerOf("r", 2).sent()).isZero();
  }

  @Test
  void anotherLabelIsAnnouncedOverTheSameKey() {
    oneReflector();
    world.give("a", originate(attributes(1, World.RED), mac(1, 1)));
    world.forget();
    world.give("a", originate(attributes(1, World.RED), mac(1, 1, 777)));
    assertThat(onlyChange("b").path().orElseThrow().route()).isEqualTo(mac(1, 1, 777));
    assertThat(world.best("b")).hasSize(1);
  }

  @Test
  void routesWithEqualAttributesShareAnUpdateBehindTheWithdrawals() {
    oneReflector();
    world.give("a", originate(attributes(1, World.RED), mac(1, 1)));
    world.forget();
    var effects =
        world
            .speaker("a")
            .step(
                world.now,
                List.of(
                    originate(attributes(1, World.RED), mac(1, 2), mac(1, 4)),
                    originate(attributes(1, World.BLUE), mac(1, 3)),
                    originate(attributes(1, World.RED), mac(1, 5)),
                    new OriginatedRoutesRemoved(List.of(mac(1, 1), mac(1, 4)))));
    assertThat(effects).hasSize(1);
    var messages = ((SpeakerEffect.Send) effects.getFirst()).messages();
    // mac 4 came and went in one step: it is not spoken of.
    assertThat(messages)
        .containsExactly(
            Message.Update.withdraw(List.of(mac(1, 1).key())),
            Message.Update.announce(attributes(1, World.RED), List.of(mac(1, 2), mac(1, 5))),
            Message.Update.announce(attributes(1, World.BLUE), List.of(mac(1, 3))));
  }

  @Test
  void twoReflectorsGiveEveryNodeBothPathsAndOneFailureWithdrawsNothing() {
    twoReflectors();
    world.give("a", originate(attributes(1, World.RED), mac(1, 1)));
    assertThat(paths("b", 1)).isEqualTo(2);
    // The reflectors tell each other, but not what the other told them.
    assertThat(paths("r", 1)).isEqualTo(2);
    assertThat(world.peerOf("b", 9).sent()).isZero();
    world.forget();

    world.give("r", new SpeakerEvent.ConfigChanged(config(9)));
    assertThat(world.best("b")).containsExactly(mac(1, 1).key());
    assertThat(paths("b", 1)).isEqualTo(1);
    assertThat(changes("b")).allMatch(change -> change.path().isPresent());
  }

  @Test
  void twoReflectorsSettleAfterEachChangeWithOneUpdateEach() {
    twoReflectors();
    world.give("a", originate(attributes(1, World.RED), mac(1, 1)));
    world.forget();
    var moved = withCommunity(attributes(1, World.RED), ExtendedCommunity.macMobility(false, 1));
    world.give("a", originate(moved, mac(1, 1)));
    assertThat(world.updates("r").stream().filter(update -> !update.withdrawn().isEmpty()))
        .isEmpty();
    world.give("a", new OriginatedRoutesRemoved(List.of(mac(1, 1))));
    assertThat(world.best("b")).isEmpty();
    assertThat(world.best("r")).isEmpty();
    assertThat(world.best("s")).isEmpty();
  }

  @Test
  void nonClientsDoNotHearOfNonClients() {
    world.start("r", 9, config(9, client(1), peer(2), peer(3)));
    world.start("a", 1, config(1, peer(9)));
    world.start("b", 2, config(2, peer(9)));
    world.start("c", 3, config(3, peer(9)));
    world.pass(Duration.ofSeconds(11));
    world.give("b", originate(attributes(2, World.RED), mac(2, 1)));
    assertThat(world.best("a")).hasSize(1);
    assertThat(world.best("c")).isEmpty();
    world.give("a", originate(attributes(1, World.RED), mac(1, 1)));
    assertThat(world.best("b")).hasSize(2);
    assertThat(world.best("c")).containsExactly(mac(1, 1).key());
  }

  @Test
  void routesThatCameThroughUsAreNotTakenAgain() {
    oneReflector();
    var looped = attributes(5, World.RED);
    world.give("a", originate(with(looped, Optional.of(id(9)), List.of()), mac(5, 1)));
    world.give("a", originate(with(looped, Optional.of(id(5)), List.of(id(8), id(9))), mac(5, 2)));
    assertThat(world.best("r")).isEmpty();
    // What is good turns bad: the older path must not stay.
    world.give("a", originate(looped, mac(5, 1)));
    assertThat(world.best("r")).hasSize(1);
    world.give("a", originate(with(looped, Optional.of(id(9)), List.of()), mac(5, 1)));
    assertThat(world.best("r")).isEmpty();
  }

  @Test
  void externalPeersGetOurAsAndNoInternalAttributes() {
    var other = new AutonomousSystem(4_200_000_000L);
    world.start("a", 1, config(1, new PeerConfig(address(2), other, false, false), client(3)));
    world.start(
        "b",
        2,
        new SpeakerConfig(
            other,
            id(2),
            List.of(new PeerConfig(address(1), World.AS, false, true)),
            List.of(),
            true,
            90,
            120,
            10,
            1000));
    world.start("c", 3, config(3, peer(1)));
    world.pass(Duration.ofSeconds(5));
    var marked =
        withUnknown(
            attributes(3, World.RED),
            new UnknownAttribute(0xe0, 200, Octets.parse("01")),
            new UnknownAttribute(0x80, 201, Octets.parse("02")));
    world.give("c", originate(marked, mac(3, 1)));
    world.give("b", originate(attributes(2, World.RED), mac(2, 1)));

    var atB = changes("b").getLast().path().orElseThrow().attributes();
    assertThat(atB.asPath()).hasToString("65000");
    assertThat(atB.originatorId()).isEmpty();
    assertThat(atB.nextHop()).isEqualTo(address(3));
    assertThat(atB.unknown()).containsExactly(new UnknownAttribute(0xe0, 200, Octets.parse("01")));
    var atC = changes("c").getLast().path().orElseThrow().attributes();
    assertThat(atC.asPath()).hasToString("4200000000");
    assertThat(atC.localPreference()).hasValue(100);
    assertThat(atC.clusterList()).isEmpty();
  }

  @Test
  void nodeKeepsWhatItImportsAndAsksAgainForNewTargets() {
    world.start("r", 9, reflector(9));
    // A peer without memberships (RFC 4684) gets everything and is asked again.
    var unconstrained = peer(9).withFamilies(List.of(Family.L2VPN_EVPN));
    world.start("n", 1, node(1, unconstrained));
    world.start("a", 2, config(2, peer(9)));
    world.give("a", originate(attributes(2, World.RED), mac(2, 1)));
    world.give("a", originate(attributes(2, World.BLUE), mac(2, 2)));
    assertThat(world.speaker("n").view().routes()).isEmpty();
    world.forget();

    world.give("n", new ImportTargetsChanged(List.of(World.RED)));
    assertThat(world.best("n")).containsExactly(mac(2, 1).key());
    assertThat(refreshes("n")).isEqualTo(1);
    world.give("n", new ImportTargetsChanged(List.of(World.BLUE, World.RED)));
    assertThat(world.best("n")).hasSize(2);
    world.forget();

    world.give("n", new ImportTargetsChanged(List.of(World.BLUE)));
    assertThat(onlyChange("n"))
        .isEqualTo(new SpeakerEffect.BestPathChanged(mac(2, 1).key(), List.of()));
    assertThat(refreshes("n")).isZero();
    // A kept route that changes to another target leaves.
    world.give("a", originate(attributes(2, World.RED), mac(2, 2)));
    assertThat(world.best("n")).isEmpty();
  }

  @Test
  void refreshRepeatsEverythingOnceAndCountsStay() {
    var unconstrained = peer(9).withFamilies(List.of(Family.L2VPN_EVPN));
    world.start("r", 9, reflector(9));
    world.start("a", 1, config(1, peer(9)));
    world.start("b", 2, config(2, unconstrained));
    world.give("a", originate(attributes(1, World.RED), mac(1, 1), mac(1, 2)));
    world.give("b", originate(attributes(2, World.RED), mac(2, 1)));
    world.forget();
    world.give("b", new ImportTargetsChanged(List.of(World.RED)));
    assertThat(world.updates("r")).isEmpty(); // b keeps all and does not ask
    world.give("b", new SpeakerEvent.ConfigChanged(node(2, unconstrained)));
    world.give("b", new ImportTargetsChanged(List.of(World.RED, World.BLUE)));
    var updates = world.updates("r");
    assertThat(updates.stream().flatMap(update -> update.announced().stream()))
        .containsExactlyInAnyOrder(mac(1, 1), mac(1, 2));
    assertThat(world.peerOf("r", 2).sent()).isEqualTo(2);
  }

  @Test
  void endOfRibWaitsUntilAllIsSaid() {
    world.start("r", 9, reflector(9));
    world.add("a", 1, config(1, peer(9)));
    world.give("a", originate(attributes(1, World.RED), mac(1, 1)));
    // What it wants is said at once, and the end of that: r's own routes wait for it.
    assertThat(endsOfRib("r"))
        .containsExactly(new SpeakerEffect.EndOfRibReceived(address(1), Family.ROUTE_TARGET));
    world.give("a", new SpeakerEvent.OriginationCompleted());
    assertThat(endsOfRib("r"))
        .containsExactly(new SpeakerEffect.EndOfRibReceived(address(1), Family.L2VPN_EVPN));
  }

  private List<SpeakerEffect> endsOfRib(String name) {
    return world.taken(name).stream()
        .filter(SpeakerEffect.EndOfRibReceived.class::isInstance)
        .toList();
  }

  @Test
  void manyRoutesShareALongMessage() {
    oneReflector();
    var routes = new ArrayList<Route>();
    for (int i = 0; i < 900; i++) {
      routes.add(mac(1, i));
    }
    world.give("a", originate(attributes(1, World.RED), routes.toArray(Route[]::new)));
    assertThat(world.best("b")).hasSize(900);
    assertThat(world.updates("r")).hasSize(1); // RFC 8654: up to 65,535 octets
  }

  private void oneReflector() {
    world.start("r", 9, reflector(9));
    world.start("a", 1, config(1, peer(9)));
    world.start("b", 2, config(2, peer(9)));
    world.forget();
  }

  private void twoReflectors() {
    world.start("r", 9, reflector(9, peer(10)));
    world.start("s", 10, reflector(10, peer(9)));
    world.start("a", 1, config(1, peer(9), peer(10)));
    world.start("b", 2, config(2, peer(9), peer(10)));
    world.pass(Duration.ofSeconds(11));
    world.forget();
  }

  private long paths(String name, int host) {
    return world.speaker(name).view().routes().stream()
        .filter(view -> view.attributes().nextHop().equals(address(host)))
        .count();
  }

  private long refreshes(String name) {
    return world.effects.getOrDefault(name, List.of()).stream()
        .filter(SpeakerEffect.Send.class::isInstance)
        .flatMap(effect -> ((SpeakerEffect.Send) effect).messages().stream())
        .filter(Message.RouteRefresh.class::isInstance)
        .count();
  }

  private List<SpeakerEffect.BestPathChanged> changes(String name) {
    return world.effects.getOrDefault(name, List.of()).stream()
        .filter(SpeakerEffect.BestPathChanged.class::isInstance)
        .map(SpeakerEffect.BestPathChanged.class::cast)
        .toList();
  }

  private SpeakerEffect.BestPathChanged onlyChange(String name) {
    var changes = changes(name);
    assertThat(changes).hasSize(1);
    return changes.getFirst();
  }

  private static PathAttributes with(
      PathAttributes of, Optional<Ipv4Address> originator, List<Ipv4Address> clusters) {
    return new PathAttributes(
        of.origin(),
        of.asPath(),
        of.nextHop(),
        OptionalLong.empty(),
        of.localPreference(),
        originator,
        clusters,
        of.extendedCommunities(),
        of.pmsiTunnel(),
        of.unknown());
  }

  private static PathAttributes withUnknown(PathAttributes of, UnknownAttribute... unknown) {
    return new PathAttributes(
        of.origin(),
        of.asPath(),
        of.nextHop(),
        of.med(),
        of.localPreference(),
        of.originatorId(),
        of.clusterList(),
        of.extendedCommunities(),
        of.pmsiTunnel(),
        List.of(unknown));
  }

  private static PathAttributes withCommunity(PathAttributes of, ExtendedCommunity community) {
    var communities = new ArrayList<>(of.extendedCommunities());
    communities.add(community);
    return PathAttributes.originated(of.nextHop(), communities, of.pmsiTunnel());
  }
}
