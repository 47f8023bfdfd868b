package io.weft.lab.check;

import io.weft.lab.check.Pings.Way;
import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * Networks of one tenant reach each other through their gateways, on one node and across the
 * fabric, there in the L3 VNI and to the other node's router's MAC. Every gateway answers on every
 * node with the one MAC, and no node announces it as a host. What has no gateway is not routed to.
 */
public final class RoutingCheck implements Check {
  private static final Duration NO_ANSWER = Duration.ofMillis(250);

  /** A size that nothing else here has. */
  private static final int PAYLOAD = 444;

  private final Findings findings = new Findings();

  @Override
  public String name() {
    return "routing";
  }

  /** True when the check has anything to look at. */
  public static boolean concerns(Topology topology) {
    return Routing.isAny(topology.networks());
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var routed = lab.networks().stream().filter(network -> Routing.isRouted(lab, network)).toList();
    var ways = new ArrayList<Way>();
    var closed = new ArrayList<Way>();
    for (var from : routed) {
      for (var to : lab.networks()) {
        if (!from.equals(to) && Routing.tenant(lab, from).equals(Routing.tenant(lab, to))) {
          (Routing.isRouted(lab, to) ? ways : closed).addAll(ways(lab, from, to));
        }
      }
    }
    pings(ways, true);
    pings(closed, false);
    int gateways = 0;
    for (var network : routed) {
      gateways += gateways(lab, network);
    }
    int captured = 0;
    for (var way : ways) {
      if (!rack(lab, way.from()).equals(rack(lab, way.to()))) {
        capture(lab, way);
        captured++;
      }
    }
    long near = ways.stream().filter(way -> way.from().node().equals(way.to().node())).count();
    findings.expect(near > 0, "no two networks of a tenant meet on one node");
    findings.expect(captured > 0, "no two networks of a tenant meet across racks");
    return findings.result(
        name(),
        ways.size()
            + " ways between networks answered ("
            + near
            + " on one node, "
            + captured
            + " seen in their L3 VNI), "
            + gateways
            + " gateways found, "
            + closed.size()
            + " ways to networks without gateway closed");
  }

  private static List<Way> ways(RunningLab lab, String from, String to) {
    var ways = new ArrayList<Way>();
    for (var sender : lab.attached(from)) {
      for (var target : lab.attached(to)) {
        target.addresses().stream()
            .filter(address -> Pings.hasFamilyOf(sender, address))
            .filter(_ -> lab.plan().meet(sender.node(), target.node()))
            .forEach(address -> ways.add(new Way(sender, target, address)));
      }
    }
    return ways;
  }

  private void pings(List<Way> ways, boolean open) throws InterruptedException {
    var tasks = new ArrayList<Callable<String>>();
    for (var way : ways) {
      tasks.add(
          () -> {
            var patience = open ? Pings.PATIENCE : NO_ANSWER;
            var result = Pings.ping(way.from().namespace(), way.address(), Pings.PAYLOAD, patience);
            return result instanceof EchoResult.Reply == open ? "" : way + ": " + result;
          });
    }
    for (var problem : Pings.inParallel(tasks)) {
      findings.expect(problem.isEmpty(), problem);
    }
  }

  private int gateways(RunningLab lab, String network) throws IOException {
    int found = 0;
    for (var gateway : lab.topology().network(network).spec().gateways()) {
      for (var endpoint : lab.attached(network)) {
        if (Pings.hasFamilyOf(endpoint, gateway)) {
          gateway(lab, endpoint, gateway);
          found++;
        }
      }
      for (var node : lab.nodes()) {
        try (var agent = lab.agent(node.thing())) {
          findings.expect(
              !agent.announcesHost(gateway),
              node.thing() + " knows gateway " + gateway + " as a host");
        }
      }
    }
    return found;
  }

  /** The node itself answers, for the question and for the ping. */
  private void gateway(RunningLab lab, Attached endpoint, IpAddress gateway) {
    var way = endpoint.name() + " -> gateway " + gateway;
    var node = lab.plan().namespace(endpoint.node()).name();
    try (var recording = Recording.startIn(node, "eth0")) {
      SuppressionCheck.forget(endpoint, gateway);
      var result = Pings.ping(endpoint.namespace(), gateway, Pings.PAYLOAD, Pings.PATIENCE);
      findings.expect(result instanceof EchoResult.Reply, way + ": " + result);
      findings.expect(answersWithItsMac(endpoint, gateway), way + ": not with the anycast MAC");
      // Endpoints look for IPv6 routers at any time.
      long crossed =
          recording.vxlan().stream()
              .filter(frame -> frame.vni() == endpoint.vni().value())
              .filter(
                  frame ->
                      frame.innerType() == VxlanFrame.ARP || frame.innerType() == VxlanFrame.IPV4)
              .count();
      findings.expect(crossed == 0, way + ": " + crossed + " packets crossed the fabric");
    }
  }

  private static boolean answersWithItsMac(Attached endpoint, IpAddress gateway) {
    try (var netlink = Rtnetlink.openIn(endpoint.namespace())) {
      return netlink.neighbours().stream()
          .filter(neighbour -> neighbour.address().equals(gateway))
          .anyMatch(neighbour -> neighbour.mac().filter(Routing.GATEWAY_MAC::equals).isPresent());
    }
  }

  private static String rack(RunningLab lab, Attached endpoint) {
    return lab.topology().node(endpoint.node()).rack();
  }

  private static boolean maySend(RunningLab lab, VxlanFrame frame) {
    return lab.plan().namespaces().stream()
        .filter(host -> host.loopbacks().contains(frame.source()))
        .anyMatch(host -> Routing.maySend(host, frame.innerSource()));
  }

  /** One ping, there and back, on the link between ToR and spine. */
  private void capture(RunningLab lab, Way way) {
    var tor = lab.plan().namespace("tor-" + rack(lab, way.from()));
    List<VxlanFrame> frames;
    try (var recording = Recording.startIn(tor.name(), "uplink")) {
      var result = Pings.ping(way, PAYLOAD);
      findings.expect(result instanceof EchoResult.Reply, way + ": " + result);
      frames =
          recording.vxlan().stream().filter(frame -> frame.isPing(way.address(), PAYLOAD)).toList();
    }
    findings.expect(frames.size() == 2, way + ": " + frames.size() + " packets of one ping seen");
    int vni = Routing.l3Vni(lab, way.from().network());
    for (var frame : frames) {
      boolean right =
          frame.vni() == vni
              && maySend(lab, frame)
              && frame.innerDestination().equals(Routing.routerMac(frame.destination()));
      findings.expect(right, way + ": saw " + frame + " instead of VNI " + vni);
    }
  }
}
