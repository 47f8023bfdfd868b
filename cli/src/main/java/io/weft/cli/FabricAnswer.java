package io.weft.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.simulation.FabricReport;
import io.weft.simulation.FabricReport.Sessions;
import io.weft.simulation.FabricReport.Spread;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.time.Duration;
import java.util.Locale;

/**
 * What {@code weft simulate} says of a fabric.
 *
 * @param started seconds until the cold start was over, with the look at all kernels after it
 * @param wall seconds that all took
 */
record FabricAnswer(FabricReport report, double started, double wall) {
  private static final double MEBIBYTE = 1 << 20;
  private static final String SPREAD = "median, p99, most";

  private static double peakHeapMegabytes() {
    long octets =
        ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP)
            .map(MemoryPoolMXBean::getPeakUsage)
            .mapToLong(usage -> usage.getUsed())
            .sum();
    return octets / MEBIBYTE;
  }

  private static double millis(Duration duration) {
    return millis(duration.toNanos());
  }

  private static double millis(long nanos) {
    return Math.round(nanos / 1e3) / 1e3;
  }

  private static String millis(Spread nanos) {
    return "%s, %s, %s ms"
        .formatted(millis(nanos.median()), millis(nanos.p99()), millis(nanos.most()));
  }

  void print(PrintWriter out) {
    var size = report.size();
    out.printf(
        Locale.ROOT,
        "%,d nodes, %,d pods, %,d networks, %,d tenants, %,d reflectors, seed %d%n%n",
        size.nodes(),
        report.pods(),
        size.networks(),
        size.tenants(),
        size.reflectors(),
        report.seed());
    var table = new Table("WHAT", "VALUE");
    table.row("cold start, after the last pod came", millis(report.coldStart()) + " ms");
    table.row("  until all have the way to a pod, " + SPREAD, millis(report.coldStartOfPods()));
    if (!report.changes().isEmpty()) {
      table.row("changes", "%,d".formatted(report.changes().size()));
      table.row("  until every kernel has it, median", millis(report.change(0.5)) + " ms");
      table.row("  99th percentile", millis(report.change(0.99)) + " ms");
      table.row("  slowest", millis(report.change(1)) + " ms");
    }
    report.faults().forEach((fault, count) -> table.row(fault, count));
    if (!report.faults().isEmpty()) {
      table.row("settled after the last fault", millis(report.settled()) + " ms");
    }
    table.row("BGP messages", "%,d".formatted(report.messages()));
    table.row("octets of them", "%,d".formatted(report.octets()));
    tell(table, "sessions of nodes made", report.nodeSessions());
    tell(table, "sessions between reflectors made", report.reflectorSessions());
    table.row("routes of a reflector, " + SPREAD, text(report.reflectorRoutes()));
    table.row("routes that a node heard, " + SPREAD, text(report.nodeRoutes()));
    table.row("objects in a kernel, " + SPREAD, text(report.kernelObjects()));
    table.row("virtual time", "%.1f s".formatted(report.virtualTime().toMillis() / 1e3));
    table.row("wall time of the cold start, of all", "%.1f s, %.1f s".formatted(started, wall));
    table.row("peak heap", "%.0f MiB".formatted(peakHeapMegabytes()));
    table.row("trace, SHA-256", report.traceSha256());
    out.print(table);
    out.println();
    SimulateCommand.tell(report.violations(), out);
  }

  private static void tell(Table table, String what, Sessions sessions) {
    table.row(what, "%,d".formatted(sessions.count()));
    if (sessions.count() > 0) {
      table.row("  messages, " + SPREAD, text(sessions.messages()));
      table.row("  octets, " + SPREAD, text(sessions.octets()));
    }
  }

  private static String text(Spread spread) {
    return "%,d, %,d, %,d".formatted(spread.median(), spread.p99(), spread.most());
  }

  ObjectNode document() {
    var node = JsonNodeFactory.instance.objectNode();
    node.put("ok", report.ok());
    node.put("traceSha256", report.traceSha256());
    report.violations().forEach(node.putArray("violations")::add);
    node.put("coldStartWallSeconds", Math.round(started * 1e3) / 1e3);
    node.put("wallSeconds", Math.round(wall * 1e3) / 1e3);
    node.put("virtualSeconds", report.virtualTime().toMillis() / 1e3);
    node.put("peakHeapMegabytes", Math.round(peakHeapMegabytes()));
    var size = report.size();
    node.putObject("fabric")
        .put("nodes", size.nodes())
        .put("podsPerNode", size.podsPerNode())
        .put("networks", size.networks())
        .put("tenants", size.tenants())
        .put("networksPerNode", size.networksPerNode())
        .put("reflectors", size.reflectors())
        .put("routed", size.routed())
        .put("constrained", size.constrained())
        .put("dual", size.dual())
        .put("multicast", size.multicast())
        .put("learning", size.learning())
        .put("podsWithinSeconds", size.podsWithin().toMillis() / 1e3)
        .put("seed", report.seed());
    node.put("pods", report.pods());
    var convergence = node.putObject("convergenceVirtualMillis");
    convergence.put("coldStart", millis(report.coldStart()));
    var ofPods = report.coldStartOfPods();
    convergence
        .putObject("coldStartOfPods")
        .put("median", millis(ofPods.median()))
        .put("p99", millis(ofPods.p99()))
        .put("max", millis(ofPods.most()));
    convergence
        .putObject("changes")
        .put("count", report.changes().size())
        .put("median", millis(report.change(0.5)))
        .put("p99", millis(report.change(0.99)))
        .put("max", millis(report.change(1)));
    convergence.put("afterFaults", millis(report.settled()));
    var faults = node.putObject("faults");
    report.faults().forEach((fault, count) -> faults.put(fault.toString(), count));
    var bgp = node.putObject("bgp");
    bgp.put("messages", report.messages()).put("octets", report.octets());
    put(bgp.putObject("nodeSessions"), report.nodeSessions());
    put(bgp.putObject("reflectorSessions"), report.reflectorSessions());
    put(node.putObject("reflectorRoutes"), report.reflectorRoutes());
    put(node.putObject("nodeRoutes"), report.nodeRoutes());
    put(node.putObject("kernelObjects"), report.kernelObjects());
    return node;
  }

  private static void put(ObjectNode node, Sessions sessions) {
    node.put("count", sessions.count());
    put(node.putObject("messages"), sessions.messages());
    put(node.putObject("octets"), sessions.octets());
  }

  private static void put(ObjectNode node, Spread spread) {
    node.put("median", spread.median()).put("p99", spread.p99()).put("max", spread.most());
  }
}
