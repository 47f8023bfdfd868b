package io.weft.agent.json;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.SpeakerStatus;
import io.weft.bgp.speaker.SpeakerView.PeerView;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

final class FlapWordsTest {
  private static final long SECOND = 1_000_000_000L;

  private static List<String> problems(OptionalLong flapped, long now) {
    var as = new AutonomousSystem(65000);
    var peer =
        new PeerView(
            IpAddress.parse("10.0.0.1"),
            Optional.of(as),
            Optional.empty(),
            false,
            "Established",
            0,
            0,
            0,
            0,
            Optional.empty(),
            List.of(),
            0,
            0,
            0,
            0,
            5,
            flapped);
    var id = (Ipv4Address) IpAddress.parse("10.0.0.2");
    return FlapWords.problems(new SpeakerStatus(as, id, List.of(peer)), now);
  }

  @Test
  void sessionsThatComeAndGoAreAProblemForSomeMinutes() {
    assertThat(problems(OptionalLong.of(10 * SECOND), 30 * SECOND))
        .singleElement()
        .asString()
        .startsWith("peer 10.0.0.1: sessions come and go")
        .contains("20 s ago", "10.0.0.2");
    assertThat(problems(OptionalLong.of(10 * SECOND), 400 * SECOND)).isEmpty();
    assertThat(problems(OptionalLong.empty(), 400 * SECOND)).isEmpty();
  }
}
