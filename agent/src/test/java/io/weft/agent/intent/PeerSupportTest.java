package io.weft.agent.intent;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.kubernetes.intent.Intent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is asked for and not done is said; so are neighbours that none has. */
final class PeerSupportTest {
  @TempDir private Path directory;

  @Test
  void aPlainPeerHasNoGapAndASession() throws IOException {
    var intent = read("peers:\n  - {address: 192.0.2.1, asn: 65001}");
    assertThat(PeerSupport.gaps(intent.fabric().spec())).isEmpty();
    assertThat(IntentWords.node(intent, List.of()).peers()).hasSize(1);
  }

  @Test
  void aReflectorSaysThatItLooksForNobodyOnAnInterface() throws IOException {
    var intent = read("peers:\n  - {interface: eth0, asn: external}");
    assertThat(PeerSupport.gaps(intent.fabric().spec())).isEmpty();
    assertThat(PeerSupport.gapsOfReflector(intent.fabric().spec()))
        .singleElement()
        .asString()
        .contains("interface eth0", "no session", "address");
  }

  @Test
  void anotherSettingIsSaidAndTheSessionStands() throws IOException {
    var intent =
        read(
            """
            peers:
              - {range: 192.0.2.0/24, bfd: {}}
              - {address: 198.51.100.1, asn: external, bfd: {}}
              - {interface: eth0, asn: external, bfd: {}}\
            """);
    assertThat(PeerSupport.gaps(intent.fabric().spec()))
        .singleElement()
        .asString()
        .contains("192.0.2.0/24", "bfd", "goes on without");
    assertThat(IntentWords.node(intent, List.of()).ranges()).hasSize(1);
  }

  private Intent read(String spec) throws IOException {
    return Fabrics.read(directory, spec);
  }
}
