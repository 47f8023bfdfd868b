package io.weft.agent.intent;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.intent.Secrets.Found;
import io.weft.bgp.session.PeerAs;
import io.weft.bgp.wire.Family;
import io.weft.kubernetes.intent.IntentDirectory;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import io.weft.net.IpAddress;
import io.weft.overlay.node.UnderlayIntent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Fabric of docs/underlay.md, and who is found at its interfaces. */
final class InterfacePeersTest {
  private static final IpAddress FOUND = IpAddress.parseWithZone("fe80::1%eth1");

  @TempDir private Path directory;

  private Configuration documented() throws IOException {
    var text = Files.readString(Path.of("../docs/underlay.md"));
    int begin = text.indexOf("```yaml\n") + 8;
    Files.writeString(
        directory.resolve("fabric.yaml"), text.substring(begin, text.indexOf("```\n", begin)));
    try (var opened = IntentDirectory.open(directory)) {
      assertThat(opened.reading().problems()).isEmpty();
      return new Configuration(opened.reading(), new Secrets.Reading(Found.none(), Found.none()));
    }
  }

  @Test
  void theDocumentedFabricIsCarriedOut() throws IOException {
    var declared = documented();
    assertThat(declared.problems()).isEmpty();
    assertThat(InterfacePeers.underlay(declared.fabric()))
        .isEqualTo(new UnderlayIntent(true, 4, List.of("eth0", "eth1")));
    assertThat(InterfacePeers.tellRoutes(declared.fabric())).isTrue();
  }

  @Test
  void whoIsFoundBecomesAPeerWithAllThatWasSaid() throws IOException {
    var declared = documented();
    var found = new TreeMap<>(Map.of("eth1", FOUND, "eth7", FOUND));
    var resolved = InterfacePeers.resolve(declared, found);
    assertThat(IntentWords.node(resolved.intent(), List.of()).peers())
        .singleElement()
        .satisfies(
            peer -> {
              assertThat(peer.address()).isEqualTo(FOUND);
              assertThat(peer.as()).isEqualTo(new PeerAs.External());
              assertThat(peer.families()).containsExactly(Family.IPV4_UNICAST);
            });
    assertThat(resolved.transports().getFirst())
        .satisfies(transport -> assertThat(transport.peers().contains(FOUND)).isTrue())
        .satisfies(transport -> assertThat(transport.fromLink()).isTrue());
    assertThat(InterfacePeers.resolve(declared, new TreeMap<>()).fabric().peers()).isEmpty();
  }

  @Test
  void aSecretGoesWithItsPeer() throws IOException {
    var declared = documented();
    var secret = io.weft.agent.bgp.Secret.of("hush");
    var withSecrets =
        new Configuration(
            declared.reading(),
            new Secrets.Reading(
                new Found<>(
                    Map.of(new Remote.OnInterface("eth1"), secret),
                    Map.of(new Remote.OnInterface("eth0"), "no file")),
                Found.none()));
    var resolved =
        InterfacePeers.resolve(withSecrets, new TreeMap<>(Map.of("eth1", FOUND))).transports();
    assertThat(resolved.getFirst().password()).contains(secret);
  }
}
