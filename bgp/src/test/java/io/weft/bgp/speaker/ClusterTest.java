package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.config;
import static io.weft.bgp.speaker.World.id;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static io.weft.bgp.speaker.World.reflector;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.Ipv4Address;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Clusters that are not named after their reflector (RFC 4456 §7). */
class ClusterTest {
  private final World world = new World();

  @Test
  void theClusterIdAndNotTheRouterIdGoesInFront() {
    chain(id(77), id(78));
    assertThat(clusterListAtB()).containsExactly(id(78), id(77));
  }

  @Test
  void reflectorsOfOneClusterDropWhatTheOtherReflected() {
    chain(id(77), id(77));
    assertThat(world.best("s")).isEmpty();
    assertThat(world.best("b")).isEmpty();
  }

  @Test
  void anotherClusterIdTakesEffectWhileRunning() {
    chain(id(77), id(78));
    world.give("s", new SpeakerEvent.ConfigChanged(in(id(79), reflector(10, peer(9)))));
    world.pass(Duration.ofMinutes(3));
    assertThat(clusterListAtB()).containsExactly(id(79), id(77));
  }

  /** a, client of r; r and s, plain neighbours; b, client of s. */
  private void chain(Ipv4Address clusterOfR, Ipv4Address clusterOfS) {
    world.start("r", 9, in(clusterOfR, reflector(9, peer(10))));
    world.start("s", 10, in(clusterOfS, reflector(10, peer(9))));
    world.start("a", 1, config(1, peer(9)));
    world.start("b", 2, config(2, peer(10)));
    world.pass(Duration.ofSeconds(11));
    world.give("a", originate(attributes(1, World.RED), mac(1, 1)));
  }

  private List<Ipv4Address> clusterListAtB() {
    var routes = world.speaker("b").view().routes();
    assertThat(routes).hasSize(1);
    return routes.getFirst().attributes().clusterList();
  }

  private static SpeakerConfig in(Ipv4Address cluster, SpeakerConfig of) {
    return new SpeakerConfig(
        of.as(),
        of.routerId(),
        cluster,
        of.peers(),
        of.ranges(),
        of.keepAll(),
        of.holdSeconds(),
        of.restartSeconds(),
        of.longLivedSeconds(),
        of.maxPeers(),
        of.maxRoutesPerPeer());
  }
}
