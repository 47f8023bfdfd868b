package io.weft.lab.check;

import io.weft.lab.fabric.FabricPlan.Namespace;
import io.weft.lab.process.AgentCalls;
import io.weft.lab.process.RunningLab;
import io.weft.net.MacAddress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The time from the attach call on one node to the row in the kernel's forwarding tables on the
 * slowest of the other nodes, once everything is warm: less than {@link #LIMIT_MILLIS} in the
 * median.
 */
public final class AttachLatencyCheck implements Check {
  public static final double LIMIT_MILLIS = 5;
  private static final int WARM_UP = 10;
  private static final int SAMPLES = 60;

  /** Locally administered; the sample's number goes behind. */
  private static final long FIRST_MAC = 0x0277_6566_7400L;

  private Optional<Latencies> latencies = Optional.empty();

  @Override
  public String name() {
    return "attach-latency";
  }

  /** What was measured; empty before, and when it could not be. */
  public Optional<Latencies> latencies() {
    return latencies;
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var network = lab.networks().stream().filter(n -> lab.nodesOf(n).size() > 1).findFirst();
    if (network.isEmpty()) {
      return new CheckResult(name(), false, "no network has endpoints on two nodes");
    }
    var nodes = lab.nodesOf(network.get());
    var others = new ArrayList<String>();
    for (var other : nodes.subList(1, nodes.size())) {
      others.add(lab.tenantNamespace(other.thing(), network.get()));
    }
    var measured = Latencies.of(measure(lab, network.get(), nodes.getFirst(), others));
    latencies = Optional.of(measured);
    return new CheckResult(
        name(),
        measured.median() < LIMIT_MILLIS,
        String.format(
            Locale.ROOT,
            "attach call on %s to the rows on %d other nodes: median %.2f ms, p99 %.2f, max %.2f of %d"
                + " (limit: median %.0f)",
            nodes.getFirst().thing(),
            others.size(),
            measured.median(),
            measured.p99(),
            measured.max(),
            measured.samples(),
            LIMIT_MILLIS));
  }

  private static List<Long> measure(
      RunningLab lab, String network, Namespace node, List<String> others)
      throws IOException, InterruptedException {
    var samples = new ArrayList<Long>();
    try (var rows = new RemoteRows(others);
        var agent = lab.agent(node.thing())) {
      for (int i = 0; i < WARM_UP + SAMPLES; i++) {
        long nanos = once(lab, network, node, rows, agent, new MacAddress(FIRST_MAC + i));
        if (i >= WARM_UP) {
          samples.add(nanos);
        }
      }
    }
    return samples;
  }

  private static long once(
      RunningLab lab,
      String network,
      Namespace node,
      RemoteRows rows,
      AgentCalls agent,
      MacAddress mac)
      throws IOException, InterruptedException {
    var endpoint = ExtraEndpoint.of(lab, network, node.thing(), Optional.of(mac));
    rows.expect(mac, false);
    long start = System.nanoTime();
    var attached = agent.attach(endpoint, lab.plan().checkNamespace(network));
    try {
      return rows.await() - start;
    } finally {
      rows.expect(mac, true);
      agent.detach(attached.name());
      rows.await();
    }
  }
}
