package io.weft.lab.run;

import io.weft.lab.check.AttachLatencyCheck;
import io.weft.lab.check.Check;
import io.weft.lab.check.ConnectionsCheck;
import io.weft.lab.check.DualStackCheck;
import io.weft.lab.check.EgressCheck;
import io.weft.lab.check.EncapsulationCheck;
import io.weft.lab.check.EndpointBgpCheck;
import io.weft.lab.check.ExternalGatewayCheck;
import io.weft.lab.check.IsolationCheck;
import io.weft.lab.check.MobilityCheck;
import io.weft.lab.check.MtuCheck;
import io.weft.lab.check.MulticastCheck;
import io.weft.lab.check.PingCheck;
import io.weft.lab.check.PrefixesCheck;
import io.weft.lab.check.RestartCheck;
import io.weft.lab.check.RoutingCheck;
import io.weft.lab.check.SuppressionCheck;
import io.weft.lab.check.TablesCheck;
import io.weft.lab.check.UnderlayCheck;
import io.weft.lab.fabric.FabricPlan;
import io.weft.lab.fabric.FabricPlan.Role;
import io.weft.lab.process.LabFailure;
import io.weft.lab.process.RunningLab;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;

/** One run of a lab: built, looked at from every side, and told about as it goes. */
final class LabRun {
  private static final Duration SETTLE = Duration.ofSeconds(5);

  private final Lab lab;
  private final Progress progress;
  private final LabReport report = new LabReport();

  LabRun(Lab lab, Progress progress) {
    this.lab = lab;
    this.progress = progress;
  }

  LabReport report() {
    return report;
  }

  /** Builds the lab and starts it, as {@code weft lab up} leaves it. */
  RunningLab up() throws IOException, InterruptedException, LabFailure {
    if (lab.clear()) {
      progress.step("clear", "removed what an earlier run had left");
    }
    var running = lab.build();
    progress.step("fabric", fabric(lab.plan()));
    running.start();
    progress.step("processes", processes(lab.plan()));
    running.awaitSessions();
    progress.step("sessions", "every node has its BGP sessions");
    for (var endpoint : lab.plan().topology().endpoints()) {
      if (lab.plan().topology().node(endpoint.node()).isWeft()) {
        running.attach(endpoint);
      }
    }
    progress.step("attach", running.attached().size() + " endpoints in " + networks(running));
    if (!lab.plan().topology().speaking().isEmpty()) {
      running.awaitSaid();
      progress.step("endpoint-bgp", lab.plan().topology().speaking().size() + " endpoints speak");
    }
    return running;
  }

  /**
   * Everything that must hold. An interrupt ends it between two checks at the latest.
   *
   * @param timed also what asks for a quick machine
   */
  void check(RunningLab running, boolean timed) throws InterruptedException {
    var latency = new AttachLatencyCheck();
    var checks = new ArrayList<Check>();
    checks.add(new UnderlayCheck());
    checks.add(new TablesCheck(SETTLE));
    checks.add(new PingCheck());
    if (RoutingCheck.concerns(lab.plan().topology())) {
      checks.add(new RoutingCheck());
    }
    if (EgressCheck.concerns(lab.plan().topology())) {
      checks.add(new EgressCheck());
    }
    if (PrefixesCheck.concerns(lab.plan().topology())) {
      checks.add(new PrefixesCheck());
    }
    if (EndpointBgpCheck.concerns(lab.plan().topology())) {
      checks.add(new EndpointBgpCheck());
    }
    if (ExternalGatewayCheck.concerns(lab.plan().topology())) {
      checks.add(new ExternalGatewayCheck());
    }
    if (ConnectionsCheck.concerns(lab.plan().topology())) {
      checks.add(new ConnectionsCheck());
    }
    if (DualStackCheck.concerns(lab.plan().topology())) {
      checks.add(new DualStackCheck());
    }
    if (MobilityCheck.concerns(lab.plan().topology())) {
      checks.add(new MobilityCheck());
    }
    if (MulticastCheck.concerns(lab.plan().topology())) {
      checks.add(new MulticastCheck());
    }
    checks.add(new MtuCheck());
    checks.add(new IsolationCheck());
    checks.add(new EncapsulationCheck());
    checks.add(new SuppressionCheck());
    if (timed) {
      checks.add(latency);
    }
    checks.add(new RestartCheck());
    report.carryOut(checks, running, progress);
    latency.latencies().ifPresent(report::measured);
  }

  /** What the fabric is made of. */
  static String fabric(FabricPlan plan) {
    return plan.namespaces(Role.TOR).size()
        + " racks, "
        + plan.namespaces(Role.NODE).size()
        + " nodes, "
        + plan.namespaces(Role.REFLECTOR).size()
        + " reflectors, "
        + plan.namespaces(Role.ENDPOINT).size()
        + " endpoints: "
        + plan.namespaces().size()
        + " namespaces, "
        + plan.cables().size()
        + " links, "
        + plan.routes().size()
        + " routes";
  }

  private static String processes(FabricPlan plan) {
    var topology = plan.topology();
    return topology.nodes().stream().filter(h -> h.isWeft()).count()
        + " x weft node, "
        + topology.reflectors().stream().filter(h -> h.isWeft()).count()
        + " x weft reflector"
        + (topology.gateways().isEmpty()
            ? ""
            : ", " + topology.gateways().size() + " gateways of FRR");
  }

  private static String networks(RunningLab running) {
    return String.join(
        ", ",
        running.networks().stream()
            .map(n -> n + " (VNI " + running.attached(n).getFirst().vni() + ")")
            .toList());
  }
}
