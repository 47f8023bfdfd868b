package io.weft.lab.check;

import io.weft.lab.fabric.FabricPlan;
import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The kernel tables of each node hold exactly the expected remote MACs, flood entries and
 * neighbours, and nothing else.
 */
public final class TablesCheck implements Check {
  private static final Duration POLL = Duration.ofMillis(10);

  private final Duration patience;

  /** {@code patience}: how long the tables may take to become so. */
  public TablesCheck(Duration patience) {
    this.patience = patience;
  }

  @Override
  public String name() {
    return "tables";
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    return run(lab, lab.plan());
  }

  /** As {@link #run(RunningLab)}, where hosts have the addresses of another plan now. */
  CheckResult run(RunningLab lab, FabricPlan plan) throws IOException, InterruptedException {
    var expected = expected(lab, plan);
    long deadline = System.nanoTime() + patience.toNanos();
    var findings = compare(lab, expected);
    while (!findings.isEmpty() && System.nanoTime() < deadline) {
      Thread.sleep(POLL);
      findings = compare(lab, expected);
    }
    int rows = expected.values().stream().mapToInt(lines -> lines.size()).sum();
    return findings.result(
        name(), rows + " rows in " + expected.size() + " tenant namespaces, exactly as expected");
  }

  /** By namespace: one may hold several networks of a tenant. */
  private static Map<String, NavigableSet<String>> expected(RunningLab lab, FabricPlan plan)
      throws IOException {
    var expected = new TreeMap<String, NavigableSet<String>>();
    for (var network : lab.networks()) {
      for (var node : lab.nodesOf(network)) {
        expected
            .computeIfAbsent(lab.tenantNamespace(node.thing(), network), _ -> new TreeSet<>())
            .addAll(TablesModel.of(lab, plan, network, node.thing()));
      }
    }
    return expected;
  }

  private static Findings compare(RunningLab lab, Map<String, NavigableSet<String>> expected) {
    var findings = new Findings();
    expected.forEach(
        (namespace, lines) -> {
          var seen = TenantTables.forwarding(namespace);
          lines.stream()
              .filter(line -> !seen.contains(line))
              .forEach(line -> findings.add(namespace + " lacks '" + line + "'"));
          seen.stream()
              .filter(line -> !lines.contains(line) && !isOfAsking(lab, line))
              .forEach(line -> findings.add(namespace + " has '" + line + "' besides"));
        });
    return findings;
  }

  /**
   * A pod that asks for its gateway's MAC names the address that the cluster knows it by, and the
   * kernel notes that; the route to it leads elsewhere.
   */
  private static boolean isOfAsking(RunningLab lab, String line) {
    var words = line.split(" ", 4);
    return words.length == 4
        && words[1].equals("neighbour")
        && !line.endsWith(" noarp")
        && lab.topology().networks().stream()
            .filter(network -> lab.isEverywhere(network.name()))
            .filter(network -> lab.attached(network.name()).stream().noneMatch(isAt(words[0])))
            .flatMap(network -> network.spec().subnets().stream())
            .anyMatch(subnet -> subnet.contains(IpAddress.parse(words[2])));
  }

  private static Predicate<Attached> isAt(String bridge) {
    return endpoint -> bridge.equals("br" + endpoint.vni());
  }
}
