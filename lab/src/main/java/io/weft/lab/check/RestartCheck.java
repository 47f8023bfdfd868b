package io.weft.lab.check;

import io.weft.lab.fabric.FabricPlan.Namespace;
import io.weft.lab.process.LabFailure;
import io.weft.lab.process.RunningLab;
import io.weft.linux.netlink.KernelNotice;
import io.weft.linux.netlink.NetlinkMonitor;
import io.weft.linux.packet.EchoStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * An agent killed with SIGKILL under ping: no packet is lost while it is away nor while it comes
 * back, it writes nothing to the kernel, and no table of any node changes, not even for a moment.
 */
public final class RestartCheck implements Check {
  private static final Duration INTERVAL = Duration.ofMillis(10);
  private static final Duration BEFORE = Duration.ofMillis(300);
  private static final Duration AWAY = Duration.ofSeconds(2);
  private static final Duration AFTER = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(15);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final int MAX_STREAMS = 16;

  private final Findings findings = new Findings();
  private final List<String> names = new ArrayList<>();
  private final List<EchoStream> streams = new ArrayList<>();
  private final Map<String, NetlinkMonitor> monitors = new TreeMap<>();
  private final Map<String, NavigableSet<String>> before = new TreeMap<>();

  @Override
  public String name() {
    return "agent-restart";
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var victim =
        lab.nodes().stream()
            .max(Comparator.comparingInt((Namespace node) -> ways(lab, node.thing()).size()))
            .orElseThrow()
            .thing();
    try {
      watch(lab);
      stream(lab, victim);
      long away = restart(lab, victim);
      int packets = judgeStreams();
      judgeTables();
      judgeWrites(lab, victim);
      return findings.result(
          name(),
          victim
              + " killed, away for "
              + away
              + " ms: "
              + packets
              + " packets on "
              + names.size()
              + " ways, none lost; no kernel write, no table of any node changed");
    } catch (LabFailure e) {
      findings.add(String.valueOf(e.getMessage()));
      return findings.result(name(), "");
    } finally {
      streams.forEach(EchoStream::close);
      monitors.values().forEach(NetlinkMonitor::close);
    }
  }

  /** Between the endpoints of a node and those of others, both directions. */
  private static List<Pings.Way> ways(RunningLab lab, String node) {
    return lab.networks().stream()
        .flatMap(network -> Pings.allWays(lab, network).stream())
        .filter(way -> way.from().node().equals(node) != way.to().node().equals(node))
        .limit(MAX_STREAMS)
        .toList();
  }

  private void watch(RunningLab lab) throws IOException {
    for (var network : lab.networks()) {
      for (var node : lab.nodesOf(network)) {
        var namespace = lab.tenantNamespace(node.thing(), network);
        if (!monitors.containsKey(namespace)) {
          monitors.put(namespace, NetlinkMonitor.openIn(namespace));
          before.put(namespace, TenantTables.everything(namespace));
        }
      }
    }
  }

  private void stream(RunningLab lab, String victim) throws InterruptedException {
    var ways = ways(lab, victim);
    findings.expect(!ways.isEmpty(), "no endpoint of " + victim + " has a neighbour elsewhere");
    for (var way : ways) {
      names.add(way.toString());
      streams.add(EchoStream.startIn(way.from().namespace(), way.address(), INTERVAL));
    }
    Thread.sleep(BEFORE);
  }

  /** Kills, waits, starts again, waits until all is as before; gives the time between, in ms. */
  private static long restart(RunningLab lab, String victim)
      throws IOException, InterruptedException, LabFailure {
    var process = lab.process(victim);
    process.kill();
    if (!process.awaitEnd(PATIENCE)) {
      throw new LabFailure(victim + " does not end");
    }
    long start = System.nanoTime();
    Thread.sleep(AWAY);
    lab.start(victim);
    lab.awaitSessions(victim);
    long away = (System.nanoTime() - start) / 1_000_000;
    awaitConvergence(lab, victim);
    Thread.sleep(AFTER);
    return away;
  }

  private static void awaitConvergence(RunningLab lab, String victim)
      throws IOException, InterruptedException, LabFailure {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try (var agent = lab.agent(victim)) {
      while (!agent.status().path("converged").asBoolean()) {
        if (System.nanoTime() > deadline) {
          throw new LabFailure(victim + " has not converged within " + PATIENCE.toSeconds() + " s");
        }
        Thread.sleep(POLL);
      }
    }
  }

  private int judgeStreams() {
    int packets = 0;
    for (int i = 0; i < streams.size(); i++) {
      var statistics = streams.get(i).stop(Duration.ofMillis(500));
      packets += statistics.sent();
      findings.expect(
          statistics.lost() == 0,
          names.get(i)
              + " lost "
              + statistics.lost()
              + " of "
              + statistics.sent()
              + ", at most "
              + statistics.longestSilence()
              + " in a row");
    }
    return packets;
  }

  private void judgeTables() {
    before.forEach(
        (namespace, lines) -> {
          var now = TenantTables.everything(namespace);
          Stream.concat(
                  lines.stream().filter(l -> !now.contains(l)).map(l -> "lost '" + l + "'"),
                  now.stream().filter(l -> !lines.contains(l)).map(l -> "got '" + l + "'"))
              .forEach(difference -> findings.add(namespace + " " + difference));
        });
    monitors.forEach(
        (namespace, monitor) ->
            monitor.drain().stream()
                .filter(RestartCheck::isChange)
                .forEach(notice -> findings.add(namespace + ": the kernel said " + notice)));
  }

  /** Other notices are of the kernel's own doing: counters and states, not what we write. */
  private static boolean isChange(KernelNotice notice) {
    return switch (notice) {
      case KernelNotice.FdbChanged _, KernelNotice.Overrun _, KernelNotice.LinkGone _ -> true;
      case KernelNotice.NeighbourChanged(var neighbour, _) -> neighbour.externLearned();
      case KernelNotice.MdbChanged(var row, _) -> row.destination().isPresent();
      case KernelNotice.LinkChanged _,
          KernelNotice.BridgePortChanged _,
          KernelNotice.AddressChanged _,
          KernelNotice.RouteChanged _,
          KernelNotice.SettingChanged _,
          KernelNotice.RuleChanged _ ->
          false;
    };
  }

  private void judgeWrites(RunningLab lab, String victim) throws IOException {
    try (var agent = lab.agent(victim)) {
      var kernel = agent.status().path("kernel");
      long writes = kernel.path("writes").asLong(-1);
      findings.expect(writes == 0, victim + " made " + writes + " kernel writes after its restart");
      findings.expect(kernel.path("failures").isEmpty(), victim + ": " + kernel.path("failures"));
    }
  }
}
