package io.weft.lab.check;

import io.weft.lab.process.RunningLab;
import io.weft.linux.packet.EchoResult;
import java.util.ArrayList;
import java.util.concurrent.Callable;

/** Every endpoint of a network gets an answer from every other one, the first time it asks. */
public final class PingCheck implements Check {
  @Override
  public String name() {
    return "ping";
  }

  @Override
  public CheckResult run(RunningLab lab) throws InterruptedException {
    var findings = new Findings();
    var tasks = new ArrayList<Callable<String>>();
    for (var network : lab.networks()) {
      for (var way : Pings.allWays(lab, network)) {
        tasks.add(
            () -> {
              var result = Pings.ping(way, Pings.PAYLOAD);
              return result instanceof EchoResult.Reply ? "" : way + ": " + result;
            });
      }
    }
    for (var problem : Pings.inParallel(tasks)) {
      findings.expect(problem.isEmpty(), problem);
    }
    findings.expect(!tasks.isEmpty(), "no two endpoints with addresses share a network");
    return findings.result(
        name(), tasks.size() + " ways in " + lab.networks().size() + " networks, all answered");
  }
}
