package io.weft.agent.intent;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.kubernetes.intent.Intent;
import io.weft.kubernetes.intent.IntentDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is asked for and not done is said; what protects a session is never left out of one. */
final class PeerSupportTest {
  @TempDir private Path directory;

  @Test
  void aPlainPeerHasNoGapAndASession() throws IOException {
    var intent = read("- {address: 192.0.2.1, asn: 65001}");
    assertThat(PeerSupport.gaps(intent.fabric().spec())).isEmpty();
    assertThat(IntentWords.node(intent, Optional.empty()).peers()).hasSize(1);
  }

  @Test
  void aSettingThatProtectsKeepsTheSessionDown() throws IOException {
    var intent = read("- {address: 192.0.2.1, maximumPrefixes: {limit: 9}}");
    assertThat(PeerSupport.gaps(intent.fabric().spec()))
        .singleElement()
        .asString()
        .contains("192.0.2.1", "no session", "maximumPrefixes");
    assertThat(IntentWords.node(intent, Optional.empty()).peers()).isEmpty();
  }

  @Test
  void anotherIsSaidAndTheSessionStands() throws IOException {
    var intent = read("- {address: 192.0.2.1, nextHop: self, holdSeconds: 9}");
    assertThat(PeerSupport.gaps(intent.fabric().spec()))
        .singleElement()
        .asString()
        .contains("192.0.2.1", "nextHop", "holdSeconds", "goes on without");
    assertThat(IntentWords.node(intent, Optional.empty()).peers()).hasSize(1);
  }

  private Intent read(String peers) throws IOException {
    Files.writeString(
        directory.resolve("fabric.yaml"),
        "kind: Fabric\nmetadata: {name: default}\nspec:\n  asn: 65000\n  peers:\n  "
            + peers
            + "\n");
    try (var opened = IntentDirectory.open(directory)) {
      assertThat(opened.reading().problems()).isEmpty();
      return opened.reading().intent();
    }
  }
}
