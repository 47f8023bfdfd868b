package io.weft.kubernetes.intent;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.kubernetes.yaml.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Endpoints stay in force whatever stands between them; what does is said at its place. */
final class EndpointResolutionTest {
  @TempDir private Path directory;

  private IntentReading read(String... endpoints) throws IOException {
    var text = new StringBuilder("kind: Network\nmetadata: {name: web}\nspec: {vni: 100}\n");
    for (int i = 0; i < endpoints.length; i++) {
      text.append(
          "---\nkind: Endpoint\nmetadata: {name: e%d}\nspec: {%s}\n".formatted(i, endpoints[i]));
    }
    Files.writeString(directory.resolve("n.yaml"), text.toString());
    return IntentDirectory.load(directory);
  }

  @Test
  void withoutAClashNothingIsSaid() throws IOException {
    var reading =
        read(
            "node: n1, network: web, tap: vm0, addresses: [10.0.0.1]",
            "node: n2, network: web, tap: vm0, addresses: [10.0.0.2]",
            "node: n1, network: web, link: eth1, vlan: 7, mac: '52:54:00:00:00:01'",
            "node: n1, network: web, link: eth1, vlan: 8, mac: '52:54:00:00:00:02'");
    assertThat(reading.problems()).isEmpty();
    assertThat(reading.intent().endpoints()).containsOnlyKeys("e0", "e1", "e2", "e3");
  }

  @Test
  void whatTwoWantIsAProblemOfBoth() throws IOException {
    var reading =
        read(
            "node: n1, network: web, tap: vm0, addresses: [10.0.0.1]",
            "node: n1, network: web, tap: vm0, addresses: [10.0.0.2, 10.0.0.1]");
    assertThat(reading.intent().endpoints()).containsOnlyKeys("e0", "e1");
    assertThat(reading.problems())
        .extracting(Problem::toString)
        .containsExactly(
            "n.yaml:7:37: Endpoint e0: tap vm0 of node n1 is also that of Endpoint e1"
                + " (n.yaml:11:37); whichever was attached first keeps it",
            "n.yaml:7:54: Endpoint e0: address 10.0.0.1 of network 'web' is also that of Endpoint"
                + " e1 (n.yaml:11:64); whichever was attached first keeps it",
            "n.yaml:11:37: Endpoint e1: tap vm0 of node n1 is also that of Endpoint e0"
                + " (n.yaml:7:37); whichever was attached first keeps it",
            "n.yaml:11:64: Endpoint e1: address 10.0.0.1 of network 'web' is also that of Endpoint"
                + " e0 (n.yaml:7:54); whichever was attached first keeps it");
  }

  @Test
  void anUnknownNetworkIsSaid() throws IOException {
    assertThat(read("node: n1, network: wbe, tap: vm0").problems())
        .extracting(Problem::toString)
        .containsExactly(
            "n.yaml:7:27: Endpoint e0: there is no Network 'wbe'; did you mean 'web'?");
  }
}
