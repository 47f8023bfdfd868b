package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.address;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.node;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static io.weft.bgp.speaker.World.reflector;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.SpeakerEvent.ImportTargetsChanged;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoutesRemoved;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.Family;
import io.weft.net.AnyAsTarget;
import io.weft.net.ImportTarget;
import io.weft.net.RouteTarget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * RFC 4684 with two reflectors and four nodes, where everything that comes to a speaker may wait
 * and be taken in one step: once all is quiet, each node holds just what it imports, each reflector
 * has sent it just that.
 */
class RouteTargetPropertyTest {
  private static final List<RouteTarget> TARGETS =
      List.of(
          RouteTarget.parse("65000:1"), RouteTarget.parse("65000:2"), RouteTarget.parse("65001:2"));

  /** What is imported: each of the targets, or two of them by their number. */
  private static final List<ImportTarget> IMPORTS =
      List.of(TARGETS.get(0), TARGETS.get(1), TARGETS.get(2), ImportTarget.parse("*:2"));

  private static final List<String> NAMES = List.of("n1", "n2", "n3", "n4", "r9", "r10");

  private final World world = new World();
  private final Map<Integer, TreeSet<ImportTarget>> imports = new LinkedHashMap<>();
  private final Map<Integer, TreeMap<Integer, RouteTarget>> originated = new LinkedHashMap<>();
  private final TreeSet<String> held = new TreeSet<>();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void eachNodeHoldsWhatItImports(long seed) {
    var random = new Random(seed);
    world.start("r9", 9, reflector(9, peer(10)));
    world.start("r10", 10, reflector(10, peer(9)));
    for (int host = 1; host <= 4; host++) {
      imports.put(host, new TreeSet<>());
      originated.put(host, new TreeMap<>());
      world.start("n" + host, host, node(host, peer(9), peer(10)));
    }
    for (int round = 0; round < 160; round++) {
      NAMES.stream().filter(_ -> random.nextInt(3) == 0).forEach(this::hold);
      for (int i = random.nextInt(8); i >= 0; i--) {
        disturb(random, 1 + random.nextInt(4));
      }
      releaseAll();
      world.pass(Duration.ofMillis(random.nextInt(1000)));
      if (round % 4 == 3) {
        world.pass(Duration.ofMinutes(8));
        check("seed " + seed + " round " + round);
      }
    }
  }

  private void hold(String name) {
    held.add(name);
    world.hold(name);
  }

  private void releaseAll() {
    held.forEach(world::release);
    held.clear();
  }

  private void disturb(Random random, int host) {
    var name = "n" + host;
    var wanted = imports.getOrDefault(host, new TreeSet<>());
    var own = originated.getOrDefault(host, new TreeMap<>());
    var target = TARGETS.get(random.nextInt(TARGETS.size()));
    int number = random.nextInt(5);
    switch (random.nextInt(60)) {
      case 0 -> world.cut(name);
      case 1 -> {
        releaseAll();
        restart(name, host, random.nextBoolean());
      }
      case 2 -> {
        releaseAll();
        restartReflector(random);
      }
      case 3, 4, 5, 6 -> world.refresh("r9", address(host), Family.L2VPN_EVPN);
      case 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 -> {
        own.remove(number);
        world.give(name, new OriginatedRoutesRemoved(List.of(mac(host, number))));
      }
      case 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28 -> {
        own.put(number, target);
        world.give(name, originate(attributes(host, target), mac(host, number)));
      }
      default -> {
        var imported = IMPORTS.get(random.nextInt(IMPORTS.size()));
        if (!wanted.remove(imported)) {
          wanted.add(imported);
        }
        world.give(name, new ImportTargetsChanged(List.copyOf(wanted)));
      }
    }
  }

  private void restartReflector(Random random) {
    int reflector = 9 + random.nextInt(2);
    world.kill("r" + reflector, random.nextBoolean());
    world.pass(Duration.ofMillis(random.nextInt(1500)));
    world.start("r" + reflector, reflector, reflector(reflector, peer(19 - reflector)));
  }

  private void restart(String name, int host, boolean closes) {
    world.kill(name, closes);
    world.add(name, host, node(host, peer(9), peer(10)));
    world.give(
        name, new ImportTargetsChanged(List.copyOf(imports.getOrDefault(host, new TreeSet<>()))));
    originated
        .getOrDefault(host, new TreeMap<>())
        .forEach((n, t) -> world.give(name, originate(attributes(host, t), mac(host, n))));
    world.give(name, new SpeakerEvent.OriginationCompleted());
  }

  private void check(String when) {
    imports.forEach(
        (host, wanted) -> {
          var expected = new ArrayList<String>();
          originated.forEach(
              (from, routes) ->
                  routes.forEach(
                      (number, target) -> {
                        if (from.equals(host) || imports(wanted, target)) {
                          expected.add(mac(from, number).key() + " " + target);
                        }
                      }));
          expected.sort(String::compareTo);
          assertThat(held(host)).as("n%s at %s", host, when).isEqualTo(expected);
          long ofOthers = expected.size() - originated.getOrDefault(host, new TreeMap<>()).size();
          boolean hearsAll = wanted.stream().anyMatch(AnyAsTarget.class::isInstance);
          long sent = hearsAll ? allOfOthers(host) : ofOthers;
          for (int reflector : List.of(9, 10)) {
            assertThat((long) world.peerOf("r" + reflector, host).sent())
                .as("sent by r%s to n%s at %s", reflector, host, when)
                .isEqualTo(sent);
            assertThat((long) world.peerOf("n" + host, reflector).received())
                .as("kept by n%s of r%s at %s", host, reflector, when)
                .isEqualTo(ofOthers);
          }
        });
  }

  private static boolean imports(TreeSet<ImportTarget> wanted, RouteTarget target) {
    return wanted.stream().anyMatch(imported -> imported.matches(target));
  }

  private long allOfOthers(int host) {
    return originated.entrySet().stream()
        .filter(entry -> entry.getKey() != host)
        .mapToLong(entry -> entry.getValue().size())
        .sum();
  }

  private List<String> held(int host) {
    return world.speaker("n" + host).view().routes().stream()
        .filter(RouteView::best)
        .map(route -> route.route().key() + " " + route.attributes().routeTargets().getFirst())
        .sorted()
        .toList();
  }
}
