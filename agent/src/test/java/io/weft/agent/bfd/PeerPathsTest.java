package io.weft.agent.bfd;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bfd.BfdSettings;
import io.weft.kubernetes.intent.IntentDirectory;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which paths are watched, by what a Fabric says. */
final class PeerPathsTest {
  private static final IpAddress LOCAL = IpAddress.parse("192.0.2.100");

  @TempDir private Path directory;

  @Test
  void onlyNeighboursThatAskForItAndOnlyOfTheSameFamily() throws IOException {
    var fabric =
        fabric(
            """
              - {address: 192.0.2.1, bfd: {}}
              - {address: 192.0.2.2, bfd: {intervalMillis: 300, multiplier: 5, multihop: true}}
              - {address: 192.0.2.3}
              - {address: "2001:db8::1", bfd: {}}
              - {address: 192.0.2.100, bfd: {}}
            """);
    assertThat(PeerPaths.settings(fabric, LOCAL))
        .containsExactly(
            BfdSettings.singleHop(IpAddress.parse("192.0.2.1"), LOCAL, Duration.ofMillis(100), 3),
            BfdSettings.multihop(
                IpAddress.parse("192.0.2.2"), LOCAL, Duration.ofMillis(300), 5, 1));
  }

  private FabricSpec fabric(String peers) throws IOException {
    Files.writeString(
        directory.resolve("fabric.yaml"),
        "kind: Fabric\nmetadata: {name: default}\nspec:\n  asn: 65000\n  peers:\n" + peers);
    try (var opened = IntentDirectory.open(directory)) {
      assertThat(opened.reading().problems()).isEmpty();
      return opened.reading().intent().fabric().spec();
    }
  }
}
