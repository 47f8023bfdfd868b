package io.weft.bgp.speaker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every script that a fuzzer found worth keeping, and some by chance. */
class SpeakerFuzzCorpusTest {
  @Test
  void corpus() throws IOException, URISyntaxException {
    var readme = Objects.requireNonNull(getClass().getResource("/fuzz/README.md"));
    int ups = 0;
    try (var files = Files.list(Path.of(readme.toURI()).resolveSibling("speaker"))) {
      for (var file : files.sorted().toList()) {
        ups += SpeakerFuzz.run(Files.readAllBytes(file));
      }
    }
    assertThat(ups).isGreaterThanOrEqualTo(100); // the scripts get somewhere
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void anyOctets(long seed) {
    var random = new Random(seed);
    for (int i = 0; i < 500; i++) {
      var input = new byte[random.nextInt(400)];
      random.nextBytes(input);
      SpeakerFuzz.run(input);
    }
  }
}
