package io.weft.lab.cluster;

import io.weft.lab.check.Check;
import io.weft.lab.check.CheckResult;
import io.weft.lab.check.Findings;
import io.weft.lab.process.RunningLab;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;

/** When pods and objects are deleted, no node has anything of them left; so it is the last one. */
public final class CleanUpCheck implements Check {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final LabCluster cluster;
  private final Kubelet kubelet;

  public CleanUpCheck(LabCluster cluster, Kubelet kubelet) {
    this.cluster = cluster;
    this.kubelet = kubelet;
  }

  @Override
  public String name() {
    return "clean-up";
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var findings = new Findings();
    for (var pod : cluster.file().pods()) {
      kubelet.stop(pod);
    }
    for (var object : cluster.file().objects().reversed()) {
      cluster.api().delete(object);
    }
    var missing = Waiting.ask(PATIENCE, () -> left(lab));
    findings.expect(missing.isEmpty(), missing);
    return findings.result(
        name(),
        cluster.file().pods().size()
            + " pods and "
            + cluster.file().objects().size()
            + " objects deleted: no node has a namespace, an endpoint or a network of them left");
  }

  private static String left(RunningLab lab) throws IOException {
    for (var node : lab.nodes()) {
      var prefix = lab.plan().tenantNamespacePrefix(node.thing());
      var namespaces = new ArrayList<>(NetworkNamespaces.list());
      namespaces.removeIf(name -> !name.startsWith(prefix));
      try (var agent = lab.agent(node.thing())) {
        var networks = agent.networks();
        var endpoints = agent.status().path("endpoints");
        if (!namespaces.isEmpty() || !networks.isEmpty() || !endpoints.isEmpty()) {
          return "%s still has %s, networks %s, endpoints %s"
              .formatted(node.thing(), namespaces, networks, endpoints);
        }
      }
    }
    return "";
  }
}
