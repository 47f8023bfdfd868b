package io.weft.lab.check;

import io.weft.lab.check.Pings.Way;
import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;

/**
 * What is behind an endpoint is reached by all of its tenant, on its node and across the fabric,
 * and by nobody else. A host stands there for the time of the check.
 */
public final class PrefixesCheck implements Check {
  private static final Duration NO_ANSWER = Duration.ofMillis(250);

  private final Findings findings = new Findings();

  @Override
  public String name() {
    return "prefixes";
  }

  /** True when the check has anything to look at. */
  public static boolean concerns(Topology topology) {
    return topology.endpoints().stream().anyMatch(place -> !place.prefixes().isEmpty());
  }

  @Override
  public CheckResult run(RunningLab lab) throws InterruptedException {
    var groups = new TreeMap<String, List<Attached>>();
    for (var router : lab.attached()) {
      for (var prefix : router.endpoint().prefixes()) {
        // Everything is behind a default route: nobody's host in particular.
        if (prefix.length() > 0) {
          var key = Routing.tenant(lab, router.network()) + " " + prefix;
          groups.computeIfAbsent(key, _ -> new ArrayList<>()).add(router);
        }
      }
    }
    int ways = 0;
    int strangers = 0;
    for (var group : groups.entrySet()) {
      var prefix = IpPrefix.parse(group.getKey().substring(group.getKey().lastIndexOf(' ') + 1));
      var host = host(prefix);
      var own =
          endpoints(lab, group.getValue(), true).stream()
              .filter(endpoint -> Pings.hasFamilyOf(endpoint, host))
              .toList();
      var others = endpoints(lab, group.getValue(), false);
      behind(group.getValue(), host, own, others);
      ways += own.size();
      strangers += others.size();
    }
    return findings.result(
        name(),
        groups.size()
            + " prefixes behind endpoints: "
            + ways
            + " ways to a host there answered, "
            + strangers
            + " of other tenants and of networks without gateway not");
  }

  private static IpAddress host(IpPrefix prefix) {
    var address = prefix.address();
    return prefix.length() == address.bits() ? address : address.plus(1);
  }

  private static List<Attached> endpoints(RunningLab lab, List<Attached> routers, boolean own) {
    var routed = Routing.neighbours(lab, routers.getFirst().network());
    return lab.attached().stream()
        .filter(endpoint -> routed.contains(endpoint.network()) == own)
        .filter(endpoint -> !routers.contains(endpoint))
        .toList();
  }

  /** One host behind all of them: packets may take any of the equal ways. */
  private void behind(
      List<Attached> routers, IpAddress host, List<Attached> own, List<Attached> strangers)
      throws InterruptedException {
    routers.forEach(router -> stand(router, host, true));
    try {
      var tasks = new ArrayList<Callable<String>>();
      var router = routers.getFirst();
      own.forEach(from -> tasks.add(() -> ping(new Way(from, router, host), true)));
      strangers.forEach(from -> tasks.add(() -> ping(new Way(from, router, host), false)));
      Pings.inParallel(tasks).stream().filter(text -> !text.isEmpty()).forEach(findings::add);
    } finally {
      routers.forEach(router -> stand(router, host, false));
    }
  }

  private static void stand(Attached router, IpAddress host, boolean there) {
    try (var netlink = Rtnetlink.openIn(router.namespace())) {
      var address = Address.of(netlink.requireLink("lo").index(), host, host.bits());
      if (there) {
        netlink.execute(new Request.AddAddress(address));
      } else {
        netlink.executeIfThere(new Request.DeleteAddress(address));
      }
    }
  }

  private static String ping(Way way, boolean open) {
    var patience = open ? Pings.PATIENCE : NO_ANSWER;
    var result = Pings.ping(way.from().namespace(), way.address(), Pings.PAYLOAD, patience);
    return result instanceof EchoResult.Reply == open ? "" : way + ": " + result;
  }
}
