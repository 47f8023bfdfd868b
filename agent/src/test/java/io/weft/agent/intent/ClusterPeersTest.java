package io.weft.agent.intent;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.PeerRange;
import io.weft.kubernetes.nodes.ClusterSpeakers;
import io.weft.kubernetes.nodes.SpeakerNode;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Fabric that names no reflectors gets those of the cluster, and nobody else may connect. */
final class ClusterPeersTest {
  @TempDir private Path directory;

  private Configuration configuration(String spec) throws IOException {
    Files.writeString(
        directory.resolve("fabric.yaml"),
        "kind: Fabric\nmetadata: {name: default}\nspec: " + spec + "\n");
    try (var source = ConfigurationSource.open(new IntentPlace.Directory(directory), directory)) {
      return source.current();
    }
  }

  private static List<SpeakerNode> nodes(int from, int to) {
    return IntStream.rangeClosed(from, to)
        .mapToObj(
            n -> new SpeakerNode("n" + n, List.of(address("10.0.0." + n)), Optional.empty(), false))
        .toList();
  }

  private static IpAddress address(String text) {
    return IpAddress.parse(text);
  }

  private static List<String> peers(Configuration configuration, String self) {
    return IntentWords.node(configuration.intent(), List.of(address(self))).peers().stream()
        .map(PeerConfig::address)
        .map(IpAddress::toString)
        .toList();
  }

  private static List<String> clients(Configuration configuration, String self) {
    return IntentWords.node(configuration.intent(), List.of(address(self))).ranges().stream()
        .filter(range -> range.template().client())
        .map(PeerRange::prefix)
        .map(String::valueOf)
        .toList();
  }

  private static Configuration at(Configuration declared, ClusterSpeakers speakers, String self) {
    return ClusterPeers.resolve(declared, speakers, List.of(address(self)));
  }

  @Test
  void aReflectorHasTheOtherReflectorsAndExactlyTheNodesAsClients() throws Exception {
    var declared = configuration("{vtep: {cidr: 10.0.0.0/8}}");
    var resolved =
        at(declared, new ClusterSpeakers(nodes(1, 3), nodes(1, 5), List.of()), "10.0.0.2");
    assertThat(peers(resolved, "10.0.0.2")).containsExactly("10.0.0.1", "10.0.0.3");
    assertThat(clients(resolved, "10.0.0.2"))
        .containsExactlyInAnyOrder("10.0.0.2/32", "10.0.0.4/32", "10.0.0.5/32");
  }

  @Test
  void aReflectorWithoutClientsLetsNobodyIn() throws Exception {
    var declared = configuration("{vtep: {cidr: 10.0.0.0/8}}");
    var resolved = at(declared, new ClusterSpeakers(nodes(1, 1), List.of(), List.of()), "10.0.0.1");
    assertThat(clients(resolved, "10.0.0.1")).containsExactly("10.0.0.1/32");
  }

  @Test
  void aClientHasTheReflectorsAndReflectsToNobody() throws Exception {
    var declared = configuration("{}");
    var resolved = at(declared, new ClusterSpeakers(nodes(1, 3), List.of(), List.of()), "10.0.0.4");
    assertThat(peers(resolved, "10.0.0.4")).containsExactly("10.0.0.1", "10.0.0.2", "10.0.0.3");
    assertThat(clients(resolved, "10.0.0.4")).isEmpty();
  }

  @Test
  void aFabricThatSaysWhoReflectsIsTakenAtItsWord() throws Exception {
    var speakers = new ClusterSpeakers(nodes(1, 3), List.of(), List.of("refused"));
    for (var spec :
        List.of(
            "{reflectors: {addresses: [10.0.0.9]}}",
            "{reflectors: {clients: [10.0.0.0/8]}}",
            "{peers: [{range: 10.0.0.0/8, asn: internal}]}",
            "{asn: 65001, peers: [{range: 10.0.0.0/8, asn: 65001}]}")) {
      var declared = configuration(spec);
      assertThat(at(declared, speakers, "10.0.0.4")).as(spec).isSameAs(declared);
      assertThat(ClusterPeers.problems(declared, speakers)).isEmpty();
    }
    var switches = configuration("{peers: [{range: 10.0.0.0/8, asn: external}]}");
    assertThat(peers(at(switches, speakers, "10.0.0.4"), "10.0.0.4")).hasSize(3);
    assertThat(ClusterPeers.problems(switches, speakers)).containsExactly("refused");
  }

  @Test
  void aNodeWithoutAVtepIsAProblem() throws Exception {
    var declared = configuration("{vtep: {cidr: 10.7.0.0/16}}");
    var speakers = new ClusterSpeakers(nodes(1, 1), List.of(), List.of());
    assertThat(ClusterPeers.problems(declared, speakers))
        .containsExactly(
            "node n1: none of its addresses [10.0.0.1] can be its VTEP; say which with the"
                + " annotation weft.io/vtep");
  }
}
