package io.weft.lab.cluster;

import io.weft.kubernetes.intent.NamespaceResolution.Choice;
import io.weft.lab.check.Check;
import io.weft.lab.check.CheckResult;
import io.weft.lab.check.Findings;
import io.weft.lab.process.RunningLab;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Each pod is in the network that its namespace's labels and the annotations of the file say, with
 * an address of its own of that network, the one that its status names.
 */
public final class PodsCheck implements Check {
  private final LabCluster cluster;

  public PodsCheck(LabCluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public String name() {
    return "pods";
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var findings = new Findings();
    var namespaces = new TreeMap<String, ClusterObject>();
    cluster.file().namespaces().forEach(each -> namespaces.put(each.name(), each));
    Map<String, Integer> pods = new TreeMap<>();
    var taken = new TreeSet<String>();
    for (var pod : cluster.file().pods()) {
      var namespace = namespaces.get(pod.namespace());
      var attached = lab.attached().stream().filter(a -> a.name().equals(pod.thing())).findFirst();
      if (namespace == null || attached.isEmpty()) {
        findings.add(pod + " does not run");
        continue;
      }
      var network = attached.get().network();
      pods.merge(network, 1, Integer::sum);
      findings.expect(
          cluster.file().networkOf(pod, namespace.document()).equals(new Choice.Chosen(network)),
          pod + " is in " + network);
      var ip = cluster.api().get(ClusterObject.of(pod.object())).at("/status/podIP").asText();
      var address = attached.get().addresses().getFirst();
      var known = attached.get().cluster().stream().findFirst().orElse(address);
      findings.expect(ip.equals(known.toString()), pod + ": its status says " + ip);
      findings.expect(
          lab.topology().network(network).spec().subnets().stream()
              .anyMatch(subnet -> subnet.isHostAddress(address)),
          pod + ": " + address + " is not of " + network);
      findings.expect(taken.add(network + " " + address), pod + ": " + address + " is two's");
    }
    return findings.result(
        name(), cluster.file().pods().size() + " pods where they belong: " + pods);
  }
}
