package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.AS;
import static io.weft.bgp.speaker.World.BLUE;
import static io.weft.bgp.speaker.World.RED;
import static io.weft.bgp.speaker.World.address;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.config;
import static io.weft.bgp.speaker.World.id;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.node;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.policy.Change;
import io.weft.bgp.policy.Match;
import io.weft.bgp.policy.Policy;
import io.weft.bgp.policy.Rule;
import io.weft.bgp.policy.Verdict;
import io.weft.bgp.rib.BestPath;
import io.weft.bgp.rib.NextHop;
import io.weft.bgp.rib.Reason;
import io.weft.bgp.speaker.Explanation.Refused;
import io.weft.bgp.wire.AsPath;
import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Why a route was not imported, is not best, is not sent. */
class ExplanationTest {
  private static final Route IPV6 = new UnicastRoute(IpPrefix.parse("2001:db8::/32"));
  private static final Route IPV4 = new UnicastRoute(IpPrefix.parse("192.0.2.0/24"));
  private static final AutonomousSystem OTHER = new AutonomousSystem(65001);

  private final World world = new World();

  @Test
  void whatIsNotImportedHasAReasonUntilItIsWithdrawnOrTaken() {
    var rule = new Rule("no-nine", Match.ANY, Change.NONE, Verdict.REJECT);
    var policy = Optional.of(new Policy("edge", List.of(rule), Verdict.ACCEPT));
    var open = peer(9).withFamilies(List.of(Family.L2VPN_EVPN));
    world.start("r", 9, World.reflector(9, peer(8).withPolicies(policy, Optional.empty())));
    world.start("s", 8, config(8, peer(9)));
    world.start("n", 1, node(1, open));
    world.pass(Duration.ofSeconds(15));
    world.give("r", originate(attributes(9, BLUE), mac(9, 1)));
    assertThat(refused("n", mac(9, 1)))
        .containsExactly(new Refused(address(9), new Reason.NoWantedTarget()));
    world.give("n", new SpeakerEvent.ImportTargetsChanged(List.of(BLUE)));
    assertThat(refused("n", mac(9, 1))).isEmpty();
    world.give("n", new SpeakerEvent.ImportTargetsChanged(List.of(RED)));
    assertThat(refused("n", mac(9, 1))).hasSize(1);
    world.give("r", new SpeakerEvent.OriginatedRoutesRemoved(List.of(mac(9, 1))));
    assertThat(refused("n", mac(9, 1))).isEmpty();

    world.give("s", originate(attributes(8, RED), mac(8, 1)));
    assertThat(refused("r", mac(8, 1)))
        .containsExactly(
            new Refused(address(8), new Reason.ByPolicy("edge", Optional.of("no-nine"))));
    assertThat(world.speaker("r").refused(route -> route.equals(mac(8, 1).key())))
        .containsExactly(mac(8, 1).key());
    assertThat(world.speaker("r").refused(route -> route.equals(mac(9, 1).key()))).isEmpty();
  }

  @Test
  void loopsAndFaultsAreTold() {
    world.start("a", 1, config(1, peer(2)));
    world.start("b", 2, config(2, peer(1)));
    world.pass(Duration.ofSeconds(1));
    var looped = new AsPath(List.of(new AsPath.Segment(false, List.of(AS.value()))));
    world.give("b", originate(attributes(2, RED).withAsPath(looped), mac(2, 1)));
    world.give("b", originate(attributes(2, RED).withOriginatorId(Optional.of(id(1))), mac(2, 2)));
    world.give("b", originate(attributes(2, RED).withClusterList(List.of(id(1))), mac(2, 3)));
    var faulty =
        new Message.Update(
            List.of(mac(2, 4).key()),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            List.of("ORIGIN: 7: treated as withdrawn"));
    world.give(
        "a", new SpeakerEvent.MessageReceived(world.connectionOf("a"), new Decoded.Good(faulty)));
    assertThat(List.of(1, 2, 3, 4))
        .extracting(number -> refused("a", mac(2, number)).getFirst().reason())
        .containsExactly(
            new Reason.AsLoop(),
            new Reason.OriginatorLoop(),
            new Reason.ClusterLoop(),
            new Reason.Malformed("ORIGIN: 7: treated as withdrawn"));
  }

