package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.intent.NamespaceResolution.Choice;
import io.weft.lab.check.Check;
import io.weft.lab.check.CheckResult;
import io.weft.lab.check.Findings;
import io.weft.lab.check.IsolationCheck;
import io.weft.lab.check.PingCheck;
import io.weft.lab.check.TablesCheck;
import io.weft.lab.process.RunningLab;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * A namespace gets the labels of another, whose network is another. Its pods go on where they are,
 * and their nodes name them; made again they are in the other network, and talk to nobody of the
 * former one.
 */
public final class NamespaceMoveCheck implements Check {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration SETTLE = Duration.ofSeconds(5);

  private final LabCluster cluster;
  private final Kubelet kubelet;
  private final Findings findings = new Findings();

  public NamespaceMoveCheck(LabCluster cluster, Kubelet kubelet) {
    this.cluster = cluster;
    this.kubelet = kubelet;
  }

  /** Who moves, and where. */
  private record Move(ClusterObject namespace, ClusterObject like, String from, String to) {}

  /** True when the file has a namespace that another's labels bring elsewhere. */
  public static boolean concerns(ClusterFile file) {
    return move(file).isPresent();
  }

  private static Optional<Move> move(ClusterFile file) {
    for (var namespace : file.namespaces()) {
      for (var like : file.namespaces()) {
        var moved = labelled(namespace, like);
        var from = only(file, namespace.name(), namespace.document());
        var to = only(file, namespace.name(), moved);
        if (from.isPresent()
            && to.isPresent()
            && !from.equals(to)
            && staysInUse(file, from.get(), namespace)) {
          return Optional.of(new Move(namespace, like, from.get(), to.get()));
        }
      }
    }
    return Optional.empty();
  }

  /** Somebody must be left from whom those who move are kept apart. */
  private static boolean staysInUse(ClusterFile file, String network, ClusterObject without) {
    return file.topology().endpointsOf(network).stream()
        .anyMatch(endpoint -> !endpoint.name().startsWith(without.name() + "."));
  }

  private static ObjectNode labelled(ClusterObject namespace, ClusterObject like) {
    var moved = namespace.document().deepCopy();
    moved.withObject("/metadata").remove("labels");
    moved.withObject("/metadata").set("labels", like.document().at("/metadata/labels").deepCopy());
    return moved;
  }

  /** The network of all pods of a namespace; empty where they have none, or several. */
  private static Optional<String> only(ClusterFile file, String namespace, ObjectNode document) {
    var choices =
        file.podsOf(namespace).stream()
            .map(pod -> file.networkOf(pod, document))
            .distinct()
            .toList();
    return choices.size() == 1 && choices.getFirst() instanceof Choice.Chosen(var network)
        ? Optional.of(network)
        : Optional.empty();
  }

  @Override
  public String name() {
    return "namespace-moves";
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var move = move(cluster.file()).orElseThrow();
    relabel(move.namespace(), move.like().document());
    var name = move.namespace().name();
    var pods = cluster.file().podsOf(name);
    awaitNamed(lab, name, pods.size());
    expect(new PingCheck().run(lab), "while the pods stay: ");

    for (var pod : pods) {
      kubelet.stop(pod);
    }
    for (var pod : pods) {
      var attached = kubelet.start(pod);
      findings.expect(
          attached.network().equals(move.to()), pod + " came into " + attached.network());
    }
    awaitNamed(lab, name, 0);
    expect(new TablesCheck(SETTLE).run(lab), "afterwards: ");
    expect(new PingCheck().run(lab), "afterwards: ");
    expect(new IsolationCheck().run(lab), "afterwards: ");
    return findings.result(
        name(),
        "%s from %s to %s: its %d pods stayed until they were made again, then talk there and nowhere else"
            .formatted(name, move.from(), move.to(), pods.size()));
  }

  private void relabel(ClusterObject namespace, ObjectNode like)
      throws IOException, InterruptedException {
    var patch = JsonNodeFactory.instance.objectNode();
    var labels = patch.withObject("/metadata").putObject("labels");
    ClusterFile.texts(namespace.document().at("/metadata/labels"))
        .keySet()
        .forEach(labels::putNull);
    ClusterFile.texts(like.at("/metadata/labels")).forEach(labels::put);
    cluster.api().merge(namespace, patch);
  }

  /** Nodes name the pods of a namespace that are in another network than they would get now. */
  private void awaitNamed(RunningLab lab, String namespace, int pods) throws InterruptedException {
    var missing =
        Waiting.ask(
            PATIENCE,
            () -> {
              int named = 0;
              for (var node : lab.nodes()) {
                try (var agent = lab.agent(node.thing())) {
                  for (var each : agent.status().path("misplacedPods")) {
                    named += each.path("pod").asText().startsWith(namespace + "/") ? 1 : 0;
                  }
                }
              }
              return named == pods
                  ? ""
                  : "nodes name %d pods of %s as moved instead of %d"
                      .formatted(named, namespace, pods);
            });
    findings.expect(missing.isEmpty(), missing);
  }

  private void expect(CheckResult result, String when) {
    findings.expect(result.ok(), when + result.name() + ": " + result.detail());
  }
}
