package io.weft.agent.intent;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.kubernetes.intent.Intent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is asked for and not done is said; what filters routes is never left out of a session. */
final class PeerSupportTest {
  @TempDir private Path directory;

  @Test
  void aPlainPeerHasNoGapAndASession() throws IOException {
    var intent = read("peers:\n  - {address: 192.0.2.1, asn: 65001}");
    assertThat(PeerSupport.gaps(intent.fabric().spec())).isEmpty();
    assertThat(IntentWords.node(intent, Optional.empty()).peers()).hasSize(1);
  }

  @Test
  void aPolicyThatCannotBeCarriedOutKeepsTheSessionDown() throws IOException {
    var intent =
        read(
            """
            peers:
              - {address: 192.0.2.1, import: wide}
              policies:
              - name: wide
                rules:
                - {match: {communities: ["65000:1", "4200000000:1:2"]}, verdict: accept}\
            """);
    assertThat(PeerSupport.gaps(intent.fabric().spec()))
        .singleElement()
        .asString()
        .contains("192.0.2.1", "no session", "large communities", "policy wide");
    assertThat(IntentWords.node(intent, Optional.empty()).peers()).isEmpty();
  }

  @Test
  void anotherSettingIsSaidAndTheSessionStands() throws IOException {
    var intent = read("peers:\n  - {range: 192.0.2.0/24, bfd: {}}");
    assertThat(PeerSupport.gaps(intent.fabric().spec()))
        .singleElement()
        .asString()
        .contains("192.0.2.0/24", "bfd", "goes on without");
    assertThat(IntentWords.node(intent, Optional.empty()).ranges()).hasSize(1);
  }

  private Intent read(String spec) throws IOException {
    return Fabrics.read(directory, spec);
  }
}
