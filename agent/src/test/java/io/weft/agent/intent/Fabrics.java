package io.weft.agent.intent;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.kubernetes.intent.Intent;
import io.weft.kubernetes.intent.IntentDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Fabrics of AS 65000 out of YAML. */
final class Fabrics {
  private Fabrics() {}

  /** {@code spec} is what is below the AS, its further lines indented by two spaces. */
  static Intent read(Path directory, String spec) throws IOException {
    Files.writeString(
        directory.resolve("fabric.yaml"),
        "kind: Fabric\nmetadata: {name: default}\nspec:\n  asn: 65000\n  " + spec + "\n");
    try (var opened = IntentDirectory.open(directory)) {
      assertThat(opened.reading().problems()).isEmpty();
      return opened.reading().intent();
    }
  }
}
