package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.lab.check.CheckResult;
import io.weft.lab.check.Findings;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Who reaches whom in a cluster, asked by pods whose container is a ping and that come and go: a
 * container's exit code and last words tell. Their images are those of the file's pods, and must
 * have {@code sh} and {@code ping}.
 */
final class Probe {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String PREFIX = "weft-lab-probe-";

  /** Where the kubelet takes a container's last words from. */
  private static final String LAST_WORDS = "/dev/termination-log";

  private final GivenCluster cluster;
  private final Findings findings = new Findings();

  /** What those that came have of addresses, by their network: others' pings may meet them. */
  private final Map<String, Set<IpAddress>> met = new TreeMap<>();

  /** What answered, of other networks, by who asked. */
  private final Map<Sent, Set<IpAddress>> answers = new LinkedHashMap<>();

  private int ways;
  private int borders;

  Probe(GivenCluster cluster) {
    this.cluster = cluster;
  }

  /** A pod that pings, in a network of the cluster. */
  private record Sent(ClusterObject pod, String network) {}

  /** A pod beside each pod of the file, on another node where there is one. */
  CheckResult run() throws IOException, InterruptedException {
    var probes = new ArrayList<Sent>();
    for (var pod : cluster.pods()) {
      var probe = new Sent(probe(pod, probes.size()), cluster.network(pod));
      cluster.api().create(probe.pod());
      probes.add(probe);
    }
    for (var probe : probes) {
      var missing = Waiting.ask(PATIENCE, () -> running(probe));
      findings.expect(missing.isEmpty(), missing);
    }
    int asked = borders;
    answers.forEach(
        (probe, answered) -> {
          var foreign = foreign(answered, met.getOrDefault(probe.network(), Set.of()));
          borders -= answered.size() - foreign.size();
          findings.expect(
              foreign.isEmpty(),
              "%s on %s: %s of another network answers"
                  .formatted(probe.pod(), node(probe.pod()), foreign));
        });
    var unasked = unasked(asked, borders);
    findings.expect(unasked.isEmpty(), unasked);
    for (var probe : probes) {
      cluster.api().deleteIfThere(probe.pod());
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

  /**
   * What answered, without what pods of the own network had meanwhile: where two networks have the
   * same addresses, a pod that pings may have got that of another network's pod, and answers.
   */
  static Set<IpAddress> foreign(Set<IpAddress> answered, Set<IpAddress> own) {
    var foreign = new TreeSet<>(answered);
    foreign.removeAll(own);
    return foreign;
  }

  /**
   * What is wrong when too little was asked to say anything of borders; empty: nothing.
   *
   * @param ways that lead out of networks
   * @param told of how many of them an answer, or none, tells something
   */
  static String unasked(int ways, int told) {
    return ways > 0 && told == 0
        ? "nothing can be said of %d ways out of networks: pods that ping had each address; run it again"
            .formatted(ways)
        : "";
  }

  private String running(Sent probe) throws IOException, InterruptedException {
    var status = cluster.api().get(probe.pod()).path("status");
    var phase = status.path("phase").asText();
    if (!phase.equals("Succeeded") && !phase.equals("Failed")) {
      return probe.pod() + " on " + node(probe.pod()) + " does not end: " + phase;
    }
    status
        .path("podIPs")
        .forEach(
            each ->
                met.computeIfAbsent(probe.network(), _ -> new TreeSet<>())
                    .add(IpAddress.parse(each.path("ip").asText())));
    var ended = status.at("/containerStatuses/0/state/terminated");
    var words = ended.path("message").asText().strip();
    switch (ended.path("exitCode").asInt()) {
      case 0 -> {}
      case 3 ->
          findings.add(
              "%s on %s: %s of its own network does not answer"
                  .formatted(probe.pod(), node(probe.pod()), words));
      case 4 ->
          answers.put(
              probe,
              Stream.of(words.split(" "))
                  .map(IpAddress::parse)
                  .collect(Collectors.toCollection(TreeSet::new)));
      default ->
          findings.add(
              "%s on %s: its ping ended with code %s %s"
                  .formatted(probe.pod(), node(probe.pod()), ended.path("exitCode"), words));
    }
    return "";
  }

  private static String node(ClusterObject probe) {
    return probe.document().at("/spec/nodeName").asText();
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
    return "for a in %s; do ping -c 1 -W 2 $a || ping -c 2 -W 2 $a || { echo $a >%s; exit 3; }; done; "
            .formatted(words(own), LAST_WORDS)
        + "r=; for a in %s; do ping -c 1 -W 1 $a && r=\"$r $a\"; done; ".formatted(words(others))
        + "[ -z \"$r\" ] || { echo $r >%s; exit 4; }; exit 0".formatted(LAST_WORDS);
  }

  private static String words(List<IpAddress> addresses) {
    return String.join(" ", addresses.stream().map(IpAddress::toString).toList());
  }
}
