package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.AS;
import static io.weft.bgp.speaker.World.RED;
import static io.weft.bgp.speaker.World.address;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.id;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.rib.Reason;
import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.PathAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * RFC 9494 at r, between a, which vanishes, and b, which knows long-lived restart, and c, which
 * does not. Restart takes 120 s, long-lived staleness 1000 s.
 */
class LongLivedTest {
  private final World world = new World();

  @BeforeEach
  void start() {
    world.start("r", 9, config(9, 1000, World.client(1), World.client(2), World.client(3)));
    world.start("a", 1, config(1, 1000, peer(9)));
    world.start("b", 2, config(2, 1000, peer(9)));
    world.start("c", 3, config(3, 0, peer(9)));
    world.pass(Duration.ofSeconds(15));
    world.give("a", originate(attributes(1, RED), mac(1, 1)));
    var brief = attributes(1, RED).withCommunities(List.of(Community.NO_LLGR));
    world.give("a", originate(brief, mac(1, 2)));
    assertThat(world.best("c")).hasSize(2);
    world.kill("a", true);
  }

  @Test
  void staleRoutesStayAsALastResortForThoseWhoKnow() {
    world.pass(Duration.ofSeconds(115));
    assertThat(world.best("c")).hasSize(2);
    world.pass(Duration.ofSeconds(10));
    assertThat(world.best("r")).containsExactly(mac(1, 1).key());
    assertThat(world.best("b")).containsExactly(mac(1, 1).key());
    assertThat(attributesAt("b").has(Community.LLGR_STALE)).isTrue();
    assertThat(world.best("c")).isEmpty();
    assertThat(reasonTo(3)).containsInstanceOf(Reason.LongLivedStale.class);
    assertThat(reasonTo(2)).isEmpty();

    world.pass(Duration.ofSeconds(1005));
    assertThat(world.best("r")).isEmpty();
    assertThat(world.best("b")).isEmpty();
  }

  @Test
  void anyOtherPathIsPreferred() {
    world.pass(Duration.ofSeconds(125));
    var worse = attributes(3, RED).withLocalPreference(OptionalLong.of(1));
    world.give("c", originate(worse, mac(1, 1)));
    assertThat(attributesAt("b").nextHop()).isEqualTo(address(3));
    assertThat(world.speaker("r").explain(mac(1, 1)).paths())
        .extracting(path -> path.notBest().map(Reason::text).orElse("best"))
        .containsExactly("this path is long-lived stale, the last resort (RFC 9494 §4.3)", "best");
  }

  @Test
  void aPeerThatComesBackIsBelievedAgain() {
    world.pass(Duration.ofSeconds(500));
    world.start("a", 1, config(1, 1000, peer(9)));
    world.give("a", originate(attributes(1, RED), mac(1, 1)));
    world.pass(Duration.ofSeconds(30));
    assertThat(world.best("c")).containsExactly(mac(1, 1).key());
    assertThat(attributesAt("b").communities()).isEmpty();
    world.pass(Duration.ofSeconds(2000));
    assertThat(world.best("c")).containsExactly(mac(1, 1).key());
  }

  private PathAttributes attributesAt(String name) {
    return world.speaker(name).view().routes().getFirst().attributes();
  }

  private Optional<Reason> reasonTo(int host) {
    return world.speaker("r").explain(mac(1, 1)).sendings().stream()
        .filter(sending -> sending.peer().equals(address(host)))
        .findFirst()
        .orElseThrow()
        .notSent();
  }

  private static SpeakerConfig config(int host, int longLived, PeerConfig... peers) {
    return new SpeakerConfig(
        AS, id(host), List.of(peers), List.of(), true, 90, 120, longLived, 100, 1000);
  }
}
