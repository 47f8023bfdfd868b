package io.weft.lab.check;

import io.weft.lab.fabric.FabricPlan.Namespace;
import io.weft.lab.process.AgentCalls;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology.EndpointPlace;
import io.weft.net.MacAddress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The time from the attach call on one node to the row in the kernel's forwarding tables on the
 * slowest of the other nodes, once everything is warm: less than {@link #LIMIT_MILLIS} in the
 * median. Warm is after {@link #WARM_UP} attachments. Because other work on the machine counts too,
 * a round over the limit is repeated, {@link #MAX_ROUNDS} in all; the last one is reported, with
 * its number.
 */
public final class AttachLatencyCheck implements Check {
  public static final double LIMIT_MILLIS = 5;
  public static final int SAMPLES = 60;
  public static final int WARM_UP = 150;
  public static final int MAX_ROUNDS = 6;

  /** Locally administered; the sample's number is added. */
  private static final long FIRST_MAC = 0x0277_6566_0000L;

  private Optional<Latencies> latencies = Optional.empty();
  private final List<Long> calls = new ArrayList<>();
  private int count;
  private int rounds;

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
    var measured = measure(lab, network.get(), nodes.getFirst(), others);
    latencies = Optional.of(measured);
    return new CheckResult(
        name(),
        measured.median() < LIMIT_MILLIS,
        String.format(
            Locale.ROOT,
            "attach call on %s to the rows on %d other nodes: median %.2f ms, p99 %.2f, max %.2f of %d"
                + " (limit: median %.0f; round %d); the call itself: median %.2f",
            nodes.getFirst().thing(),
            others.size(),
            measured.median(),
            measured.p99(),
            measured.max(),
            measured.samples(),
            LIMIT_MILLIS,
            rounds,
            Latencies.of(calls).median()));
  }

  private Latencies measure(RunningLab lab, String network, Namespace node, List<String> others)
      throws IOException, InterruptedException {
    try (var rows = new RemoteRows(others);
        var agent = lab.agent(node.thing())) {
      var extra = ExtraEndpoint.of(lab, network, node.thing(), Optional.empty());
      var namespace = lab.plan().checkNamespace(network);
      var measured = round(WARM_UP, extra, namespace, rows, agent);
      do {
        rounds++;
        measured = round(SAMPLES, extra, namespace, rows, agent);
      } while (measured.median() >= LIMIT_MILLIS && rounds < MAX_ROUNDS);
      return measured;
    }
  }

  private Latencies round(
      int samples, EndpointPlace extra, String namespace, RemoteRows rows, AgentCalls agent)
      throws IOException, InterruptedException {
    var first = extra.addresses().stream().limit(1).toList(); // the same work in every lab
    calls.clear();
    var nanos = new ArrayList<Long>();
    for (int i = 0; i < samples; i++) {
      var mac = Optional.of(new MacAddress(FIRST_MAC + count++));
      nanos.add(
          once(
              new EndpointPlace(extra.name(), extra.node(), extra.network(), first, mac),
              namespace,
              rows,
              agent));
    }
    return Latencies.of(nanos);
  }

  private long once(EndpointPlace endpoint, String namespace, RemoteRows rows, AgentCalls agent)
      throws IOException, InterruptedException {
    var mac = endpoint.mac().orElseThrow();
    rows.expect(mac, false);
    long start = System.nanoTime();
    agent.attach(endpoint, namespace);
    calls.add(System.nanoTime() - start);
    try {
      return rows.await() - start;
    } finally {
      rows.expect(mac, true);
      agent.detach(endpoint.name());
      rows.await();
    }
  }
}
