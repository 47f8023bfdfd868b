package io.weft.lab.run;

import io.weft.lab.check.CheckResult;
import io.weft.lab.cluster.ClusterApi;
import io.weft.lab.cluster.ClusterFile;
import io.weft.lab.cluster.GivenChecks;
import io.weft.lab.cluster.GivenCluster;
import io.weft.lab.process.LabFailure;
import java.io.IOException;

/** One run in a cluster that is there: its objects are made, looked at and deleted. */
final class GivenClusterRun {
  private final ClusterFile file;
  private final ClusterApi api;
  private final Progress progress;
  private final LabReport report = new LabReport();

  GivenClusterRun(ClusterFile file, ClusterApi api, Progress progress) {
    this.file = file;
    this.api = api;
    this.progress = progress;
  }

  LabReport report() {
    return report;
  }

  void run() throws IOException, InterruptedException, LabFailure {
    var cluster = GivenCluster.open(file, api);
    progress.step("cluster", api.server() + ", nodes " + String.join(", ", cluster.nodes()));
    int left = cluster.remove();
    if (left > 0) {
      progress.step("clear", "deleted " + left + " objects that an earlier run had left");
    }
    boolean removed = false;
    try {
      progress.step("objects", cluster.apply() + " made and Ready; the Fabric is the cluster's");
      cluster.startPods();
      var table = cluster.table();
      report.pods(table);
      progress.step("pods", table.size() + " run");
      progress.table(table.lines());
      var checks = new GivenChecks(cluster);
      report.carryOut("conditions", checks::conditions, progress);
      report.carryOut("vnis", checks::vnis, progress);
      report.carryOut("node-states", checks::nodeStates, progress);
      report.carryOut("pods", checks::pods, progress);
      report.carryOut("ping", checks::ping, progress);
      removed = true;
      report.carryOut("clean-up", () -> cleanUp(cluster), progress);
    } finally {
      if (!removed) {
        removeAllTheSame(cluster);
      }
    }
  }

  private static CheckResult cleanUp(GivenCluster cluster)
      throws IOException, InterruptedException {
    return new CheckResult("clean-up", true, cluster.remove() + " objects deleted, none left");
  }

  /** An interrupt must not cut it short. */
  private void removeAllTheSame(GivenCluster cluster) throws IOException, InterruptedException {
    boolean interrupted = Thread.interrupted();
    progress.step("clean-up", cluster.remove() + " objects deleted");
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
