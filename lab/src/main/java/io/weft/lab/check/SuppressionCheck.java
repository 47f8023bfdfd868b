package io.weft.lab.check;

import io.weft.lab.check.Pings.Way;
import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.net.IpAddress;

/**
 * An endpoint that has forgotten a remote neighbour learns its MAC from its own node: no ARP
 * crosses the fabric.
 */
public final class SuppressionCheck implements Check {
  @Override
  public String name() {
    return "arp-suppression";
  }

  @Override
  public CheckResult run(RunningLab lab) {
    var findings = new Findings();
    int ways = 0;
    for (var network : lab.networks()) {
      for (var way : Pings.allWays(lab.attached(network))) {
        if (way.address().isIpv4() && !way.from().node().equals(way.to().node())) {
          ways++;
          look(lab, way, findings);
        }
      }
    }
    findings.expect(ways > 0, "no network has endpoints on two nodes");
    return findings.result(
        name(), ways + " ways with a forgotten neighbour: the node answers, nothing is flooded");
  }

  private static void look(RunningLab lab, Way way, Findings findings) {
    var node = lab.plan().namespace(way.from().node()).name();
    try (var recording = Recording.startIn(node, "eth0")) {
      forget(way.from(), way.address());
      var result = Pings.ping(way, Pings.PAYLOAD);
      findings.expect(result instanceof EchoResult.Reply, way + ": " + result);
      var frames =
          recording.vxlan().stream().filter(f -> f.vni() == way.from().vni().value()).toList();
      long arp = frames.stream().filter(f -> f.innerType() == VxlanFrame.ARP).count();
      findings.expect(arp == 0, way + ": " + arp + " ARP packets crossed the fabric");
      findings.expect(
          frames.stream().anyMatch(f -> f.innerType() == VxlanFrame.IPV4),
          way + ": the ping itself was not seen");
    }
  }

  /** The endpoint must ask for the address anew. */
  static void forget(Attached endpoint, IpAddress address) {
    try (var netlink = Rtnetlink.openIn(endpoint.namespace())) {
      for (var neighbour : netlink.neighbours(netlink.requireLink("eth0").index())) {
        if (neighbour.address().equals(address)) {
          netlink.executeIfThere(new Request.DeleteNeighbour(neighbour));
        }
      }
    }
  }
}
