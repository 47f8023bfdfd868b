package io.weft.bgp.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Everything that a fuzzer found worth keeping, and all golden messages, in each session. */
class FuzzCorpusTest {
  private static void inEachSession(String name, byte[] input) {
    for (byte session = 0; session < 4; session++) {
      var copy = input.clone();
      copy[0] = session;
      assertThat(WireFuzz.check(copy)).as(name).isNotNull();
    }
  }

  @Test
  void goldenMessages() {
    var names = GoldenMessagesTest.names().toList();
    assertThat(names).hasSize(47);
    for (var name : names) {
      var golden = GoldenMessagesTest.golden(name);
      inEachSession(name, Arrays.copyOfRange(golden, 17, golden.length));
    }
  }

  @Test
  void corpus() throws IOException, URISyntaxException {
    var resource = Objects.requireNonNull(FuzzCorpusTest.class.getResource("/fuzz/README.md"));
    int inputs = 0;
    try (var files = Files.list(Path.of(resource.toURI()).resolveSibling("wire"))) {
      for (var file : files.sorted().toList()) {
        var input = Files.readAllBytes(file);
        if (input.length > 0) {
          inEachSession(file.getFileName().toString(), input);
          inputs++;
        }
      }
    }
    assertThat(inputs).isGreaterThanOrEqualTo(47);
  }
}
