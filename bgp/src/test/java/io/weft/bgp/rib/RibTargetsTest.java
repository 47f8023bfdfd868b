package io.weft.bgp.rib;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Routes by the targets that they carry: what the index finds is what a look through all finds. */
class RibTargetsTest {
  private static final AutonomousSystem AS = new AutonomousSystem(65_000);
  private static final int TARGETS = 5;

  private final Rib rib = new Rib();

  /** The index is made when it is first asked, before anything is there or in the midst of it. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2_000})
  void theIndexFindsWhatALookThroughAllFinds(int firstAsked) {
    var random = new Random(firstAsked);
    var peers = List.of(peer(1), peer(2), peer(3));
    for (int round = 0; round < 4_000; round++) {
      var peer = peers.get(random.nextInt(peers.size()));
      switch (random.nextInt(20)) {
        case 0 -> rib.removeAll(peer);
        case 1 -> rib.markStale(peer);
        case 2 -> rib.removeStale(peer);
        case 3 -> rib.judge(peer, path -> judged(random, path));
        case 4, 5, 6, 7 -> rib.withdraw(peer, route(random.nextInt(40)));
        default -> rib.announce(peer, route(random.nextInt(40)), attributes(random));
      }
      if (random.nextInt(3) == 0) {
        rib.takeChanges();
      }
      if (round >= firstAsked) {
        var wanted = new TreeSet<RouteTarget>();
        for (int i = random.nextInt(3); i > 0; i--) {
          wanted.add(target(random.nextInt(TARGETS)));
        }
        assertThat(keys(rib.entries(wanted)))
            .as("round %d, %s", round, wanted)
            .isEqualTo(
                keys(
                    StreamSupport.stream(rib.entries().spliterator(), false)
                        .filter(entry -> carries(entry, wanted))
                        .toList()));
      }
    }
  }

  private static Optional<PathAttributes> judged(Random random, Candidate path) {
    return switch (random.nextInt(4)) {
      case 0 -> Optional.empty();
      case 1 -> Optional.of(attributes(random));
      default -> Optional.of(path.attributes());
    };
  }

  private static boolean carries(RibEntry entry, TreeSet<RouteTarget> wanted) {
    return entry.candidates().stream()
        .flatMap(path -> path.attributes().routeTargets().stream())
        .anyMatch(wanted::contains);
  }

  private static List<Route> keys(Iterable<RibEntry> entries) {
    var keys = new ArrayList<Route>();
    entries.forEach(entry -> keys.add(entry.key()));
    return keys;
  }

  private static RoutesIn peer(int number) {
    return new RoutesIn(
        new Source(new Ipv4Address(number), new Ipv4Address(number), AS, Source.Kind.CLIENT, 0));
  }

  private static Route route(int number) {
    return new InclusiveMulticast(
        RouteDistinguisher.of(new Ipv4Address(7), number), 0, new Ipv4Address(7));
  }

  private static RouteTarget target(int number) {
    return RouteTarget.automatic(AS, new Vni(100 + number));
  }

  private static PathAttributes attributes(Random random) {
    var communities = new ArrayList<ExtendedCommunity>();
    for (int i = 0; i < TARGETS; i++) {
      if (random.nextInt(3) == 0) {
        communities.add(ExtendedCommunity.of(target(i)));
      }
    }
    return PathAttributes.originated(
        new Ipv4Address(1 + random.nextInt(3)), communities, Optional.empty());
  }
}
