package io.weft.lab.run;

import io.weft.lab.check.Check;
import io.weft.lab.check.EncapsulationCheck;
import io.weft.lab.check.IsolationCheck;
import io.weft.lab.check.MtuCheck;
import io.weft.lab.check.PingCheck;
import io.weft.lab.check.RestartCheck;
import io.weft.lab.check.RoutingCheck;
import io.weft.lab.check.SuppressionCheck;
import io.weft.lab.check.TablesCheck;
import io.weft.lab.check.UnderlayCheck;
import io.weft.lab.cluster.CleanUpCheck;
import io.weft.lab.cluster.ClusterFile;
import io.weft.lab.cluster.ControllersCheck;
import io.weft.lab.cluster.Kubelet;
import io.weft.lab.cluster.LabCluster;
import io.weft.lab.cluster.NamespaceMoveCheck;
import io.weft.lab.cluster.NodeStatesCheck;
import io.weft.lab.cluster.ObjectsCheck;
import io.weft.lab.cluster.PodsCheck;
import io.weft.lab.cluster.VnisCheck;
import io.weft.lab.process.LabFailure;
import io.weft.lab.process.PluginRun;
import io.weft.lab.process.RunningLab;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;

/** One run of a lab that is a Kubernetes cluster, from the empty machine to the empty cluster. */
final class ClusterRun {
  private static final Duration SETTLE = Duration.ofSeconds(5);

  private final ClusterFile file;
  private final Lab lab;
  private final Progress progress;
  private final LabReport report = new LabReport();

  ClusterRun(ClusterFile file, Lab lab, Progress progress) {
    this.file = file;
    this.lab = lab;
    this.progress = progress;
  }

  LabReport report() {
    return report;
  }

  void run() throws IOException, InterruptedException, LabFailure {
    var plugin = PluginRun.program();
    if (lab.clear()) {
      progress.step("clear", "removed what an earlier run had left");
    }
    var running = lab.buildCluster();
    progress.step("fabric", LabRun.fabric(lab.plan()));
    try (var cluster = LabCluster.start(file, running)) {
      cluster.apply();
      progress.step("objects", file.objects().size() + " made by the API");
      cluster.startProcesses();
      cluster.awaitObjects();
      progress.step("controllers", "all objects are Ready");
      running.awaitSessions();
      progress.step("nodes", "every node has found the others");
      var kubelet = new Kubelet(cluster, plugin);
      for (var pod : file.pods()) {
        kubelet.start(pod);
      }
      var table = cluster.table();
      report.pods(table);
      progress.step("pods", table.size() + " started");
      progress.table(table.lines());
      check(running, cluster, kubelet);
    }
  }

  private void check(RunningLab running, LabCluster cluster, Kubelet kubelet)
      throws InterruptedException {
    var checks = new ArrayList<Check>();
    checks.add(new UnderlayCheck());
    checks.add(new ObjectsCheck(cluster));
    checks.add(new VnisCheck(cluster));
    checks.add(new PodsCheck(cluster));
    checks.add(new TablesCheck(SETTLE));
    checks.add(new PingCheck());
    if (RoutingCheck.concerns(file.topology())) {
      checks.add(new RoutingCheck());
    }
    checks.add(new MtuCheck());
    checks.add(new IsolationCheck());
    checks.add(new EncapsulationCheck());
    checks.add(new SuppressionCheck());
    checks.add(new ControllersCheck(cluster));
    if (NamespaceMoveCheck.concerns(file)) {
      checks.add(new NamespaceMoveCheck(cluster, kubelet));
    }
    checks.add(new NodeStatesCheck(cluster));
    checks.add(new RestartCheck());
    checks.add(new CleanUpCheck(cluster, kubelet));
    report.carryOut(checks, running, progress);
  }
}
