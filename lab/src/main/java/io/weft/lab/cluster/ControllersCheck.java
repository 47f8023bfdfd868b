package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.weft.kubernetes.resource.Resource;
import io.weft.lab.check.Check;
import io.weft.lab.check.CheckResult;
import io.weft.lab.check.Findings;
import io.weft.lab.process.RunningLab;
import java.io.IOException;
import java.time.Duration;

/** The controller that leads ends: another takes over, and gives a new network its VNI. */
public final class ControllersCheck implements Check {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String NETWORK = "check-takeover";

  private final LabCluster cluster;

  public ControllersCheck(LabCluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public String name() {
    return "controllers";
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var findings = new Findings();
    var leader = cluster.leader();
    if (leader.isEmpty()) {
      findings.add("no replica has the lease");
      return findings.result(name(), "");
    }
    long begun = System.nanoTime();
    lab.process(leader).terminate();
    var document = JsonNodeFactory.instance.objectNode();
    document.put("apiVersion", Resource.API_VERSION).put("kind", "Network");
    document.withObject("/metadata").put("name", NETWORK);
    document.putObject("spec");
    var network = ClusterObject.of(document);
    cluster.api().create(network);
    var missing =
        Waiting.ask(
            PATIENCE,
            () ->
                cluster.api().get(network).at("/status/vni").isInt()
                    ? ""
                    : "a new network has no VNI, and '" + cluster.leader() + "' leads");
    long millis = (System.nanoTime() - begun) / 1_000_000;
    findings.expect(missing.isEmpty(), missing);
    var next = cluster.leader();
    findings.expect(!next.equals(leader), leader + " still has the lease");
    cluster.api().delete(network);
    return findings.result(
        name(),
        "%s ended; %s gave a new network its VNI after %d ms".formatted(leader, next, millis));
  }
}
