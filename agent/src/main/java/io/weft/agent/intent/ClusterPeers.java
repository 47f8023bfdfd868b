package io.weft.agent.intent;

import io.weft.kubernetes.intent.Intent;
import io.weft.kubernetes.intent.IntentReading;
import io.weft.kubernetes.nodes.ClusterSpeakers;
import io.weft.kubernetes.nodes.SpeakerNode;
import io.weft.kubernetes.resource.Fabric;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.FabricSpec.Reflectors;
import io.weft.kubernetes.resource.PeerSpec.PeerAs;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * Reflectors and their clients out of the nodes of the cluster, where the Fabric says nothing of
 * them. A Fabric that names reflectors, who may be a client, or a range of neighbours within its AS
 * is taken at its word.
 */
public final class ClusterPeers {
  private ClusterPeers() {}

  /** True when the Fabric leaves it to the cluster. */
  public static boolean leftToCluster(FabricSpec fabric) {
    return fabric.reflectors().equals(Reflectors.NONE)
        && fabric.peers().stream()
            .noneMatch(
                peer ->
                    peer.remote() instanceof Remote.InRange
                        && (peer.as() instanceof PeerAs.Internal
                            || peer.as().equals(new PeerAs.Exact(fabric.asn()))));
  }

  /**
   * The same configuration with the reflectors of the cluster, and at one of them with its clients:
   * exactly the nodes, nobody else may connect.
   *
   * @param self this node's VTEPs, once they are known
   */
  public static Configuration resolve(
      Configuration configuration, ClusterSpeakers speakers, List<IpAddress> self) {
    var fabric = configuration.fabric();
    if (speakers.reflectors().isEmpty() || !leftToCluster(fabric)) {
      return configuration;
    }
    var reflectors = new LinkedHashSet<>(addresses(speakers.reflectors(), fabric));
    var clients = new LinkedHashSet<>(addresses(speakers.clients(), fabric));
    var ours = self.stream().filter(reflectors::contains).toList();
    clients.addAll(ours); // none at all would let vtep.cidr in
    clients.removeAll(reflectors.stream().filter(each -> !ours.contains(each)).toList());
    var next =
        new Reflectors(
            List.copyOf(reflectors),
            clients.stream().map(each -> new IpPrefix(each, each.bits())).toList());
    var reading = configuration.reading();
    var intent = reading.intent();
    return new Configuration(
        new IntentReading(
            new Intent(
                new Fabric(intent.fabric().metadata(), fabric.withReflectors(next)),
                intent.tenants(),
                intent.networks(),
                intent.ways(),
                intent.endpoints()),
            reading.problems(),
            reading.absent()),
        configuration.secrets());
  }

  private static List<IpAddress> addresses(List<SpeakerNode> nodes, FabricSpec fabric) {
    return nodes.stream().flatMap(node -> node.speaker(fabric).stream()).toList();
  }

  /** What keeps nodes of the cluster apart, a line each. */
  public static List<String> problems(Configuration configuration, ClusterSpeakers speakers) {
    var fabric = configuration.fabric();
    if (!leftToCluster(fabric)) {
      return List.of();
    }
    var problems = new ArrayList<>(speakers.problems());
    var nodes = new LinkedHashSet<>(speakers.reflectors());
    nodes.addAll(speakers.clients());
    nodes.stream()
        .filter(node -> node.speaker(fabric).isEmpty())
        .map(
            node ->
                "node %s: none of its addresses %s can be its VTEP; say which with the annotation %s"
                    .formatted(node.name(), node.addresses(), SpeakerNode.VTEP))
        .forEach(problems::add);
    return problems;
  }
}
