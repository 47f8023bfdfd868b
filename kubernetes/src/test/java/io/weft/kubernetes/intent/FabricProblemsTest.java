package io.weft.kubernetes.intent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A Fabric that is declared badly is told from one that is not declared. */
final class FabricProblemsTest {
  private static final String GOOD =
      """
      kind: Fabric
      metadata: {name: default}
      spec: {vtep: {cidr: 10.99.0.0/24}}
      """;

  @TempDir private Path directory;

  private IntentReading read(String fabric, String network) throws IOException {
    Files.writeString(directory.resolve("fabric.yaml"), fabric);
    Files.writeString(directory.resolve("network.yaml"), network);
    return IntentDirectory.load(directory);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kind: Fabric\nmetadata: {name: default}\nspec: {asn: many}\n",
        "kind: Fabric\nmetadata: {name: other}\nspec: {}\n",
        "kind: Fabirc\nmetadata: {name: default}\n",
        "kind: Fabric\nmetadata: {name: default\n",
        GOOD + "---\n" + GOOD
      })
  void aBadFabricIsNamedWithItsPlace(String fabric) throws Exception {
    var problems = read(fabric, "").fabricProblems();
    assertThat(problems).isNotEmpty();
    assertThat(problems.getFirst().toString()).startsWith("fabric.yaml:");
  }

  @Test
  void noneIsNoProblemAndABadNetworkIsNotTheFabrics() throws Exception {
    var bad = "kind: Network\nmetadata: {name: web}\nspec: {vni: 0}\n";
    assertThat(read("", "").fabricProblems()).isEmpty();
    var reading = read("", bad);
    assertThat(reading.problems()).isNotEmpty();
    assertThat(reading.fabricProblems()).isEmpty();
    assertThat(read(GOOD, "kind: [").fabricProblems()).isEmpty();
  }
}
