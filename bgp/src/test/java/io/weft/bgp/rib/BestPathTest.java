package io.weft.bgp.rib;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.rib.Source.Kind;
import io.weft.bgp.wire.AsPath;
import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.PathAttributes.Origin;
import io.weft.bgp.wire.Route;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteDistinguisher;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BestPathTest {
  private static final AutonomousSystem AS = new AutonomousSystem(65000);
  private static final Route ROUTE =
      new InclusiveMulticast(new RouteDistinguisher(1), 0, IpAddress.parse("10.0.0.1"));

  /** A path that a test describes by what differs. */
  private record Given(
      Kind kind,
      int peer,
      long mobility,
      long preference,
      List<Long> asPath,
      Origin origin,
      long med,
      int originator,
      int clusters,
      boolean stale) {

    static Given from(int peer) {
      return new Given(Kind.CLIENT, peer, 0, 100, List.of(), Origin.IGP, 0, 50, 1, false);
    }

    Given kind(Kind kind) {
      return new Given(
          kind, peer, mobility, preference, asPath, origin, med, originator, clusters, stale);
    }

    Given mobility(long mobility) {
      return new Given(
          kind, peer, mobility, preference, asPath, origin, med, originator, clusters, stale);
    }

    Given preference(long preference) {
      return new Given(
          kind, peer, mobility, preference, asPath, origin, med, originator, clusters, stale);
    }

    Given asPath(Long... asPath) {
      return new Given(
          kind,
          peer,
          mobility,
          preference,
          List.of(asPath),
          origin,
          med,
          originator,
          clusters,
          stale);
    }

    Given origin(Origin origin) {
      return new Given(
          kind, peer, mobility, preference, asPath, origin, med, originator, clusters, stale);
    }

    Given med(long med) {
      return new Given(
          kind, peer, mobility, preference, asPath, origin, med, originator, clusters, stale);
    }

    Given originator(int originator) {
      return new Given(
          kind, peer, mobility, preference, asPath, origin, med, originator, clusters, stale);
    }

    Given clusters(int clusters) {
      return new Given(
          kind, peer, mobility, preference, asPath, origin, med, originator, clusters, stale);
    }

    Given gone() {
      return new Given(
          kind, peer, mobility, preference, asPath, origin, med, originator, clusters, true);
    }

    PathAttributes attributes() {
      var communities =
          mobility == 0
              ? List.<ExtendedCommunity>of()
              : List.of(ExtendedCommunity.macMobility(false, mobility));
      var segments =
          asPath.isEmpty() ? List.<AsPath.Segment>of() : List.of(new AsPath.Segment(false, asPath));
      return new PathAttributes(
          origin,
          new AsPath(segments),
          new Ipv4Address(1),
          OptionalLong.of(med),
          OptionalLong.of(preference),
          Optional.of(new Ipv4Address(originator)),
          Collections.nCopies(clusters, new Ipv4Address(77)),
          communities,
          Optional.empty(),
          List.of());
    }
  }

  @Test
  void eachStepDecidesOnlyWhereAllBeforeAreEqual() {
    var plain = Given.from(1);
    // From the last step to the first: each path here beats all that stand before it.
    better(Given.from(2), plain); // g) lower address
    better(plain.gone(), Given.from(2)); // f") fresh before a lower address
    better(Given.from(1).clusters(2), Given.from(2).gone()); // f') shorter list before fresh
    better(Given.from(1).originator(60), Given.from(2).clusters(3)); // f) lower originator
    better(
        Given.from(1).asPath(7L),
        Given.from(2).asPath(8L).originator(60).kind(Kind.EXTERNAL)); // d) external
    better(
        Given.from(1).asPath(7L).med(5).kind(Kind.EXTERNAL),
        Given.from(2).asPath(7L).med(4)); // c) lower MED of one AS
    better(
        Given.from(2).asPath(8L).med(4),
        Given.from(1).asPath(7L).med(5)); // MEDs of different ASes do not compare
    better(Given.from(1).origin(Origin.EGP), Given.from(2).med(9)); // b) lower ORIGIN
    better(Given.from(1).asPath(7L), Given.from(2).origin(Origin.INCOMPLETE)); // a) shorter
    better(Given.from(1).preference(99), Given.from(2).asPath(7L)); // 3 preference
    better(Given.from(1).preference(900), Given.from(2).mobility(1)); // 2 mobility
    better(Given.from(1).mobility(0xffff_ffffL), Given.from(2).kind(Kind.LOCAL)); // 1 local
  }

  @Test
  void orderOfArrivalDoesNotMatterEvenWithMeds() {
    var random = new Random(7);
    for (int round = 0; round < 300; round++) {
      var paths = new ArrayList<Given>();
      for (int peer = 1; peer <= 5; peer++) {
        paths.add(
            Given.from(peer)
                .asPath((long) random.nextInt(2) + 1)
                .med(random.nextInt(3))
                .originator(random.nextInt(3))
                .kind(random.nextBoolean() ? Kind.EXTERNAL : Kind.CLIENT));
      }
      var one = winner(paths);
      Collections.shuffle(paths, random);
      assertThat(winner(paths)).isEqualTo(one);
    }
  }

  private static void better(Given worse, Given best) {
    assertThat(winner(List.of(worse, best))).as("%s", best).isEqualTo(best.peer());
    assertThat(winner(List.of(best, worse))).as("%s", best).isEqualTo(best.peer());
  }

  private static int winner(List<Given> paths) {
    var rib = new Rib();
    for (var path : paths) {
      var peer = new Ipv4Address(path.peer());
      var in = new RoutesIn(new Source(peer, peer, AS, path.kind()));
      rib.announce(in, ROUTE, path.attributes());
      if (path.stale()) {
        rib.markStale(in);
      }
    }
    var best = rib.takeChanges().getFirst().after().orElseThrow();
    return ((Ipv4Address) best.source().address()).value();
  }
}
