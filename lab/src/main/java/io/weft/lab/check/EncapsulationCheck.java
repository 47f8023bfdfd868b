package io.weft.lab.check;

import io.weft.lab.check.Pings.Way;
import io.weft.lab.process.RunningLab;
import io.weft.linux.packet.EchoResult;
import java.util.ArrayList;
import java.util.List;

/**
 * On the link between ToR and spine a ping is a VXLAN packet: UDP 4789, the VNI of the network, and
 * 14 + 20 + 8 + 8 = 50 octets in front of the inner Ethernet frame.
 */
public final class EncapsulationCheck implements Check {
  private static final int HEADERS = 14 + 20 + 8 + 8;

  /** Inner Ethernet, IPv4 and ICMP headers. */
  private static final int INNER_HEADERS = 14 + 20 + 8;

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
    for (var network : lab.networks()) {
      var way =
          Pings.allWays(lab.attached(network)).stream()
              .filter(
                  w ->
                      w.address().isIpv4()
                          && !rack(lab, w.from().node()).equals(rack(lab, w.to().node())))
              .findFirst();
      if (way.isPresent()) {
        seen.add(look(lab, way.get(), findings));
      }
    }
    findings.expect(!seen.isEmpty(), "no network has endpoints in two racks");
    return findings.result(
        name(),
        String.join(", ", seen) + ": UDP 4789, " + HEADERS + " octets before the inner frame");
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
      frames =
          recording.vxlan().stream()
              .filter(f -> f.innerType() == VxlanFrame.IPV4)
              .filter(f -> f.innerLength() == INNER_HEADERS + PAYLOAD)
              .toList();
    }
    findings.expect(
        frames.size() == 2, tor.thing() + " saw " + frames.size() + " packets of one ping");
    if (frames.size() == 2) {
      var out = lab.plan().loopback(way.from().node());
      var in = lab.plan().loopback(way.to().node());
      int vni = way.from().vni().value();
      expect(
          findings,
          frames.getFirst(),
          new VxlanFrame(
              HEADERS,
              out,
              in,
              VxlanFrame.PORT,
              vni,
              way.to().mac(),
              way.from().mac(),
              VxlanFrame.IPV4,
              INNER_HEADERS + PAYLOAD));
      expect(
          findings,
          frames.getLast(),
          new VxlanFrame(
              HEADERS,
              in,
              out,
              VxlanFrame.PORT,
              vni,
              way.from().mac(),
              way.to().mac(),
              VxlanFrame.IPV4,
              INNER_HEADERS + PAYLOAD));
    }
    return "VNI " + way.from().vni() + " on " + tor.thing();
  }

  private static void expect(Findings findings, VxlanFrame seen, VxlanFrame expected) {
    findings.expect(seen.equals(expected), "saw " + seen + " instead of " + expected);
  }
}
