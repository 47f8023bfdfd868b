package io.weft.lab.check;

import io.weft.kubernetes.resource.NetworkSpec;
import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;

/**
 * An endpoint that has forgotten a neighbour, wherever that is, or its gateway, learns the MAC from
 * its own node: the question does not cross the fabric. One for an address that nobody has does, to
 * each other node of the network once.
 */
public final class SuppressionCheck implements Check {
  /** Shorter than the second after which an endpoint asks again. */
  private static final Duration ONE_QUESTION = Duration.ofMillis(300);

  /** What came of one question, and how often it crossed the fabric. */
  private record Asked(List<String> wrong, int copies) {}

  @Override
  public String name() {
    return "arp-suppression";
  }

  @Override
  public CheckResult run(RunningLab lab) throws InterruptedException {
    int remote = 0;
    int local = 0;
    int gateways = 0;
    var known = new ArrayList<Callable<Asked>>();
    var unknown = new ArrayList<Callable<Asked>>();
    for (var network : lab.networks()) {
      for (var way : Pings.allWays(lab, network)) {
        known.add(() -> known(lab, way.from(), way.address()));
        if (way.from().node().equals(way.to().node())) {
          local++;
        } else {
          remote++;
        }
      }
      for (var endpoint : lab.attached(network)) {
        for (var gateway : lab.topology().network(network).spec().gateways()) {
          if (Pings.hasFamilyOf(endpoint, gateway)) {
            known.add(() -> known(lab, endpoint, gateway));
            gateways++;
          }
        }
      }
      var askers = new TreeSet<String>();
      for (var endpoint : lab.attached(network)) {
        if (askers.add(endpoint.node())) {
          for (var address : ExtraEndpoint.freeAddresses(lab, network)) {
            if (Pings.hasFamilyOf(endpoint, address)) {
              unknown.add(() -> unknown(lab, endpoint, address));
            }
          }
        }
      }
    }
    var findings = new Findings();
    findings.expect(remote > 0, "no network has endpoints on two nodes");
    var asked = new ArrayList<>(Pings.inParallel(known));
    asked.addAll(Pings.inParallel(unknown));
    asked.forEach(each -> each.wrong().forEach(findings::add));
    return findings.result(
        name(),
        remote
            + " remote and "
            + local
            + " local neighbours, "
            + gateways
            + " gateways: the node answers, nothing is flooded; unknown addresses go to each peer"
            + " once, "
            + asked.stream().mapToInt(Asked::copies).sum()
            + " copies");
  }

  private static Asked known(RunningLab lab, Attached endpoint, IpAddress address) {
    try (var recording = record(lab, endpoint)) {
      forget(endpoint, address);
      var result = Pings.ping(endpoint.namespace(), address, Pings.PAYLOAD, Pings.PATIENCE);
      var what = endpoint.name() + " -> " + address;
      var wrong = new ArrayList<String>();
      if (!(result instanceof EchoResult.Reply)) {
        wrong.add(what + ": " + result);
      }
      int crossed = questions(lab, recording, endpoint, address).size();
      if (crossed > 0 && !isSnooped(lab, endpoint.network(), address)) {
        wrong.add(what + ": " + crossed + " questions crossed the fabric");
      }
      return new Asked(wrong, 0);
    }
  }

  /** Linux sends what it snoops past its suppression (docs/multicast.md). */
  private static boolean isSnooped(RunningLab lab, String network, IpAddress address) {
    var multicast = lab.topology().network(network).spec().multicast();
    return !address.isIpv4() && multicast != NetworkSpec.Multicast.FLOOD;
  }

  private static Asked unknown(RunningLab lab, Attached endpoint, IpAddress address) {
    var peers = new TreeSet<IpAddress>();
    for (var node : lab.nodesOf(endpoint.network())) {
      if (!node.thing().equals(endpoint.node())) {
        lab.plan().vtep(endpoint.node(), node.thing()).ifPresent(peers::add);
      }
    }
    try (var recording = record(lab, endpoint)) {
      forget(endpoint, address);
      var result = Pings.ping(endpoint.namespace(), address, Pings.PAYLOAD, ONE_QUESTION);
      var what = endpoint.name() + " -> " + address + ", which nobody has";
      var wrong = new ArrayList<String>();
      if (result instanceof EchoResult.Reply) {
        wrong.add(what + ": " + result);
      }
      var asked = questions(lab, recording, endpoint, address);
      if (asked.size() != peers.size() || !new TreeSet<>(asked).equals(peers)) {
        wrong.add(what + ": asked at " + asked + " instead of once at each of " + peers);
      }
      return new Asked(wrong, asked.size());
    }
  }

  private static Recording record(RunningLab lab, Attached endpoint) {
    return Recording.startIn(lab.plan().namespace(endpoint.node()).name(), "eth0");
  }

  /** Where the endpoint's node has sent its questions for the address. */
  private static List<IpAddress> questions(
      RunningLab lab, Recording recording, Attached endpoint, IpAddress target) {
    var vteps = lab.plan().namespace(endpoint.node()).loopbacks();
    return recording.frames().stream()
        .flatMap(frame -> NeighbourQuestion.decode(frame.octets().toArray()).stream())
        .filter(question -> vteps.contains(question.from()))
        .filter(question -> question.vni() == endpoint.vni().value())
        .filter(question -> question.target().equals(target))
        .map(NeighbourQuestion::to)
        .toList();
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
