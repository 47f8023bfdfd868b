package io.weft.lab.cluster;

import io.weft.lab.check.Check;
import io.weft.lab.check.CheckResult;
import io.weft.lab.check.Findings;
import io.weft.lab.process.RunningLab;
import java.io.IOException;
import java.util.List;

/** The status of each object says that it is accepted and in force, in its present generation. */
public final class ObjectsCheck implements Check {
  private static final List<String> CONDITIONS = List.of("Accepted", "Ready");

  private final ClusterApi api;
  private final List<ClusterObject> objects;

  ObjectsCheck(ClusterApi api, List<ClusterObject> objects) {
    this.api = api;
    this.objects = objects.stream().filter(ClusterObject::isOurs).toList();
  }

  /** Of all objects of a lab's cluster. */
  public ObjectsCheck(LabCluster cluster) {
    this(cluster.api(), cluster.file().objects());
  }

  @Override
  public String name() {
    return "conditions";
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    return run();
  }

  CheckResult run() throws IOException, InterruptedException {
    var findings = new Findings();
    for (var object : objects) {
      var now = api.get(object);
      long generation = now.at("/metadata/generation").asLong();
      for (var each : now.at("/status/conditions")) {
        findings.expect(
            each.path("observedGeneration").asLong() == generation,
            object + ": " + each.path("type").asText() + " is of an earlier generation");
      }
      for (var condition : CONDITIONS) {
        findings.expect(
            ClusterApi.condition(now, condition).equals("True"),
            object + ": " + condition + " is not True: " + now.at("/status/conditions"));
      }
    }
    return findings.result(
        name(), objects.size() + " objects, each Accepted and Ready as it is now");
  }
}
