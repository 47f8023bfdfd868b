package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.AS;
import static io.weft.bgp.speaker.World.BLUE;
import static io.weft.bgp.speaker.World.RED;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.config;
import static io.weft.bgp.speaker.World.id;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.policy.Change;
import io.weft.bgp.policy.Match;
import io.weft.bgp.policy.Policy;
import io.weft.bgp.policy.Rule;
import io.weft.bgp.policy.Verdict;
import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.AutonomousSystem;
import io.weft.net.RouteTarget;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Policies at the sessions between a, which judges, and b, which says routes. */
class PoliciesTest {
  private static final Optional<Policy> ALL = Optional.empty();
  private static final Optional<Policy> NO_RED = rejecting(RED);
  private static final Optional<Policy> NO_BLUE = rejecting(BLUE);

  private final World world = new World();

  @Test
  void importDropsAtOnceAndGetsBackWhatItAcceptsLater() {
    start(peer(2).withPolicies(NO_RED, ALL));
    assertThat(world.best("a")).containsExactly(mac(2, 2).key());
    world.forget();

    change(peer(2).withPolicies(NO_BLUE, ALL));
    assertThat(world.best("a")).containsExactly(mac(2, 1).key());
    assertThat(refreshes("a")).isEqualTo(1);
    change(peer(2));
    assertThat(world.best("a")).hasSize(2);
    assertThat(neverWentDown()).isTrue();
  }

  @Test
  void importThatRejectedNothingAsksForNothing() {
    start(peer(2));
    world.forget();
    change(peer(2).withPolicies(NO_RED, ALL));
    assertThat(world.best("a")).containsExactly(mac(2, 2).key());
    assertThat(refreshes("a")).isZero();
  }

  @Test
  void importChangesAreMadeFromWhatWasReceivedEachTime() {
    start(peer(2).withPolicies(changing(preference(50)), ALL));
    assertThat(preferences("a")).containsOnly(50L);
    var marked =
        new Change(
            OptionalLong.empty(), OptionalLong.empty(), List.of(Community.of(65000, 7)), List.of());
    change(peer(2).withPolicies(changing(marked), ALL));
    assertThat(preferences("a")).containsOnly(100L);
    assertThat(world.speaker("a").view().routes())
        .allMatch(route -> route.attributes().has(Community.of(65000, 7)));
    assertThat(refreshes("a")).isZero();
  }

  @Test
  void exportTellsTheDifferenceOfTwoPolicies() {
    start(peer(2));
    world.give("a", originate(attributes(1, RED), mac(1, 1)));
    world.give("a", originate(attributes(1, BLUE), mac(1, 2)));
    world.forget();

    change(peer(2).withPolicies(ALL, NO_RED));
    assertThat(learned("b")).containsExactly(mac(1, 2).key());
    assertThat(world.updates("a"))
        .containsExactly(Message.Update.withdraw(List.of(mac(1, 1).key())));
    assertThat(world.peerOf("a", 2).sent()).isEqualTo(1);

    change(peer(2).withPolicies(ALL, NO_BLUE));
    assertThat(learned("b")).containsExactly(mac(1, 1).key());
    change(peer(2).withPolicies(ALL, changing(preference(7))));
    assertThat(preferences("b")).contains(7L);
    assertThat(world.peerOf("a", 2).sent()).isEqualTo(2);
    world.forget();
    change(peer(2).withPolicies(ALL, changing(preference(7))));
    assertThat(world.updates("a")).isEmpty();
    assertThat(neverWentDown()).isTrue();
  }

  @Test
  void exportPolicyAndRoutesMayChangeInOneStep() {
    start(peer(2));
    world.give("a", originate(attributes(1, RED), mac(1, 1), mac(1, 2), mac(1, 3)));
    world.give(
        "a",
        List.of(
            new SpeakerEvent.ConfigChanged(config(1, peer(2).withPolicies(ALL, NO_RED))),
            originate(attributes(1, BLUE), mac(1, 1)),
            new SpeakerEvent.OriginatedRoutesRemoved(List.of(mac(1, 2)))));
    assertThat(learned("b")).containsExactly(mac(1, 1).key());
    assertThat(world.peerOf("a", 2).sent()).isEqualTo(1);
  }

  @Test
  void noExternalPeerHearsOfLocalPreference() {
    var far = new AutonomousSystem(65001);
    var toB = new PeerConfig(World.address(2), far, false, false);
    var toA = new PeerConfig(World.address(1), AS, false, true);
    world.start("a", 1, config(1, toB.withPolicies(ALL, changing(preference(7)))));
    world.start(
        "b", 2, new SpeakerConfig(far, id(2), List.of(toA), List.of(), true, 90, 120, 10, 1000));
    world.pass(Duration.ofSeconds(5));
    world.give("a", originate(attributes(1, RED), mac(1, 1)));
    assertThat(world.updates("a").getLast().attributes().orElseThrow().localPreference()).isEmpty();
  }

  private void start(PeerConfig ofB) {
    world.start("a", 1, config(1, ofB));
    world.start("b", 2, config(2, peer(1)));
    world.pass(Duration.ofSeconds(1));
    world.give("b", originate(attributes(2, RED), mac(2, 1)));
    world.give("b", originate(attributes(2, BLUE), mac(2, 2)));
  }

  private void change(PeerConfig ofB) {
    world.give("a", new SpeakerEvent.ConfigChanged(config(1, ofB)));
  }

  private boolean neverWentDown() {
    return world.peerOf("a", 2).lastReason().isEmpty();
  }

  private long refreshes(String name) {
    return world.effects.getOrDefault(name, List.of()).stream()
        .filter(SpeakerEffect.Send.class::isInstance)
        .flatMap(effect -> ((SpeakerEffect.Send) effect).messages().stream())
        .filter(Message.RouteRefresh.class::isInstance)
        .count();
  }

  private List<Route> learned(String name) {
    return world.speaker(name).view().routes().stream()
        .filter(route -> !route.local())
        .map(route -> route.route().key())
        .toList();
  }

  private List<Long> preferences(String name) {
    return world.speaker(name).view().routes().stream()
        .filter(route -> !route.local())
        .map(SpeakerView.RouteView::attributes)
        .map(PathAttributes::localPreference)
        .map(OptionalLong::orElseThrow)
        .toList();
  }

  private static Change preference(long value) {
    return new Change(OptionalLong.of(value), OptionalLong.empty(), List.of(), List.of());
  }

  private static Optional<Policy> changing(Change change) {
    var rule = new Rule("change", Match.ANY, change, Verdict.ACCEPT);
    return Optional.of(new Policy("p", List.of(rule), Verdict.ACCEPT));
  }

  private static Optional<Policy> rejecting(RouteTarget target) {
    var match = new Match(List.of(), List.of(), List.of(target), List.of(), List.of(), List.of());
    var rule = new Rule("no " + target, match, Change.NONE, Verdict.REJECT);
    return Optional.of(new Policy("p", List.of(rule), Verdict.ACCEPT));
  }
}
