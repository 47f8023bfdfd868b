package io.weft.lab.check;

import io.weft.lab.check.Pings.Way;
import io.weft.lab.process.RunningLab;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import java.util.ArrayList;
import java.util.TreeSet;
import java.util.concurrent.Callable;

/**
 * The largest packet that the MTU allows passes unfragmented, one octet more is refused, and the
 * MTU is what the underlay leaves.
 */
public final class MtuCheck implements Check {
  @Override
  public String name() {
    return "mtu";
  }

  @Override
  public CheckResult run(RunningLab lab) throws InterruptedException {
    var findings = new Findings();
    var tasks = new ArrayList<Callable<String>>();
    var sizes = new TreeSet<Integer>();
    for (var network : lab.networks()) {
      int room = lab.topology().mtu() - lab.plan().overhead();
      int expected = Math.min(room, lab.topology().network(network).spec().mtu().orElse(room));
      for (var endpoint : lab.attached(network)) {
        sizes.add(endpoint.mtu());
        findings.expect(
            endpoint.mtu() == expected,
            endpoint.name() + " has MTU " + endpoint.mtu() + " instead of " + expected);
      }
      Pings.allWays(lab, network).forEach(way -> tasks.add(() -> probe(way)));
    }
    for (var problem : Pings.inParallel(tasks)) {
      findings.expect(problem.isEmpty(), problem);
    }
    return findings.result(
        name(), tasks.size() + " ways pass " + sizes + " octets with DF, and refuse one more");
  }

  private static String probe(Way way) {
    int largest = IcmpEcho.payloadFor(way.from().mtu(), way.address());
    var fits = Pings.ping(way, largest);
    if (!(fits instanceof EchoResult.Reply)) {
      return way + " with " + way.from().mtu() + " octets: " + fits;
    }
    var more = Pings.ping(way, largest + 1);
    return more instanceof EchoResult.TooBig
        ? ""
        : way + " with " + (way.from().mtu() + 1) + " octets: " + more + " instead of too big";
  }
}
