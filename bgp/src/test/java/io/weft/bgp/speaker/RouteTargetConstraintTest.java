package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.BLUE;
import static io.weft.bgp.speaker.World.RED;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.node;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static io.weft.bgp.speaker.World.reflector;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.SpeakerEvent.ImportTargetsChanged;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Route;
import io.weft.net.ImportTarget;
import io.weft.net.RouteTarget;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** RFC 4684: a node is sent the routes that it imports, and no others. */
final class RouteTargetConstraintTest {
  private final World world = new World();

  @BeforeEach
  void start() {
    world.start("reflector", 100, reflector(100));
    world.start("red", 1, node(1, peer(100)));
    world.start("blue", 2, node(2, peer(100)));
    wants("red", RED);
    wants("blue", BLUE);
    world.give("red", originate(attributes(1, RED), mac(1, 1), mac(1, 2)));
    world.give("blue", originate(attributes(2, BLUE), mac(2, 3)));
  }

  @Test
  void aNodeIsNotEvenSentWhatItDoesNotImport() {
    assertThat(routesOf("reflector")).hasSize(3);
    assertThat(sentTo("red")).isZero();
    assertThat(sentTo("blue")).isZero();
    assertThat(evpnRoutesSentBy("reflector")).isEmpty();
  }

  @Test
  void aTargetMoreBringsItsRoutesWithoutARefreshOfTheOthers() {
    wants("blue", BLUE, RED);
    assertThat(routesOf("blue")).contains(mac(1, 1), mac(1, 2), mac(2, 3));
    assertThat(sentTo("blue")).isEqualTo(2);
    assertThat(evpnRoutesSentBy("reflector")).containsExactlyInAnyOrder(mac(1, 1), mac(1, 2));
    assertThat(world.effects.get("blue"))
        .noneSatisfy(
            effect ->
                assertThat(messages(effect))
                    .hasOnlyElementsOfType(Message.RouteRefresh.class)
                    .isNotEmpty());
  }

  @Test
  void aTargetLessTakesThemBack() {
    wants("blue", BLUE, RED);
    wants("blue", BLUE);
    assertThat(routesOf("blue")).containsExactly(mac(2, 3));
    assertThat(sentTo("blue")).isZero();
  }

  @Test
  void whatChangesOnTheWayIsSentAndWithdrawnByTheNewInterest() {
    wants("blue", BLUE, RED);
    world.give("red", originate(attributes(1, BLUE, RED), mac(1, 1)));
    wants("blue", BLUE);
    assertThat(routesOf("blue")).contains(mac(1, 1)).doesNotContain(mac(1, 2));
    world.give("red", originate(attributes(1, RED), mac(1, 1)));
    assertThat(routesOf("blue")).containsExactly(mac(2, 3));
    assertThat(sentTo("blue")).isZero();
  }

  @Test
  void aNumberOfAnyAsAsksForAllAndKeepsItsOwn() {
    var other = RouteTarget.parse("4200000000:" + numberOf(RED));
    world.give("red", originate(attributes(1, other), mac(1, 4)));
    world.give(
        "blue", new ImportTargetsChanged(List.of(BLUE, ImportTarget.parse("*:" + numberOf(RED)))));
    assertThat(routesOf("blue"))
        .containsExactlyInAnyOrder(mac(2, 3), mac(1, 1), mac(1, 2), mac(1, 4));
    wants("blue", BLUE);
    assertThat(routesOf("blue")).containsExactly(mac(2, 3));
    assertThat(sentTo("blue")).isZero();
  }

  @Test
  void aNumberMoreIsAskedForAgainSinceAllWasSentBefore() {
    world.give("blue", new ImportTargetsChanged(List.of(ImportTarget.parse("*:4444"))));
    assertThat(routesOf("blue")).containsExactly(mac(2, 3));
    world.give("blue", new ImportTargetsChanged(List.of(RED, ImportTarget.parse("*:4444"))));
    assertThat(routesOf("blue")).contains(mac(1, 1), mac(1, 2));
  }

  @Test
  void anEndOfAllThatIsFollowedByOneOfItsTargetsBringsItAgain() {
    world.give("blue", new ImportTargetsChanged(List.of(ImportTarget.parse("*:" + numberOf(RED)))));
    world.hold("reflector");
    wants("blue");
    wants("blue", RED);
    world.release("reflector");
    assertThat(routesOf("blue")).contains(mac(1, 1), mac(1, 2));
    world.hold("reflector");
    wants("blue");
    world.give("blue", new ImportTargetsChanged(List.of(ImportTarget.parse("*:" + numberOf(RED)))));
    world.release("reflector");
    assertThat(routesOf("blue")).contains(mac(1, 1), mac(1, 2));
  }

