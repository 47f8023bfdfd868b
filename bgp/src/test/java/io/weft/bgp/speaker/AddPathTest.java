package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.RED;
import static io.weft.bgp.speaker.World.address;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.config;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static io.weft.bgp.speaker.World.reflector;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.rib.Rib;
import io.weft.bgp.rib.RoutesIn;
import io.weft.bgp.rib.Source;
import io.weft.bgp.speaker.SessionOptions.AddPathMode;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoutesRemoved;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** RFC 7911: reflector r tells x all paths to what a, b and c say, and y the best only. */
class AddPathTest {
  private static final Route ROUTE = mac(50, 1);

  private final World world = new World();

  @BeforeEach
  void start() {
    var range =
        new PeerRange(
            IpPrefix.parse("10.0.0.0/24"),
            World.client(0).withOptions(SessionOptions.DEFAULT.withAddPath(AddPathMode.SEND)));
    var base = reflector(9);
    world.start(
        "r",
        9,
        new SpeakerConfig(
            base.as(), base.routerId(), List.of(), List.of(range), true, 90, 120, 100, 1000));
    for (int host = 1; host <= 3; host++) {
      world.start("n" + host, host, config(host, peer(9)));
    }
    var taking = peer(9).withOptions(SessionOptions.DEFAULT.withAddPath(AddPathMode.RECEIVE));
    world.start("x", 4, config(4, taking));
    world.start("y", 5, config(5, peer(9)));
    world.pass(Duration.ofSeconds(1));
    world.forget();
  }

  @Test
  void allPathsAreSentEachUnderAnIdentifierThatStays() {
    say(1);
    say(2);
    say(3);
    assertThat(hops("x")).containsExactly(address(1), address(2), address(3));
    assertThat(hops("y")).containsExactly(address(1));
    assertThat(ids("x")).containsExactly(1L, 2L, 3L);
    assertThat(world.peerOf("r", 4).sent()).isEqualTo(3);
    world.forget();

    world.give("n1", new OriginatedRoutesRemoved(List.of(ROUTE)));
    assertThat(hops("x")).containsExactly(address(2), address(3));
    assertThat(ids("x")).containsExactly(2L, 3L);
    assertThat(hops("y")).containsExactly(address(2));
    var toX =
        world.updates("r").stream().filter(update -> !update.withdrawnPathIds().isEmpty()).toList();
    assertThat(toX)
        .singleElement()
        .satisfies(update -> assertThat(update.withdrawnPathIds()).containsExactly(1L));

    world.give("n3", originate(attributes(7, RED), ROUTE)); // replaces in place
    assertThat(ids("x")).containsExactlyInAnyOrder(2L, 3L);
    assertThat(hops("x")).containsExactlyInAnyOrder(address(2), address(7));
    assertThat(world.peerOf("r", 4).sent()).isEqualTo(2);
  }

  @Test
  void aPathThatIsOfThePeerItselfIsNotSentBack() {
    say(1);
    world.give("x", originate(attributes(4, RED), ROUTE));
    assertThat(hops("x").stream().filter(hop -> !hop.equals(address(4))))
        .containsExactly(address(1));
    assertThat(world.peerOf("r", 4).sent()).isEqualTo(1);
    var explained = world.speaker("r").explain(ROUTE);
    assertThat(explained.sendings().stream().filter(s -> s.peer().equals(address(4))))
        .extracting(sending -> sending.pathId() + " " + sending.notSent().isPresent())
        .containsExactly("1 false", "2 true");
  }

  @Test
  void whoComesLaterHearsAllPathsAndARefreshRepeatsThem() {
    say(1);
    say(2);
    var later = peer(9).withOptions(SessionOptions.DEFAULT.withAddPath(AddPathMode.BOTH));
    world.start("late", 6, config(6, later));
    assertThat(hops("late")).containsExactly(address(1), address(2));
    world.forget();
    world.give("late", new SpeakerEvent.ImportTargetsChanged(List.of(RED)));
    assertThat(hops("late")).containsExactly(address(1), address(2));
  }

  @Test
  void changesAddUpToAllPaths() {
    var random = new Random(3);
    var truth = new TreeMap<Integer, Integer>();
    for (int round = 0; round < 300; round++) {
      var events = new TreeMap<String, List<SpeakerEvent>>();
      world.hold("r");
      for (int i = 0; i < 3; i++) {
        int host = 1 + random.nextInt(3);
        int hop = 20 + random.nextInt(3);
        boolean there = random.nextBoolean();
        if (there) {
          truth.put(host, hop);
        } else {
          truth.remove(host);
        }
        events
            .computeIfAbsent("n" + host, _ -> new ArrayList<>())
            .add(
                there
                    ? originate(attributes(hop, RED), ROUTE)
                    : new OriginatedRoutesRemoved(List.of(ROUTE)));
      }
      events.forEach((name, list) -> list.forEach(event -> world.give(name, event)));
      world.release("r");
      var expected = truth.values().stream().map(World::address).sorted().toList();
      assertThat(hops("x").stream().sorted().toList()).isEqualTo(expected);
      assertThat(ids("x")).doesNotHaveDuplicates();
      assertThat(world.peerOf("r", 4).sent()).isEqualTo(truth.size());
    }
  }

  @Test
  void onePeerSaysAtMostSixtyFourPaths() {
    var rib = new Rib();
    var in = new RoutesIn(Source.local(World.id(1), World.AS));
    for (long id = 1; id <= 65; id++) {
      var announced = new Rib.Announced(ROUTE, id, attributes(1, RED));
      assertThat(rib.announce(in, announced, attributes(1, RED))).isEqualTo(id <= 64);
    }
  }

  private void say(int host) {
    world.give("n" + host, originate(attributes(host, RED), ROUTE));
  }

  private List<RouteView> paths(String name) {
    return world.speaker(name).view().routes().stream()
        .filter(view -> view.route().key().equals(ROUTE.key()))
        .toList();
  }

  private List<IpAddress> hops(String name) {
    return paths(name).stream().map(view -> view.attributes().nextHop()).toList();
  }

  private List<Long> ids(String name) {
    return paths(name).stream().map(RouteView::pathId).toList();
  }
}
