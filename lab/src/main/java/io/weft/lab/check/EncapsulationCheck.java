package io.weft.lab.check;

import io.weft.lab.check.Pings.Way;
import io.weft.lab.fabric.FabricPlan;
import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.linux.packet.EchoResult;
import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * On the link between ToR and spine a ping is a VXLAN packet: UDP 4789, the VNI of the network, and
 * 14 + 20 + 8 + 8 = 50 octets in front of the inner Ethernet frame, or 70 over IPv6. Each family
 * that a network has is looked at.
 */
public final class EncapsulationCheck implements Check {
  /** A size that nothing else here has. */
  private static final int PAYLOAD = 333;

  @Override
  public String name() {
    return "encapsulation";
  }

  @Override
  public CheckResult run(RunningLab lab) {
    var findings = new Findings();
    var seen = new ArrayList<String>();
    var sizes = new TreeSet<String>();
    for (var network : lab.networks()) {
      var ways =
          Pings.allWays(lab, network).stream()
              .filter(way -> !rack(lab, way.from().node()).equals(rack(lab, way.to().node())))
              .toList();
      for (boolean ipv4 : new boolean[] {true, false}) {
        ways.stream()
            .filter(way -> way.address().isIpv4() == ipv4)
            .findFirst()
            .ifPresent(
                way -> {
                  seen.add(look(lab, way, findings));
                  sizes.add(String.valueOf(overhead(lab, way)));
                });
      }
    }
    findings.expect(!seen.isEmpty(), "no network has endpoints in two racks");
    return findings.result(
        name(),
        String.join(", ", seen)
            + ": UDP 4789, "
            + String.join(" or ", sizes)
            + " octets before the inner frame");
  }

  private static String rack(RunningLab lab, String node) {
    return lab.topology().node(node).rack();
  }

  private static String look(RunningLab lab, Way way, Findings findings) {
    var tor = lab.plan().namespace("tor-" + rack(lab, way.from().node()));
    List<VxlanFrame> frames;
    try (var recording = Recording.startIn(tor.name(), "uplink")) {
      var result = Pings.ping(way, PAYLOAD);
      findings.expect(result instanceof EchoResult.Reply, way + ": " + result);
      frames = recording.vxlan().stream().filter(f -> f.isPing(way.address(), PAYLOAD)).toList();
    }
    findings.expect(
        frames.size() == 2, tor.thing() + " saw " + frames.size() + " packets of one ping");
    if (frames.size() == 2) {
      expect(findings, frames.getFirst(), expected(lab, way.from(), way.to(), way));
      expect(findings, frames.getLast(), expected(lab, way.to(), way.from(), way));
    }
    return (way.address().isIpv4() ? "IPv4" : "IPv6")
        + " in VNI "
        + way.from().vni()
        + " on "
        + tor.thing();
  }

  private static int overhead(RunningLab lab, Way way) {
    return FabricPlan.overhead(!vtep(lab, way.from(), way.to()).isIpv4());
  }

  /** Of the second, as the first reaches it. */
  private static IpAddress vtep(RunningLab lab, Attached from, Attached to) {
    return lab.plan().vtep(from.node(), to.node()).orElseThrow();
  }

  private static VxlanFrame expected(RunningLab lab, Attached from, Attached to, Way way) {
    return new VxlanFrame(
        overhead(lab, way), // the inner Ethernet header is inside, the outer one in front
        vtep(lab, to, from),
        vtep(lab, from, to),
        VxlanFrame.PORT,
        from.vni().value(),
        to.mac(),
        from.mac(),
        VxlanFrame.typeOf(way.address()),
        VxlanFrame.pingLength(way.address(), PAYLOAD));
  }

  private static void expect(Findings findings, VxlanFrame seen, VxlanFrame expected) {
    findings.expect(seen.equals(expected), "saw " + seen + " instead of " + expected);
  }
}
