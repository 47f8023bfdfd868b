package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.address;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.client;
import static io.weft.bgp.speaker.World.config;
import static io.weft.bgp.speaker.World.id;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static io.weft.bgp.speaker.World.reflector;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.session.PeerAs;
import io.weft.bgp.speaker.SessionOptions.AddPathMode;
import io.weft.bgp.speaker.SessionOptions.Excess;
import io.weft.bgp.speaker.SessionOptions.MaximumPrefixes;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Route;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpPrefix;
import io.weft.net.Octets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpeakerPropertyTest {

  /** Anything at all in any order: no exception, and the same script has the same effects. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void anyEventsAreAnsweredAndAlwaysAlike(long seed) {
    var transcript = script(seed);
    assertThat(script(seed)).isEqualTo(transcript);
    // The script is worth something only if it gets somewhere.
    for (var word : List.of("PeerUp", "PeerDown", "BestPathChanged", "EndOfRibReceived")) {
      assertThat(transcript).as(word).anyMatch(line -> line.startsWith(word));
    }
  }

  private static List<String> script(long seed) {
    var random = new Random(seed);
    var speaker = new Speaker(anyConfig(random));
    var transcript = new ArrayList<String>();
    // How many messages came over each connection that the speaker has open.
    var open = new TreeMap<Long, Integer>();
    long now = 0;
    for (int i = 0; i < 6000; i++) {
      now += random.nextInt(10) == 0 ? random.nextLong(3_000_000_000L) : 0;
      for (var effect : speaker.step(now, event(random, i, open))) {
        transcript.add(effect.toString());
        if (effect instanceof SpeakerEffect.Send(long connection, _)) {
          open.putIfAbsent(connection, 0);
        }
        if (effect instanceof SpeakerEffect.Close(long connection, _)) {
          open.remove(connection);
        }
      }
      var deadline = speaker.nextDeadline();
      if (deadline.isPresent() && deadline.getAsLong() <= now) {
        speaker.step(now, new SpeakerEvent.DeadlineReached());
        // A deadline that has been met does not stand for ever.
        assertThat(speaker.nextDeadline().orElse(Long.MAX_VALUE)).isGreaterThan(now);
      }
    }
    transcript.add(speaker.view().toString());
    return transcript;
  }

  /** Mostly what a real peer would do next, so that sessions get somewhere; else anything. */
  private static SpeakerEvent event(Random random, int step, TreeMap<Long, Integer> open) {
    if (open.isEmpty() || random.nextInt(8) == 0) {
      return event(random, step);
    }
    var connections = List.copyOf(open.keySet());
    long connection = connections.get(random.nextInt(connections.size()));
    int before = open.merge(connection, 1, Integer::sum) - 1;
    Message next =
        switch (before) {
          case 0 -> anyOffer(random, config(1 + (int) (connection % 5)));
          case 1 -> new Message.Keepalive();
          case 5 -> Message.Update.endOfRib(Family.L2VPN_EVPN);
          default ->
              random.nextInt(3) > 0
                  ? Message.Update.announce(
                      attributes(1 + random.nextInt(3), World.RED),
                      List.of(mac(1, random.nextInt(9)), mac(2, random.nextInt(9))))
                  : Message.Update.withdraw(List.of(mac(1, random.nextInt(9)).key()));
        };
    return new SpeakerEvent.MessageReceived(connection, new Decoded.Good(next));
  }

  private static SpeakerEvent event(Random random, int step) {
    long connection = Math.max(0, step - random.nextInt(40));
    var who = address(1 + random.nextInt(4));
    return switch (random.nextInt(20)) {
      case 0, 1 -> new SpeakerEvent.Accepted(step, who);
      case 2, 3 -> new SpeakerEvent.Connected(step, who);
      case 4 -> new SpeakerEvent.ConnectFailed(who, "refused");
      case 5 -> new SpeakerEvent.Disconnected(connection, "reset");
      case 6 -> new SpeakerEvent.DeadlineReached();
      case 7 -> originate(attributes(9, World.RED), mac(9, random.nextInt(5)));
      case 8 -> new SpeakerEvent.OriginatedRoutesRemoved(List.of(mac(9, random.nextInt(5))));
      case 9 -> new SpeakerEvent.OriginationCompleted();
      case 10 ->
          random.nextInt(10) > 0
              ? new SpeakerEvent.ImportTargetsChanged(
                  random.nextBoolean() ? List.of(World.RED) : List.of(World.BLUE))
              : new SpeakerEvent.ConfigChanged(
                  random.nextBoolean()
                      ? anyConfig(random)
                      : config(9 + random.nextInt(2), peer(1), peer(3)));
      case 11 ->
          new SpeakerEvent.MessageReceived(
              connection,
              new Decoded.Fatal(new Message.Notification(1, 2, Octets.EMPTY), "length"));
      default -> new SpeakerEvent.MessageReceived(connection, new Decoded.Good(message(random)));
    };
  }

  /** A reflector whose peers have any options, some of which keep their sessions down. */
  private static SpeakerConfig anyConfig(Random random) {
    var base = reflector(9, peer(1).withOptions(anyOptions(random)), client(2));
    var external = peer(3).withAs(new PeerAs.External()).withOptions(anyOptions(random));
    var ranges =
        random.nextInt(4) > 0
            ? base.ranges()
            : List.of(new PeerRange(IpPrefix.parse("10.0.0.4/30"), client(4)));
    return new SpeakerConfig(
        base.as(),
        base.routerId(),
        random.nextInt(3) == 0
            ? List.of(base.peers().getFirst(), client(2), external)
            : base.peers(),
        ranges,
        true,
        90,
        120,
        random.nextInt(2) * 300,
        100,
        1000);
  }

  private static SessionOptions anyOptions(Random random) {
    var modes = AddPathMode.values();
    var options =
        SessionOptions.DEFAULT
            .withAddPath(modes[random.nextInt(modes.length)])
            .withAllowAsIn(random.nextInt(3));
    var excess =
        List.of(new Excess.Warn(), new Excess.Shut(), new Excess.Restart(5)).get(random.nextInt(3));
    return switch (random.nextInt(8)) {
      case 0 -> options.withShutdown("out of service");
      case 1, 2 -> options.withMaximumPrefixes(Optional.of(new MaximumPrefixes(5, 50, excess)));
      case 3 -> options.withHoldSeconds(3);
      default -> options;
    };
  }

  /** An OPEN of a peer with any options, of which it may leave capabilities out. */
  private static Message.Open anyOffer(Random random, SpeakerConfig config) {
    var open = Offer.of(config, peer(1).withOptions(anyOptions(random)), random.nextBoolean());
    boolean bare = random.nextInt(4) == 0;
    return bare
        ? new Message.Open(
            open.as(),
            open.holdSeconds(),
            open.routerId(),
            open.capabilities().stream().filter(_ -> random.nextInt(8) > 0).toList())
        : open;
  }

  private static Message message(Random random) {
    int host = 1 + random.nextInt(4);
    return switch (random.nextInt(9)) {
      case 0, 1, 2 ->
          anyOffer(
              random,
              new SpeakerConfig(
                  random.nextInt(20) == 0 ? new AutonomousSystem(1) : World.AS,
                  id(host + random.nextInt(8)),
                  List.of(),
                  List.of(),
                  true,
                  random.nextInt(5) * 30,
                  random.nextInt(100),
                  random.nextInt(2) * 60,
                  1,
                  1));
      case 3, 4 -> new Message.Keepalive();
      case 5 ->
          Message.Update.announce(attributes(host, World.RED), List.of(mac(host, host), mac(1, 1)));
      case 6 -> Message.Update.withdraw(List.of(mac(host, 1).key()));
      case 7 ->
          random.nextBoolean()
              ? Message.Update.endOfRib(Family.L2VPN_EVPN)
              : new Message.RouteRefresh(Family.L2VPN_EVPN, random.nextInt(3));
      default ->
          random.nextInt(6) == 0
              ? new Message.Notification(6, random.nextInt(11), Octets.EMPTY)
              : new Message.RouteRefresh(Family.IPV4_UNICAST, 0);
    };
  }

  /**
   * Two reflectors and four nodes under changes, crashes and restarts: once all is quiet, everybody
   * has exactly what is originated, and was told of it as often as is counted.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void everyoneConvergesOnWhatIsOriginated(long seed) {
    var random = new Random(seed);
    var world = new World();
    world.start("r9", 9, reflector(9, peer(10)));
    world.start("r10", 10, reflector(10, peer(9)));
    Map<Integer, TreeMap<Integer, Integer>> truth = new LinkedHashMap<>();
    for (int host = 1; host <= 4; host++) {
      truth.put(host, new TreeMap<>());
      world.start("n" + host, host, nodeConfig(host));
    }
    for (int round = 0; round < 150; round++) {
      int host = 1 + random.nextInt(4);
      disturb(world, random, host, truth.getOrDefault(host, new TreeMap<>()));
      world.pass(Duration.ofMillis(random.nextInt(3000)));
    }
    world.pass(Duration.ofMinutes(6));

    var expected = new ArrayList<String>();
    truth.forEach(
        (host, macs) -> macs.forEach((m, label) -> expected.add("" + mac(host, m, label))));
    expected.sort(String::compareTo);
    for (var speaker : world.speakers.values()) {
      var view = speaker.view();
      assertThat(
              view.routes().stream()
                  .filter(SpeakerView.RouteView::best)
                  .map(route -> "" + route.route())
                  .sorted()
                  .toList())
          .isEqualTo(expected);
      assertThat(view.peers()).allMatch(p -> p.state().equals("Established"));
      assertThat(view.peers()).allMatch(p -> p.staleRoutes() == 0);
    }
    for (int host = 1; host <= 4; host++) {
      assertThat(world.peerOf("r9", host).sent())
          .isEqualTo(world.peerOf("n" + host, 9).received())
          .isEqualTo(expected.size() - truth.getOrDefault(host, new TreeMap<>()).size());
    }
  }

  private static SpeakerConfig nodeConfig(int host) {
    return config(host, peer(9), peer(10));
  }

  private static void disturb(World world, Random random, int host, TreeMap<Integer, Integer> own) {
    int number = random.nextInt(6);
    switch (random.nextInt(12)) {
      case 0 -> {
        // The agent dies, says again what it has (a little less, perhaps), and goes on.
        world.kill("n" + host, random.nextBoolean());
        world.pass(Duration.ofMillis(random.nextInt(1500)));
        own.remove(number);
        world.add("n" + host, host, nodeConfig(host));
        world.give("n" + host, all(host, own));
        world.give("n" + host, new SpeakerEvent.OriginationCompleted());
      }
      case 1 -> {
        int reflector = 9 + random.nextInt(2);
        world.kill("r" + reflector, random.nextBoolean());
        world.pass(Duration.ofMillis(random.nextInt(1500)));
        world.start("r" + reflector, reflector, reflector(reflector, peer(19 - reflector)));
      }
      case 2, 3, 4 -> {
        own.remove(number);
        world.give(
            "n" + host, new SpeakerEvent.OriginatedRoutesRemoved(List.of(mac(host, number))));
      }
      default -> {
        own.put(number, 100 + random.nextInt(3));
        world.give("n" + host, all(host, own));
      }
    }
  }

  private static SpeakerEvent all(int host, TreeMap<Integer, Integer> own) {
    var routes = new ArrayList<Route>();
    own.forEach((number, label) -> routes.add(mac(host, number, label)));
    return originate(attributes(host, World.RED), routes.toArray(Route[]::new));
  }

  @Test
  void aHundredThousandRoutesGoThroughInTime() {
    var world = new World();
    var base = SpeakerSessionTest.limited(reflector(9), 100, 1_000_000);
    world.start("r", 9, base);
    world.start("a", 1, config(1, peer(9)));
    world.start("b", 2, SpeakerSessionTest.limited(config(2, peer(9)), 10, 1_000_000));
    var routes = new ArrayList<Route>();
    for (int i = 0; i < 100_000; i++) {
      routes.add(mac(1, i));
    }
    world.give("a", originate(attributes(1, World.RED), routes.toArray(Route[]::new)));
    assertThat(world.peerOf("b", 9).received()).isEqualTo(100_000);
  }
}
