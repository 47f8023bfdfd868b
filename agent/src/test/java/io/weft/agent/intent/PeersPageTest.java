package io.weft.agent.intent;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.kubernetes.intent.IntentDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each example of docs/peers.md is read without a problem, and carried out. */
final class PeersPageTest {
  private static final Path PAGE = Path.of("..", "docs", "peers.md");
  private static final Pattern EXAMPLE = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL);

  @TempDir private Path directory;

  static List<String> examples() throws IOException {
    return EXAMPLE.matcher(Files.readString(PAGE)).results().map(PeersPageTest::text).toList();
  }

  private static String text(MatchResult found) {
    return found.group(1);
  }

  @ParameterizedTest
  @MethodSource("examples")
  void anExampleIsCarriedOut(String example) throws IOException {
    Files.writeString(directory.resolve("fabric.yaml"), example);
    var reading = IntentDirectory.load(directory);
    assertThat(reading.problems()).isEmpty();
    var fabric = reading.intent().fabric().spec();
    assertThat(PeerSupport.gaps(fabric)).isEmpty();
    var told = IntentWords.node(reading.intent(), List.of());
    assertThat(told.peers().size() + told.ranges().size()).isEqualTo(fabric.peers().size());
  }
}
