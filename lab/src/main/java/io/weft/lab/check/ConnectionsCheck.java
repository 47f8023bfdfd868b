package io.weft.lab.check;

import io.weft.kubernetes.resource.TenantConnection;
import io.weft.kubernetes.resource.TenantConnection.Direction;
import io.weft.kubernetes.resource.TenantConnection.HubAndSpokes;
import io.weft.kubernetes.resource.TenantConnection.Member;
import io.weft.kubernetes.resource.TenantConnection.Mesh;
import io.weft.lab.check.Pings.Way;
import io.weft.lab.fabric.IntentText;
import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.EchoResult;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;

/**
 * The connections of the topology are made for the time of the check, and removed. While they stand
 * exactly the declared pairs answer, within their prefixes, on one node and across nodes; with a
 * way in one direction only there is no answer. Afterwards every table and device of every tenant
 * on every node is as before.
 */
public final class ConnectionsCheck implements Check {
  private static final Duration PATIENCE = Duration.ofSeconds(15);
  private static final Duration NO_ANSWER = Duration.ofMillis(250);
  private static final long POLL = 50;
  private static final String FILE = "connections.yaml";

  private final Findings findings = new Findings();

  @Override
  public String name() {
    return "connections";
  }

  /** True when the check has anything to look at. */
  public static boolean concerns(Topology topology) {
    return !topology.connections().isEmpty();
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var open = new ArrayList<Way>();
    var closed = new ArrayList<Way>();
    for (var way : ways(lab)) {
      (answers(lab, way) ? open : closed).add(way);
    }
    var before = tables(lab);
    try {
      for (var node : lab.nodes()) {
        lab.configure(node.thing(), FILE, IntentText.connections(lab.plan()));
      }
      expect(open, true, PATIENCE);
      expect(closed, false, Duration.ZERO);
    } finally {
      for (var node : lab.nodes()) {
        lab.unconfigure(node.thing(), FILE);
      }
    }
    awaitTables(lab, before);
    expect(open, false, Duration.ZERO);
    long ipv6 = open.stream().filter(way -> !way.address().isIpv4()).count();
    long near = open.stream().filter(way -> way.from().node().equals(way.to().node())).count();
    findings.expect(near > 0, "no two connected tenants are on one node");
    findings.expect(near < open.size(), "no two connected tenants are on two nodes");
    findings.expect(!closed.isEmpty(), "all reach all");
    return findings.result(
        name(),
        open.size()
            + " ways between tenants answered ("
            + near
            + " on one node, "
            + ipv6
            + " by IPv6), "
            + closed.size()
            + " did not; after the connections nothing is left in "
            + before.size()
            + " tenant namespaces");
  }

  private static List<Way> ways(RunningLab lab) {
    var ways = new ArrayList<Way>();
    for (var from : lab.networks()) {
      for (var to : lab.networks()) {
        if (!Routing.tenant(lab, from).equals(Routing.tenant(lab, to))) {
          for (var sender : lab.attached(from)) {
            for (var target : lab.attached(to)) {
              target.addresses().stream()
                  .filter(address -> !ownOf(sender, address).isEmpty())
                  .forEach(address -> ways.add(new Way(sender, target, address)));
            }
          }
        }
      }
    }
    return ways;
  }

  /** There and back, from the file and not from an agent. */
  private static boolean answers(RunningLab lab, Way way) {
    var from = Routing.tenant(lab, way.from().network());
    var to = Routing.tenant(lab, way.to().network());
    boolean routed =
        Routing.isRouted(lab, way.from().network()) && Routing.isRouted(lab, way.to().network());
    return routed
        && reaches(lab, from, to, way.address())
        && ownOf(way.from(), way.address()).stream()
            .allMatch(address -> reaches(lab, to, from, address));
  }

  /** The sender's addresses of that family. */
  private static List<IpAddress> ownOf(Attached sender, IpAddress target) {
    return sender.addresses().stream().filter(own -> own.isIpv4() == target.isIpv4()).toList();
  }

  private static boolean reaches(RunningLab lab, String from, String to, IpAddress address) {
    return lab.topology().connections().stream()
        .anyMatch(connection -> reaches(connection, from, to, address));
  }

  private static boolean reaches(
      TenantConnection connection, String from, String to, IpAddress address) {
    return switch (connection.shape()) {
      case HubAndSpokes(var hub, var spokes, var direction) ->
          (direction != Direction.TO_SPOKES
                  && includes(hub, to, address)
                  && spokes.stream().anyMatch(spoke -> spoke.tenant().equals(from)))
              || (direction != Direction.TO_HUB
                  && hub.tenant().equals(from)
                  && spokes.stream().anyMatch(spoke -> includes(spoke, to, address)));
      case Mesh(var members) ->
          members.stream().anyMatch(member -> member.tenant().equals(from))
              && members.stream().anyMatch(member -> includes(member, to, address));
    };
  }

  private static boolean includes(Member member, String tenant, IpAddress address) {
    return member.tenant().equals(tenant)
        && (member.prefixes().isEmpty()
            || member.prefixes().stream().anyMatch(prefix -> prefix.contains(address)));
  }

  /** Each way becomes so within the patience. */
  private void expect(List<Way> ways, boolean answered, Duration patience)
      throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    var tasks = new ArrayList<Callable<String>>();
    for (var way : ways) {
      tasks.add(() -> attempt(way, answered, deadline));
    }
    for (var problem : Pings.inParallel(tasks)) {
      findings.expect(problem.isEmpty(), problem);
    }
  }

  private static String attempt(Way way, boolean answered, long deadline) {
    while (true) {
      var result = Pings.ping(way.from().namespace(), way.address(), Pings.PAYLOAD, NO_ANSWER);
      if (result instanceof EchoResult.Reply == answered) {
        return "";
      }
      if (System.nanoTime() >= deadline) {
        return way + ": " + result + (answered ? "" : " though it must not");
      }
    }
  }

  private static Map<String, NavigableSet<String>> tables(RunningLab lab) throws IOException {
    var tables = new TreeMap<String, NavigableSet<String>>();
    for (var network : lab.networks()) {
      for (var node : lab.nodesOf(network)) {
        var namespace = lab.tenantNamespace(node.thing(), network);
        tables.put(namespace, TenantTables.everything(namespace));
      }
    }
    var prefix = lab.topology().name() + "-"; // other labs of the machine come and go
    var namespaces = new TreeSet<>(NetworkNamespaces.list());
    namespaces.removeIf(namespace -> !namespace.startsWith(prefix));
    tables.put("", namespaces);
    return tables;
  }

  private void awaitTables(RunningLab lab, Map<String, NavigableSet<String>> before)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    var now = tables(lab);
    while (!now.equals(before) && System.nanoTime() < deadline) {
      Thread.sleep(POLL);
      now = tables(lab);
    }
    var after = now;
    before.forEach(
        (namespace, lines) -> {
          var left = new TreeSet<>(after.getOrDefault(namespace, new TreeSet<>()));
          var gone = new TreeSet<>(lines);
          gone.removeAll(left);
          left.removeAll(lines);
          left.forEach(line -> findings.add(namespace + " still has '" + line + "'"));
          gone.forEach(line -> findings.add(namespace + " has lost '" + line + "'"));
        });
  }
}
