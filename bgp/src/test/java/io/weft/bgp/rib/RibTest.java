package io.weft.bgp.rib;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteDistinguisher;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RibTest {
  private static final AutonomousSystem AS = new AutonomousSystem(65000);

  private final Rib rib = new Rib();
  private final RoutesIn one = peer(1);
  private final RoutesIn two = peer(2);

  @Test
  void addThenWithdrawCancels() {
    rib.announce(one, route(1), attributes(1));
    rib.withdraw(one, route(1));
    assertThat(rib.takeChanges()).isEmpty();
    assertThat(rib.entries()).isEmpty();
    assertThat(rib.size().attributeSets()).isZero();
  }

  @Test
  void withdrawThenEqualAddCancels() {
    rib.announce(one, route(1), attributes(1));
    rib.takeChanges();
    rib.withdraw(one, route(1));
    rib.announce(one, route(1), attributes(1));
    assertThat(rib.takeChanges()).isEmpty();
    assertThat(one.size()).isEqualTo(1);
  }

  @Test
  void aPathThatIsNotBestChangesNothing() {
    rib.announce(one, route(1), attributes(1));
    rib.takeChanges();
    rib.announce(two, route(1), attributes(1));
    assertThat(rib.takeChanges()).noneMatch(RibChange::isOfBest);
    rib.withdraw(one, route(1));
    var change = rib.takeChanges().getFirst();
    assertThat(change.before().orElseThrow().source()).isEqualTo(one.source());
    assertThat(change.after().orElseThrow().source()).isEqualTo(two.source());
  }

  @Test
  void staleRoutesStayUntilTheyAreSweptOrSaidAgain() {
    rib.announce(one, route(1), attributes(1));
    rib.announce(one, route(2), attributes(1));
    rib.takeChanges();
    rib.markStale(one);
    assertThat(rib.takeChanges()).isEmpty();
    assertThat(one.staleSize()).isEqualTo(2);
    rib.announce(one, route(2), attributes(1));
    rib.removeStale(one);
    assertThat(rib.takeChanges()).extracting(RibChange::key).containsExactly(route(1));
    assertThat(one.size()).isEqualTo(1);
    assertThat(one.staleSize()).isZero();
  }

  @Test
  void changesAddUpToTheTableAndNothingLeaks() {
    var random = new Random(11);
    var peers = List.of(one, two, peer(3));
    var mirror = new TreeMap<String, String>();
    for (int round = 0; round < 20_000; round++) {
      var peer = peers.get(random.nextInt(3));
      var route = route(random.nextInt(20));
      switch (random.nextInt(12)) {
        case 0 -> rib.markStale(peer);
        case 1 -> rib.removeStale(peer);
        case 2 -> rib.removeAll(peer);
        case 3, 4, 5 -> rib.withdraw(peer, route);
        default -> rib.announce(peer, route, attributes(random.nextInt(4)));
      }
      if (random.nextInt(3) == 0) {
        rib.takeChanges().stream()
            .filter(RibChange::isOfBest)
            .forEach(change -> apply(change, mirror));
        assertThat(mirror).isEqualTo(best());
        assertThat(rib.size().routes().stream().mapToInt(RibSize.Count::routes).sum())
            .isEqualTo(mirror.size());
      }
    }
    peers.forEach(rib::removeAll);
    rib.takeChanges();
    assertThat(rib.entries()).isEmpty();
    assertThat(rib.size()).isEqualTo(new RibSize(List.of(), 0));
    assertThat(peers).allMatch(peer -> peer.size() == 0 && peer.staleSize() == 0);
  }

  private static void apply(RibChange change, Map<String, String> mirror) {
    var key = change.key().toString();
    assertThat(Optional.ofNullable(mirror.get(key))).isEqualTo(change.before().map(RibTest::text));
    if (change.after().isPresent()) {
      mirror.put(key, text(change.after().get()));
    } else {
      mirror.remove(key);
    }
  }

  private Map<String, String> best() {
    var best = new TreeMap<String, String>();
    for (var entry : rib.entries()) {
      assertThat(BestPath.of(entry.candidates())).isEqualTo(entry.best());
      best.put(entry.key().toString(), text(entry.best().orElseThrow()));
    }
    return best;
  }

  private static String text(Candidate path) {
    return path.source().address() + " " + path.attributes();
  }

  private static RoutesIn peer(int number) {
    var address = new Ipv4Address(number);
    return new RoutesIn(new Source(address, address, AS, Source.Kind.CLIENT));
  }

  private static Route route(int number) {
    return new InclusiveMulticast(new RouteDistinguisher(number), 0, IpAddress.parse("10.0.0.1"));
  }

  private static PathAttributes attributes(int host) {
    return PathAttributes.originated(new Ipv4Address(host), List.of(), Optional.empty());
  }
}
