package io.weft.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of docs/metrics.md says what {@link Metric} says; a failure shows the row to write. */
final class MetricsPageTest {
  private static final Path PAGE = Path.of("..", "docs", "metrics.md");

  @Test
  void thePageHasEachMetricAndNoOther() throws IOException {
    var written =
        Files.readAllLines(PAGE).stream()
            .filter(line -> line.matches("\\| `(weft|process)_.*"))
            .toList();
    assertThat(written)
        .containsExactlyElementsOf(Stream.of(Metric.values()).map(MetricsPageTest::row).toList());
  }

  private static String row(Metric metric) {
    return "| `%s` | %s | %s | %s | %s |"
        .formatted(
            metric.title(),
            metric.isCounter() ? "counter" : "gauge",
            String.join(", ", metric.labels()),
            metric.daemons(),
            metric.help());
  }
}