  private static String numberOf(RouteTarget target) {
    return target.toString().substring(target.toString().indexOf(':') + 1);
  }

  @Test
  void aNodeThatComesAgainHearsAllThatItImports() {
    wants("blue", BLUE, RED);
    world.start("late", 3, node(3, peer(100)));
    wants("late", RED, BLUE);
    assertThat(routesOf("late")).contains(mac(1, 1), mac(1, 2), mac(2, 3));
    assertThat(sentTo("late")).isEqualTo(3);
  }

  @Test
  void aTargetThatGoesAndComesInOneStepOfTheNodeIsFilledAgain() {
    wants("blue", BLUE, RED);
    world.give(
        "blue",
        List.of(
            new ImportTargetsChanged(List.of(BLUE)), new ImportTargetsChanged(List.of(RED, BLUE))));
    assertThat(routesOf("blue")).contains(mac(1, 1), mac(1, 2), mac(2, 3));
    assertThat(sentTo("blue")).isEqualTo(2);
  }

  @Test
  void aMembershipThatGoesAndComesInOneStepOfTheReflectorBringsItsRoutesAgain() {
    wants("blue", BLUE, RED);
    world.hold("reflector");
    wants("blue", BLUE);
    wants("blue", BLUE, RED);
    world.release("reflector");
    assertThat(routesOf("blue")).contains(mac(1, 1), mac(1, 2), mac(2, 3));
    assertThat(sentTo("blue")).isEqualTo(2);
  }

  @Test
  void aRefreshAndAnotherInterestInOneStepSayEachRouteOnce() {
    wants("blue", BLUE, RED);
    wants("blue", BLUE);
    world.hold("reflector");
    wants("blue", BLUE, RED);
    world.refresh("reflector", World.address(2), Family.L2VPN_EVPN);
    world.forget();
    world.release("reflector");
    assertThat(evpnRoutesSentBy("reflector")).containsExactlyInAnyOrder(mac(1, 1), mac(1, 2));
    assertThat(sentTo("blue")).isEqualTo(2);
  }

  @Test
  void theEndWaitsForTheLastMembershipOfANodeThatIsSlowToStart() {
    world.add("slow", 3, node(3, peer(100)));
    wants("slow", RED);
    world.pass(Routing.MEMBERSHIPS_WAIT.plusSeconds(1));
    assertThat(routesOf("slow")).containsExactlyInAnyOrder(mac(1, 1), mac(1, 2));
    assertThat(ends("slow")).containsExactly(Family.ROUTE_TARGET);
    wants("slow", RED, BLUE);
    world.give("slow", new SpeakerEvent.OriginationCompleted());
    assertThat(ends("slow")).containsExactly(Family.L2VPN_EVPN);
    assertThat(routesOf("slow")).contains(mac(2, 3));
  }

  @Test
  void theEndDoesNotWaitForEver() {
    world.add("slow", 3, node(3, peer(100)));
    wants("slow", RED);
    world.pass(Routing.MEMBERSHIPS_END_WAIT.plusSeconds(1));
    assertThat(ends("slow")).containsExactly(Family.ROUTE_TARGET, Family.L2VPN_EVPN);
  }

  private List<Family> ends(String name) {
    return world.taken(name).stream()
        .filter(SpeakerEffect.EndOfRibReceived.class::isInstance)
        .map(effect -> ((SpeakerEffect.EndOfRibReceived) effect).family())
        .toList();
  }

  private void wants(String node, RouteTarget... targets) {
    world.give(node, new ImportTargetsChanged(List.of(targets)));
  }

  private List<Route> routesOf(String speaker) {
    return world.speakers.get(speaker).view().routes().stream()
        .map(SpeakerView.RouteView::route)
        .toList();
  }

  /** What the reflector says that it announced to a node. */
  private int sentTo(String node) {
    int host =
        switch (node) {
          case "red" -> 1;
          case "blue" -> 2;
          default -> 3;
        };
    return world.speakers.get("reflector").view().peers().stream()
        .filter(peer -> peer.address().equals(World.address(host)))
        .findFirst()
        .orElseThrow()
        .sent();
  }

  private List<Route> evpnRoutesSentBy(String speaker) {
    return world.effects.get(speaker).stream()
        .flatMap(effect -> messages(effect).stream())
        .filter(Message.Update.class::isInstance)
        .flatMap(message -> ((Message.Update) message).announced().stream())
        .filter(EvpnRoute.class::isInstance)
        .toList();
  }

  private static List<Message> messages(SpeakerEffect effect) {
    return effect instanceof SpeakerEffect.Send send ? send.messages() : List.of();
  }
}
