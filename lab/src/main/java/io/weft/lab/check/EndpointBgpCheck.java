package io.weft.lab.check;

import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What endpoints say by BGP. A prefix that those of several nodes say is reached from a node
 * without one by all of them; when the daemon of one is killed, and when one is detached, traffic
 * goes on to the others. What an endpoint may not say goes nowhere, and the node says why.
 */
public final class EndpointBgpCheck implements Check {
  private final Findings findings = new Findings();

  @Override
  public String name() {
    return "endpoint-bgp";
  }

  /** True when the check has anything to look at. */
  public static boolean concerns(Topology topology) {
    return !topology.speaking().isEmpty();
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var groups = new TreeMap<String, List<Attached>>();
    var speaking = new ArrayList<Attached>();
    for (var router : lab.attached()) {
      if (router.endpoint().as().isPresent()) {
        speaking.add(router);
        for (var prefix : router.endpoint().prefixes()) {
          var key = Routing.tenant(lab, router.network()) + " " + prefix;
          groups.computeIfAbsent(key, _ -> new ArrayList<>()).add(router);
        }
      }
    }
    var gaps = new ArrayList<String>();
    for (var group : groups.entrySet()) {
      var prefix = IpPrefix.parse(group.getKey().substring(group.getKey().lastIndexOf(' ') + 1));
      var routers = group.getValue();
      var witness = witness(lab, prefix, routers);
      if (witness.isPresent() && routers.stream().map(Attached::node).distinct().count() > 1) {
        gaps.add(prefix + ": " + failOver(lab, witness.get(), prefix, routers));
      }
    }
    for (var router : speaking) {
      refused(lab, router);
    }
    return findings.result(
        name(),
        speaking.size()
            + " endpoints say "
            + groups.size()
            + " prefixes, and what they may not say is refused with the reason"
            + gaps.stream().map(gap -> "; " + gap).collect(Collectors.joining()));
  }

  /** An endpoint of the tenant on a node that has none of the routers. */
  private static Optional<Attached> witness(
      RunningLab lab, IpPrefix prefix, List<Attached> routers) {
    var tenant = Routing.neighbours(lab, routers.getFirst().network());
    return lab.attached().stream()
        .filter(endpoint -> tenant.contains(endpoint.network()))
        .filter(endpoint -> Pings.hasFamilyOf(endpoint, prefix.address()))
        .filter(endpoint -> routers.stream().noneMatch(each -> each.node().equals(endpoint.node())))
        .findFirst();
  }

  private String failOver(RunningLab lab, Attached witness, IpPrefix prefix, List<Attached> routers)
      throws IOException, InterruptedException {
    routers.forEach(router -> stand(router, prefix, true));
    try {
      var ways =
          new EqualWays(
              lab,
              witness,
              new EqualWays.Target(
                  prefix,
                  EqualWays.addresses(prefix),
                  lab.topology().l3Vni(Routing.tenant(lab, witness.network()))),
              routers.stream().map(Attached::node).toList(),
              findings);
      ways.awaitAll();
      var victim = routers.getFirst();
      var killed = ways.gap(victim.node(), lab.router(victim.name())::kill);
      lab.router(victim.name()).start();
      ways.awaitAll();
      var detached = ways.gap(victim.node(), () -> detach(lab, victim));
      lab.router(victim.name()).kill();
      lab.attach(victim.endpoint());
      ways.awaitAll();
      return "with the daemon of " + victim.name() + " killed " + killed + ", detached " + detached;
    } finally {
      routers.forEach(router -> stand(router, prefix, false));
    }
  }

  private static void detach(RunningLab lab, Attached router) throws IOException {
    try (var agent = lab.agent(router.node())) {
      agent.detach(router.name());
    }
  }

  /** Hosts behind a router, which answer. */
  private static void stand(Attached router, IpPrefix prefix, boolean there) {
    try (var netlink = Rtnetlink.openIn(router.namespace())) {
      int loopback = netlink.requireLink("lo").index();
      for (var host : EqualWays.addresses(prefix)) {
        var address = Address.of(loopback, host, host.bits());
        if (there) {
          netlink.execute(new Request.AddAddress(address));
        } else {
          netlink.executeIfThere(new Request.DeleteAddress(address));
        }
      }
    }
  }

  /** It says the address of an endpoint, which no network lets it. */
  private void refused(RunningLab lab, Attached router) throws IOException, InterruptedException {
    var address = subnet(lab, router);
    var stolen = new IpPrefix(address, address.bits());
    lab.router(router.name()).say(stolen, true);
    try {
      findings.expect(
          EqualWays.await(() -> reason(lab, router, stolen).contains("subnet")),
          router.name() + " says " + stolen + ": " + reason(lab, router, stolen));
    } finally {
      lab.router(router.name()).say(stolen, false);
    }
  }

  /** An address of its family of the network, which is somebody else's. */
  private static IpAddress subnet(RunningLab lab, Attached router) {
    boolean ipv4 = router.endpoint().prefixes().getFirst().address().isIpv4();
    return lab.topology().network(router.network()).spec().subnets().stream()
        .filter(subnet -> subnet.address().isIpv4() == ipv4)
        .map(subnet -> subnet.address().plus(200))
        .findFirst()
        .orElseThrow();
  }

  private static String reason(RunningLab lab, Attached router, IpPrefix prefix) {
    try (var agent = lab.agent(router.node())) {
      for (var row : agent.why(prefix.toString()).path("endpoints")) {
        if (row.path("endpoint").asText().equals(router.name())) {
          return row.path("reason").asText();
        }
      }
      return "nothing is known of it";
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
