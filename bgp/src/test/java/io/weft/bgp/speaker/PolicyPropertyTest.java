package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.address;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.config;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.policy.Change;
import io.weft.bgp.policy.Match;
import io.weft.bgp.policy.Policy;
import io.weft.bgp.policy.Rule;
import io.weft.bgp.policy.Verdict;
import io.weft.bgp.speaker.SessionOptions.AddPathMode;
import io.weft.bgp.wire.Family;
import io.weft.net.RouteTarget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A reflector whose policies, routes and sessions change at random, several in one step: each of
 * four clients, of which two take all paths, holds in the end what a simple reckoning says.
 */
class PolicyPropertyTest {
  private static final List<RouteTarget> TARGETS =
      List.of(RouteTarget.parse("65000:1"), RouteTarget.parse("65000:2"));
  private static final int HOSTS = 4;

  private final World world = new World();

  /** What each policy rejects, by client. */
  private final TreeMap<Integer, TreeSet<RouteTarget>> rejectedIn = new TreeMap<>();

  private final TreeMap<Integer, TreeSet<RouteTarget>> rejectedOut = new TreeMap<>();

  /** What each client says, by number of the route. */
  private final TreeMap<Integer, TreeMap<Integer, RouteTarget>> said = new TreeMap<>();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void clientsHoldWhatPoliciesLetThrough(long seed) {
    var random = new Random(seed);
    for (int host = 1; host <= HOSTS; host++) {
      rejectedIn.put(host, new TreeSet<>());
      rejectedOut.put(host, new TreeSet<>());
      said.put(host, new TreeMap<>());
    }
    world.start("r", 9, reflector());
    for (int host = 1; host <= HOSTS; host++) {
      world.start("n" + host, host, config(host, taking(host)));
    }
    world.pass(Duration.ofSeconds(1));
    for (int round = 0; round < 150; round++) {
      world.hold("r");
      for (int i = random.nextInt(4); i >= 0; i--) {
        disturb(random, 1 + random.nextInt(HOSTS));
      }
      world.release("r");
      world.pass(Duration.ofSeconds(random.nextInt(3)));
      if (round % 10 == 9) {
        world.pass(Duration.ofMinutes(8));
        check("seed " + seed + " round " + round);
      }
    }
  }

  private void disturb(Random random, int host) {
    var target = TARGETS.get(random.nextInt(TARGETS.size()));
    int number = random.nextInt(3);
    switch (random.nextInt(10)) {
      case 0, 1 -> toggle(rejectedIn.getOrDefault(host, new TreeSet<>()), target);
      case 2, 3 -> toggle(rejectedOut.getOrDefault(host, new TreeSet<>()), target);
      case 4 -> world.refresh("r", address(host), Family.L2VPN_EVPN);
      case 5 -> world.cut("n" + host);
      case 6, 7 -> {
        said.getOrDefault(host, new TreeMap<>()).remove(number);
        world.give("n" + host, new SpeakerEvent.OriginatedRoutesRemoved(List.of(mac(50, number))));
      }
      default -> {
        said.getOrDefault(host, new TreeMap<>()).put(number, target);
        world.give("n" + host, originate(attributes(host, target), mac(50, number)));
      }
    }
  }

  private void toggle(TreeSet<RouteTarget> rejected, RouteTarget target) {
    if (!rejected.remove(target)) {
      rejected.add(target);
    }
    world.give("r", new SpeakerEvent.ConfigChanged(reflector()));
  }

  private SpeakerConfig reflector() {
    var clients = new ArrayList<PeerConfig>();
    for (int host = 1; host <= HOSTS; host++) {
      var options =
          SessionOptions.DEFAULT.withAddPath(takesAll(host) ? AddPathMode.SEND : AddPathMode.NONE);
      clients.add(
          World.client(host)
              .withOptions(options)
              .withPolicies(
                  rejecting(rejectedIn.getOrDefault(host, new TreeSet<>())),
                  rejecting(rejectedOut.getOrDefault(host, new TreeSet<>()))));
    }
    return config(9, clients.toArray(PeerConfig[]::new));
  }

  private static PeerConfig taking(int host) {
    return peer(9)
        .withOptions(
            SessionOptions.DEFAULT.withAddPath(
                takesAll(host) ? AddPathMode.RECEIVE : AddPathMode.NONE));
  }

  private static boolean takesAll(int host) {
    return host > 2;
  }

  private static Optional<Policy> rejecting(TreeSet<RouteTarget> targets) {
    if (targets.isEmpty()) {
      return Optional.empty();
    }
    var match =
        new Match(List.of(), List.of(), List.copyOf(targets), List.of(), List.of(), List.of());
    var rule = new Rule("targets", match, Change.NONE, Verdict.REJECT);
    return Optional.of(new Policy("p", List.of(rule), Verdict.ACCEPT));
  }

  private void check(String when) {
    for (int host = 1; host <= HOSTS; host++) {
      var expected = expected(host);
      assertThat(held(host)).as("n%s at %s", host, when).isEqualTo(expected);
      assertThat(world.peerOf("r", host).sent())
          .as("sent to n%s at %s", host, when)
          .isEqualTo(expected.size());
    }
  }

  private List<String> expected(int to) {
    var expected = new ArrayList<String>();
    for (int number = 0; number < 3; number++) {
      boolean first = true;
      for (int from = 1; from <= HOSTS; from++) { // the lowest identifier is the best
        var target = said.getOrDefault(from, new TreeMap<>()).get(number);
        if (target == null || rejects(rejectedIn, from, target)) {
          continue;
        }
        if ((first || takesAll(to)) && from != to && !rejects(rejectedOut, to, target)) {
          expected.add(number + " by " + address(from) + " " + target);
        }
        first = false;
      }
    }
    return expected;
  }

  private static boolean rejects(
      TreeMap<Integer, TreeSet<RouteTarget>> rejected, int host, RouteTarget target) {
    return rejected.getOrDefault(host, new TreeSet<>()).contains(target);
  }

  private List<String> held(int host) {
    var held = new ArrayList<String>();
    for (int number = 0; number < 3; number++) {
      for (var path : world.speaker("n" + host).explain(mac(50, number)).paths()) {
        if (!path.path().local()) {
          var attributes = path.path().attributes();
          held.add(
              number + " by " + attributes.nextHop() + " " + attributes.routeTargets().getFirst());
        }
      }
    }
    return held.stream().sorted().toList();
  }
}
