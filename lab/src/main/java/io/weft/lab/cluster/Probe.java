package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.lab.check.CheckResult;
import io.weft.lab.check.Findings;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who reaches whom in a cluster, asked by pods whose container is a ping and that come and go: a
 * container's exit code is all that the API need tell. Their images are those of the file's pods,
 * and must have {@code sh} and {@code ping}.
 */
final class Probe {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String PREFIX = "weft-lab-probe-";

  private final GivenCluster cluster;
  private final Findings findings = new Findings();
  private int ways;
  private int borders;

  Probe(GivenCluster cluster) {
    this.cluster = cluster;
  }

  /** A pod beside each pod of the file, on another node where there is one. */
  CheckResult run() throws IOException, InterruptedException {
    var probes = new ArrayList<ClusterObject>();
    for (var pod : cluster.pods()) {
      var probe = probe(pod, probes.size());
      cluster.api().create(probe);
      probes.add(probe);
    }
    for (var probe : probes) {
      var missing = Waiting.ask(PATIENCE, () -> running(probe));
      findings.expect(missing.isEmpty(), missing);
    }
    for (var probe : probes) {
      cluster.api().deleteIfThere(probe);
    }
    return findings.result(
        "ping",
        ways
            + " ways within networks answered, "
            + borders
            + " ways out of them not, by "
            + probes.size()
            + " pods that ping");
  }

  private String running(ClusterObject probe) throws IOException, InterruptedException {
    var status = cluster.api().get(probe).path("status");
    return switch (status.path("phase").asText()) {
      case "Succeeded" -> "";
      case "Failed" -> {
        findings.add(probe + " on " + node(probe) + ": " + meaning(status));
        yield "";
      }
      default -> probe + " on " + node(probe) + " does not end: " + status.path("phase").asText();
    };
  }

  private static String node(ClusterObject probe) {
    return probe.document().at("/spec/nodeName").asText();
  }

  private static String meaning(JsonNode status) {
    int code = status.at("/containerStatuses/0/state/terminated/exitCode").asInt();
    return switch (code) {
      case 3 -> "an address of its own network does not answer";
      case 4 -> "an address of another network answers";
      default -> "its ping ended with code " + code;
    };
  }

  private ClusterObject probe(PodPlace pod, int number) {
    var own = new TreeSet<IpAddress>();
    var others = new TreeMap<IpAddress, String>();
    for (var other : cluster.pods()) {
      boolean same = cluster.network(other).equals(cluster.network(pod));
      for (var address : cluster.addresses(other)) {
        if (same) {
          own.add(address);
        } else if (!tenant(other).equals(tenant(pod))) {
          others.put(address, other.thing());
        }
      }
    }
    others.keySet().removeAll(own);
    ways += own.size();
    borders += others.size();
    var document = pod.object().deepCopy();
    document.withObject("/metadata").put("name", PREFIX + number);
    var spec = document.withObject("/spec");
    var nodes = cluster.nodes();
    var node = nodes.get((nodes.indexOf(pod.node()) + 1) % nodes.size());
    spec.put("nodeName", node).put("restartPolicy", "Never");
    var container = ((ObjectNode) spec.path("containers").path(0)).deepCopy();
    container.remove("args");
    var command = container.putArray("command").add("sh").add("-c");
    command.add(script(List.copyOf(own), List.copyOf(others.keySet())));
    spec.putArray("containers").add(container);
    return ClusterObject.of(document);
  }

  private String tenant(PodPlace pod) {
    var network = cluster.network(pod);
    return cluster.file().topology().network(network).spec().tenant().orElse("/" + network);
  }

  private static String script(List<IpAddress> own, List<IpAddress> others) {
    return "for a in "
        + words(own)
        + "; do ping -c 1 -W 2 $a || ping -c 2 -W 2 $a || exit 3; done; for a in "
        + words(others)
        + "; do ping -c 1 -W 1 $a && exit 4; done; exit 0";
  }

  private static String words(List<IpAddress> addresses) {
    return String.join(" ", addresses.stream().map(IpAddress::toString).toList());
  }
}
