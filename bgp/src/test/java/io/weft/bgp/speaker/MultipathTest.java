package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.RED;
import static io.weft.bgp.speaker.World.address;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.config;
import static io.weft.bgp.speaker.World.id;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.originate;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.rib.NextHop;
import io.weft.bgp.speaker.SpeakerEffect.BestPathChanged;
import io.weft.bgp.wire.AsPath;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Equal paths of a speaker x with peers of other ASes, as a leaf has spines. */
class MultipathTest {
  private static final Route PREFIX = new UnicastRoute(IpPrefix.parse("192.0.2.0/24"));

  private final World world = new World();

  @Test
  void equalPathsOfDifferentAsesAreUsedTogether() {
    spines(3);
    say(1, PREFIX, OptionalLong.empty());
    assertThat(hops(last())).containsExactly(address(1));
    say(3, PREFIX, OptionalLong.empty());
    assertThat(hops(last())).containsExactly(address(1), address(3));
    say(2, PREFIX, OptionalLong.empty());
    assertThat(hops(last())).containsExactly(address(1), address(2), address(3));
    assertThat(last().path().orElseThrow().peer()).isEqualTo(address(1));

    world.forget();
    world.give("s3", new SpeakerEvent.OriginatedRoutesRemoved(List.of(PREFIX)));
    assertThat(hops(last())).containsExactly(address(1), address(2));
    world.kill("s1", true);
    world.pass(Duration.ofMinutes(3));
    assertThat(hops(last())).containsExactly(address(2));
  }

  @Test
  void whatIsNotEqualIsNotUsed() {
    spines(2);
    world.give("s1", originate(longer(attributes(1)), PREFIX));
    say(2, PREFIX, OptionalLong.empty());
    assertThat(hops(last())).containsExactly(address(2));
  }

  @Test
  void evpnHasOneBestPath() {
    spines(2);
    for (int host : List.of(1, 2)) {
      world.give("s" + host, originate(attributes(host, RED), mac(9, 1)));
    }
    assertThat(changes()).isNotEmpty().allMatch(change -> change.multipath().size() == 1);
  }

  @Test
  void noMoreThanTheLimitAreUsed() {
    spines(70);
    for (int host = 1; host <= 70; host++) {
      say(host, PREFIX, OptionalLong.empty());
    }
    assertThat(last().multipath()).hasSize(64);
    assertThat(hops(last()).getLast()).isEqualTo(address(64));
  }

  private void spines(int count) {
    var peers = new ArrayList<PeerConfig>();
    for (int host = 1; host <= count; host++) {
      peers.add(with(host, as(host)));
    }
    world.start("x", 200, config(200, peers.toArray(PeerConfig[]::new)));
    for (int host = 1; host <= count; host++) {
      world.start(
          "s" + host,
          host,
          new SpeakerConfig(
              as(host),
              id(host),
              List.of(with(200, World.AS)),
              List.of(),
              true,
              90,
              120,
              10,
              1000));
    }
    world.pass(Duration.ofSeconds(15));
    world.forget();
  }

  private void say(int host, Route route, OptionalLong med) {
    world.give("s" + host, originate(attributes(host).withMed(med), route));
  }

  private static PathAttributes longer(PathAttributes of) {
    return of.withAsPath(new AsPath(List.of(new AsPath.Segment(false, List.of(65009L)))));
  }

  private static AutonomousSystem as(int host) {
    return new AutonomousSystem(64512 + host);
  }

  private static PeerConfig with(int host, AutonomousSystem as) {
    return new PeerConfig(
        address(host),
        as,
        false,
        false,
        List.of(Family.L2VPN_EVPN, Family.IPV4_UNICAST),
        Optional.empty(),
        NextHop.AUTOMATIC);
  }

  private List<BestPathChanged> changes() {
    return world.effects.getOrDefault("x", List.of()).stream()
        .filter(BestPathChanged.class::isInstance)
        .map(BestPathChanged.class::cast)
        .toList();
  }

  private BestPathChanged last() {
    return changes().getLast();
  }

  private static List<IpAddress> hops(BestPathChanged change) {
    return change.multipath().stream().map(path -> path.attributes().nextHop()).toList();
  }
}
