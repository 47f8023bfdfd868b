package io.weft.agent.bfd;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.discovery.PeerLinks;
import io.weft.agent.discovery.PeerLinks.LinkEnd;
import io.weft.bfd.BfdSettings;
import io.weft.kubernetes.intent.IntentDirectory;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which paths are watched, by what a Fabric says. */
final class PeerPathsTest {
  private static final IpAddress LOCAL = IpAddress.parse("192.0.2.100");

  private static final Duration INTERVAL = Duration.ofMillis(100);

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
    assertThat(PeerPaths.settings(fabric, List.of(LOCAL), PeerLinks.NONE))
        .containsExactly(
            BfdSettings.singleHop(IpAddress.parse("192.0.2.1"), LOCAL, INTERVAL, 3),
            BfdSettings.multihop(
                IpAddress.parse("192.0.2.2"), LOCAL, Duration.ofMillis(300), 5, 1));
  }

  @Test
  void fromOurEndOfTheLinkWhereTheNeighbourIsOnOne() throws IOException {
    var fabric =
        fabric(
            """
              - {address: 198.51.100.1, asn: external, bfd: {}}
              - {address: 198.51.100.9, asn: external, bfd: {multihop: true}}
              - {interface: eth1, asn: external, bfd: {}}
              - {interface: eth2, asn: external, bfd: {}}
            """);
    var ends = new TreeMap<IpAddress, LinkEnd>();
    var numbered = IpAddress.parse("198.51.100.0");
    var linkLocal = IpAddress.parseWithZone("fe80::1%eth1");
    var far = IpAddress.parseWithZone("fe80::2%eth1");
    ends.put(IpAddress.parse("198.51.100.1"), new LinkEnd("eth0", numbered));
    ends.put(IpAddress.parse("198.51.100.9"), new LinkEnd("eth0", numbered));
    ends.put(far, new LinkEnd("eth1", linkLocal));
    assertThat(PeerPaths.settings(found(fabric), List.of(LOCAL), new PeerLinks(ends)))
        .containsExactly(
            BfdSettings.singleHop(IpAddress.parse("198.51.100.1"), numbered, INTERVAL, 3)
                .on("eth0"),
            BfdSettings.multihop(IpAddress.parse("198.51.100.9"), numbered, INTERVAL, 3, 1),
            BfdSettings.singleHop(far, linkLocal, INTERVAL, 3).on("eth1"));
  }

  /** The same with fe80::2 at the far end of each interface. */
  private static FabricSpec found(FabricSpec fabric) {
    return fabric.withPeers(
        fabric.peers().stream()
            .map(
                peer ->
                    peer.remote() instanceof Remote.OnInterface(var name)
                        ? peer.at(new Remote.AtAddress(IpAddress.parseWithZone("fe80::2%" + name)))
                        : peer)
            .toList());
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