  @Test
  void theStepThatDecidedIsNamed() {
    world.start("r", 9, World.reflector(9));
    world.start("a", 1, config(1, peer(9)));
    world.start("b", 2, config(2, peer(9)));
    world.give("a", originate(attributes(1, RED), mac(5, 1)));
    var worse = attributes(2, RED).withLocalPreference(OptionalLong.of(50));
    world.give("b", originate(worse, mac(5, 1)));
    var explained = world.speaker("r").explain(mac(5, 1));
    assertThat(explained.paths()).hasSize(2);
    assertThat(explained.paths().getFirst().notBest()).isEmpty();
    assertThat(explained.paths().getLast().notBest())
        .contains(new Reason.LostBy(BestPath.Step.PREFERENCE, "50", "100", address(1)));
    assertThat(explained.sendings())
        .extracting(sending -> sending.notSent().isPresent())
        .containsExactly(true, false);
  }

  @Test
  void communitiesKeepARouteHere() {
    world.start("a", 1, config(1, external(2), peer(3)));
    world.start("b", 2, other(2, external(1, AS)));
    world.start("c", 3, config(3, peer(1)));
    world.pass(Duration.ofSeconds(5));
    give("a", mac(1, 1), marked(Community.NO_EXPORT));
    give("a", mac(1, 2), marked(Community.NO_ADVERTISE));
    assertThat(reasons("a", mac(1, 1)))
        .containsExactly(
            Optional.of(new Reason.KeptByCommunity(Community.NO_EXPORT)), Optional.empty());
    assertThat(reasons("a", mac(1, 2)))
        .containsOnly(Optional.of(new Reason.KeptByCommunity(Community.NO_ADVERTISE)));
    assertThat(world.best("b")).isEmpty();
    assertThat(world.best("c")).containsExactly(mac(1, 1).key());
  }

  @Test
  void aNextHopThatTheSessionCannotCarryIsNotSent() {
    var families = List.of(Family.L2VPN_EVPN, Family.IPV6_UNICAST);
    world.start("a", 1, config(1, peer(2).withFamilies(families)));
    world.start("b", 2, config(2, peer(1).withFamilies(families)));
    world.pass(Duration.ofSeconds(1));
    give("a", IPV6, attributes(1));
    give("a", IPV4, attributes(1));
    assertThat(reasons("a", IPV6))
        .containsExactly(Optional.of(new Reason.NextHopOfOtherFamily(address(1))));
    assertThat(reasons("a", IPV4))
        .containsExactly(Optional.of(new Reason.FamilyNotAgreed(Family.IPV4_UNICAST)));
    give("a", IPV6, attributes(1).withNextHop(IpAddress.parse("2001:db8::1")));
    assertThat(reasons("a", IPV6)).containsExactly(Optional.empty());
    assertThat(world.best("b")).containsExactly(IPV6);
  }

  @Test
  void aPeerWithoutASessionIsToldOfAsSuch() {
    world.start("a", 1, config(1, peer(7)));
    give("a", mac(1, 1), attributes(1, RED));
    assertThat(reasons("a", mac(1, 1)).getFirst().orElseThrow().text())
        .startsWith("the session is ");
  }

  @Test
  void onlySoManyRefusalsAreRemembered() {
    var refusals = new Refusals();
    for (int number = 0; number < Refusals.MAX + 10; number++) {
      refusals.add(mac(1, number), new Reason.AsLoop());
    }
    assertThat(refusals.size()).isEqualTo(Refusals.MAX);
    assertThat(refusals.forgotten()).isEqualTo(10);
    assertThat(refusals.of(mac(1, 9).key())).isEmpty();
    assertThat(refusals.of(mac(1, 10).key())).isPresent();
    assertThat(refusals.byPolicy()).isTrue(); // who knows what was forgotten
  }

  private void give(String name, Route route, PathAttributes attributes) {
    world.give(name, originate(attributes, route));
  }

  private static PathAttributes marked(Community community) {
    return attributes(1, RED).withCommunities(List.of(community));
  }

  private List<Refused> refused(String name, Route route) {
    return world.speaker(name).explain(route).refused();
  }

  private List<Optional<Reason>> reasons(String name, Route route) {
    return world.speaker(name).explain(route).sendings().stream()
        .map(Explanation.Sending::notSent)
        .toList();
  }

  private static PeerConfig external(int host) {
    return external(host, OTHER);
  }

  private static PeerConfig external(int host, AutonomousSystem as) {
    return new PeerConfig(
        address(host),
        as,
        false,
        false,
        List.of(Family.L2VPN_EVPN),
        Optional.empty(),
        NextHop.AUTOMATIC);
  }

  private static SpeakerConfig other(int host, PeerConfig peer) {
    return new SpeakerConfig(OTHER, id(host), List.of(peer), List.of(), true, 90, 120, 10, 1000);
  }
}
