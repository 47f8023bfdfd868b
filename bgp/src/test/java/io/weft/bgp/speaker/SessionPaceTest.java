package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.node;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static io.weft.bgp.speaker.World.reflector;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.SpeakerEffect.Report;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two machines, one a copy of the other, that speak with one address and one BGP identifier. */
final class SessionPaceTest {
  private final World world = new World();

  @BeforeEach
  void begin() {
    world.start("rr", 1, reflector(1));
    world.start("a", 2, node(2, peer(1)));
    world.give("a", originate(attributes(2, World.RED), mac(2, 1)));
  }

  private List<String> reports(String name) {
    return world.taken(name).stream()
        .filter(Report.class::isInstance)
        .map(effect -> ((Report) effect).text())
        .filter(text -> text.contains("sessions within"))
        .toList();
  }

  @Test
  void twinsAreSaidByTheirReflectorAndByBoth() {
    world.pass(Duration.ofMinutes(5));
    assertThat(reports("rr")).isEmpty();
    world.start("b", 2, node(2, peer(1)));
    world.give("b", originate(attributes(2, World.RED), mac(2, 2)));
    world.pass(Duration.ofMinutes(3));
    assertThat(reports("rr"))
        .isNotEmpty()
        .allMatch(text -> text.contains("two speak with one address and BGP identifier 10.0.0.2"));
    for (var twin : List.of("a", "b")) {
      assertThat(reports(twin)).as(twin).isNotEmpty();
      assertThat(world.peerOf(twin, 1).flappedNanos()).as(twin).isPresent();
    }
    long last = world.peerOf("rr", 2).flappedNanos().orElseThrow();
    assertThat(world.now - last).isLessThan(Duration.ofMinutes(1).toNanos());
    world.kill("b", true);
    world.pass(Duration.ofMinutes(5));
    assertThat(world.peerOf("rr", 2).state()).isEqualTo("Established");
    assertThat(world.now - world.peerOf("rr", 2).flappedNanos().orElseThrow())
        .isGreaterThan(Duration.ofMinutes(2).toNanos());
  }

  @Test
  void aNodeThatIsRestartedAFewTimesIsNoTwin() {
    for (int i = 0; i < 3; i++) {
      world.kill("a", true);
      world.pass(Duration.ofSeconds(10));
      world.start("a", 2, node(2, peer(1)));
      world.give("a", originate(attributes(2, World.RED), mac(2, 1)));
      world.pass(Duration.ofSeconds(10));
    }
    assertThat(reports("rr")).isEmpty();
    assertThat(world.peerOf("rr", 2).flappedNanos()).isEmpty();
  }
}
