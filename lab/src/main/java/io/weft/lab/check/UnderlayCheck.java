package io.weft.lab.check;

import io.weft.lab.fabric.FabricPlan.Namespace;
import io.weft.lab.process.RunningLab;
import io.weft.linux.packet.EchoResult;
import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * Every host reaches the loopbacks of every other one, of its own IP versions, through ToRs and
 * spine.
 */
public final class UnderlayCheck implements Check {
  /** With more hosts each reaches only the ones behind it in the list, this many. */
  private static final int MAX_NEXT = 20;

  @Override
  public String name() {
    return "underlay";
  }

  @Override
  public CheckResult run(RunningLab lab) throws InterruptedException {
    var hosts = lab.plan().namespaces().stream().filter(n -> n.loopback().isPresent()).toList();
    var findings = new Findings();
    var tasks = new ArrayList<Callable<String>>();
    for (int i = 0; i < hosts.size(); i++) {
      for (int next = 1; next <= Math.min(MAX_NEXT, hosts.size() - 1); next++) {
        var from = hosts.get(i);
        var to = hosts.get((i + next) % hosts.size());
        for (var address : to.loopbacks()) {
          if (from.loopbacks().stream().anyMatch(own -> own.bits() == address.bits())) {
            tasks.add(() -> reach(from, to, address));
          }
        }
      }
    }
    List<String> problems = Pings.inParallel(tasks);
    problems.stream().filter(problem -> !problem.isEmpty()).forEach(findings::add);
    return findings.result(
        name(), tasks.size() + " ways between " + hosts.size() + " hosts, all routed");
  }

  private static String reach(Namespace from, Namespace to, IpAddress address) {
    var result = Pings.ping(from.name(), address, Pings.PAYLOAD, Pings.PATIENCE);
    return result instanceof EchoResult.Reply
        ? ""
        : from.thing() + " -> " + to.thing() + " " + address + ": " + result;
  }
}
