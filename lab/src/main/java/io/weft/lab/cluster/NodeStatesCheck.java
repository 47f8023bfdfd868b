package io.weft.lab.cluster;

import io.weft.lab.check.Check;
import io.weft.lab.check.CheckResult;
import io.weft.lab.check.Findings;
import io.weft.lab.process.RunningLab;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;

/** What each node says of itself: it is ready, its peers are up, its VTEP is that of the plan. */
public final class NodeStatesCheck implements Check {
  private static final List<String> CONDITIONS =
      List.of("Ready", "PeersUp", "KernelInSync", "MtuOk", "NoProblems");

  /** A node says it at once when a condition changes, and not again within 10 s. */
  private static final Duration SETTLE = Duration.ofSeconds(25);

  private final ClusterApi api;

  NodeStatesCheck(ClusterApi api) {
    this.api = api;
  }

  /** Of all nodes of a lab's cluster. */
  public NodeStatesCheck(LabCluster cluster) {
    this(cluster.api());
  }

  @Override
  public String name() {
    return "node-states";
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var findings = new Findings();
    var vteps = new TreeMap<String, String>();
    for (var node : lab.nodes()) {
      vteps.put(node.thing(), node.loopback().orElseThrow().toString());
    }
    expectReady(List.copyOf(vteps.keySet()), findings);
    for (var state : api.list("NodeState", "")) {
      var name = state.at("/metadata/name").asText();
      findings.expect(
          state.at("/status/vtep").asText().equals(vteps.get(name)),
          name + " says VTEP " + state.at("/status/vtep") + " instead of " + vteps.get(name));
    }
    return findings.result(name(), vteps.size() + " nodes: " + String.join(", ", CONDITIONS));
  }

  /** Without a plan to compare with. */
  CheckResult run(List<String> nodes) throws InterruptedException {
    var findings = new Findings();
    expectReady(nodes, findings);
    return findings.result(name(), nodes.size() + " nodes: " + String.join(", ", CONDITIONS));
  }

  private void expectReady(List<String> nodes, Findings findings) throws InterruptedException {
    var missing = Waiting.ask(SETTLE, () -> missing(nodes));
    findings.expect(missing.isEmpty(), missing);
  }

  private String missing(List<String> nodes) throws IOException, InterruptedException {
    var missing = new TreeMap<String, String>();
    nodes.forEach(node -> missing.put(node, "there is no NodeState " + node));
    for (var state : api.list("NodeState", "")) {
      var name = state.at("/metadata/name").asText();
      if (missing.containsKey(name)) {
        missing.remove(name);
        for (var condition : CONDITIONS) {
          if (!ClusterApi.condition(state, condition).equals("True")) {
            missing.put(name, name + ": " + state.at("/status/conditions"));
          }
        }
      }
    }
    return missing.isEmpty() ? "" : missing.firstEntry().getValue();
  }
}
