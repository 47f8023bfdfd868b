package io.weft.lab.check;

import io.weft.lab.fabric.FabricPlan;
import io.weft.lab.fabric.FabricPlan.Namespace;
import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.SolicitationSocket;
import io.weft.net.IpAddress;
import io.weft.net.Octets;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;

/**
 * VTEPs of both families (decisions/0023). A broadcast frame arrives once at each endpoint whose
 * node has a family in common with the sender's, and nowhere else; no node sends it on. When a node
 * loses its VTEP of IPv4, all tables turn to that of IPv6 and packets go on; when it is back, all
 * is as before.
 */
public final class DualStackCheck implements Check {
  /** A frame to everybody that nobody answers (EtherType for experiments, IEEE 802). */
  private static final String MARK = "88b5" + "5ca1ab1e".repeat(12);

  private static final Duration PATIENCE = Duration.ofSeconds(15);
  private static final Duration NO_ANSWER = Duration.ofMillis(250);

  private final Findings findings = new Findings();

  @Override
  public String name() {
    return "dual-stack";
  }

  /** True when the check has anything to look at. */
  public static boolean concerns(Topology topology) {
    return topology.fabric().spec().isDual();
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var both = lab.nodes().stream().filter(node -> node.loopbacks().size() == 2).toList();
    if (both.size() < 2) {
      return new CheckResult(name(), false, "there are no two nodes of both families");
    }
    int copies = 0;
    int apart = 0;
    for (var network : lab.networks()) {
      for (var sender : lab.attached(network)) {
        copies += broadcast(lab, sender);
        apart += apart(lab, sender);
      }
    }
    if (findings.isEmpty()) {
      lose(lab, both.getFirst());
    }
    return findings.result(
        name(),
        copies
            + " copies of broadcast frames, each where it belongs and once; "
            + apart
            + " ways between nodes without a family in common closed; "
            + both.getFirst().thing()
            + " without its IPv4 VTEP is reached over IPv6, and over IPv4 again");
  }

  /** Where one frame comes out, and how often. */
  private int broadcast(RunningLab lab, Attached sender) {
    var ears = new TreeMap<String, Recording>();
    try {
      for (var ear : lab.attached()) {
        ears.put(ear.name(), Recording.startIn(ear.namespace(), "eth0"));
      }
      send(sender);
      int arrived = 0;
      for (var ear : lab.attached()) {
        if (!ear.name().equals(sender.name())) {
          boolean wanted =
              ear.network().equals(sender.network()) && lab.plan().meet(sender.node(), ear.node());
          long heard = heard(ears, ear.name());
          findings.expect(
              heard == (wanted ? 1 : 0),
              ear.name() + " got " + heard + " copies of a broadcast of " + sender.name());
          arrived += (int) heard;
        }
      }
      return arrived;
    } finally {
      ears.values().forEach(Recording::close);
    }
  }

  private static long heard(Map<String, Recording> ears, String name) {
    var recording = ears.get(name);
    return recording == null
        ? 0
        : recording.frames().stream()
            .filter(frame -> frame.octets().toString().contains(MARK))
            .count();
  }

  private static void send(Attached sender) {
    try (var socket = SolicitationSocket.openIn(sender.namespace());
        var links = Rtnetlink.openIn(sender.namespace())) {
      var frame = "ffffffffffff" + sender.mac().toString().replace(":", "") + MARK;
      var errno = socket.send(links.requireLink("eth0").index(), Octets.parse(frame));
      if (errno != 0) {
        throw new IllegalStateException(sender.name() + " cannot send: error " + errno);
      }
    }
  }

  /** Between nodes that have no family in common nothing passes, though a third has both. */
  private int apart(RunningLab lab, Attached sender) {
    int asked = 0;
    for (var target : lab.attached(sender.network())) {
      if (!lab.plan().meet(sender.node(), target.node())) {
        for (var address : target.addresses()) {
          if (Pings.hasFamilyOf(sender, address)) {
            var result = Pings.ping(sender.namespace(), address, Pings.PAYLOAD, NO_ANSWER);
            findings.expect(
                !(result instanceof EchoResult.Reply),
                sender.name() + " -> " + target.name() + " " + address + ": " + result);
            asked++;
          }
        }
      }
    }
    return asked;
  }

  private void lose(RunningLab lab, Namespace node) throws IOException, InterruptedException {
    var lost = node.loopbacks().getFirst();
    var without = lab.plan().without(lost);
    try (var links = Rtnetlink.openIn(node.name())) {
      var address = Address.of(links.requireLink("lo").index(), lost, lost.bits());
      links.execute(new Request.DeleteAddress(address));
      try {
        var turned = new TablesCheck(PATIENCE).run(lab, without);
        findings.expect(turned.ok(), "without " + lost + ": " + turned.detail());
        pings(lab, without, node);
      } finally {
        links.execute(new Request.AddAddress(address));
        restoreRoutes(lab, node, lost, links);
      }
    }
    var whole = new TablesCheck(PATIENCE).run(lab);
    findings.expect(whole.ok(), "with " + lost + " again: " + whole.detail());
    pings(lab, lab.plan(), node);
  }

  /** The kernel has taken those along that gave packets the address. */
  private static void restoreRoutes(
      RunningLab lab, Namespace node, IpAddress source, Rtnetlink links) {
    for (var route : lab.plan().routes()) {
      if (route.namespace().equals(node.name()) && route.source().equals(Optional.of(source))) {
        links.execute(
            new Request.AddRoute(
                Route.of(route.prefix(), NextHop.via(route.via())).withSource(source)));
      }
    }
  }

  /** From and to the endpoints of the node. */
  private void pings(RunningLab lab, FabricPlan plan, Namespace node) throws InterruptedException {
    var tasks = new ArrayList<Callable<String>>();
    for (var network : lab.networks()) {
      for (var way : Pings.allWays(lab, network)) {
        boolean concerned =
            way.from().node().equals(node.thing()) || way.to().node().equals(node.thing());
        if (concerned && plan.meet(way.from().node(), way.to().node())) {
          tasks.add(
              () -> {
                var result = Pings.ping(way, Pings.PAYLOAD);
                return result instanceof EchoResult.Reply ? "" : way + ": " + result;
              });
        }
      }
    }
    for (var problem : Pings.inParallel(tasks)) {
      findings.expect(problem.isEmpty(), problem);
    }
  }
}
