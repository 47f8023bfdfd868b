package io.weft.lab.check;

import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology;
import io.weft.lab.topology.Topology.Gateway;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Endpoints of a tenant reach the world through its external gateways, and the gateways hear of the
 * tenant's subnets, not of its hosts. Where there are two, both carry traffic; when the BGP daemon
 * of one is killed, and when its cable is out, traffic goes on through the other.
 */
public final class ExternalGatewayCheck implements Check {
  private final Findings findings = new Findings();

  @Override
  public String name() {
    return "external-gateway";
  }

  /** True when the check has anything to look at. */
  public static boolean concerns(Topology topology) {
    return !topology.gateways().isEmpty();
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var byTenant = new TreeMap<String, List<Gateway>>();
    for (var gateway : lab.topology().gateways()) {
      byTenant.computeIfAbsent(gateway.tenant(), _ -> new ArrayList<>()).add(gateway);
    }
    closed(lab);
    int reached = 0;
    var gaps = new ArrayList<String>();
    for (var gateways : byTenant.values()) {
      var endpoints = endpoints(lab, gateways.getFirst().tenant());
      findings.expect(
          !endpoints.isEmpty(), gateways.getFirst().tenant() + " has gateways and no endpoints");
      for (var gateway : gateways) {
        hears(lab, gateway);
      }
      var outside = gateways.getFirst().outside().address();
      var able =
          endpoints.stream().filter(endpoint -> Pings.hasFamilyOf(endpoint, outside)).toList();
      reached += reach(gateways, able);
      if (gateways.size() > 1 && !able.isEmpty()) {
        failOver(lab, gateways, able.getFirst(), gaps);
      }
    }
    return findings.result(
        name(),
        reached
            + " endpoints reach the world through "
            + lab.topology().gateways().size()
            + " gateways, which know subnets and no hosts"
            + (gaps.isEmpty() ? "" : "; " + String.join(", ", gaps)));
  }

  /** Those of the tenant's routed networks. */
  private static List<Attached> endpoints(RunningLab lab, String tenant) {
    return lab.attached().stream()
        .filter(endpoint -> Routing.isRouted(lab, endpoint.network()))
        .filter(endpoint -> Routing.tenant(lab, endpoint.network()).equals(tenant))
        .toList();
  }

  /** The gateway's table has the subnets of the tenant's networks that are anywhere, no hosts. */
  private void hears(RunningLab lab, Gateway gateway) throws InterruptedException {
    var subnets = new TreeSet<IpPrefix>();
    for (var endpoint : endpoints(lab, gateway.tenant())) {
      subnets.addAll(lab.topology().network(endpoint.network()).spec().subnets());
    }
    subnets.removeIf(subnet -> !subnet.address().isIpv4());
    var namespace = lab.plan().namespace(gateway.name()).name();
    var last = new TreeSet<IpPrefix>();
    EqualWays.await(
        () -> {
          last.clear();
          last.addAll(learned(namespace));
          return last.equals(subnets);
        });
    findings.expect(
        last.equals(subnets), gateway.name() + " knows " + last + " instead of " + subnets);
  }

  private static List<IpPrefix> learned(String namespace) {
    try (var netlink = Rtnetlink.openIn(namespace)) {
      return netlink.routes().stream()
          .filter(route -> route.protocol() == Route.BGP)
          .map(Route::prefix)
          .toList();
    }
  }

  private int reach(List<Gateway> gateways, List<Attached> endpoints) throws InterruptedException {
    for (var endpoint : endpoints) {
      for (var address : world(gateways)) {
        EqualWays.await(() -> answers(endpoint, address));
        findings.expect(answers(endpoint, address), endpoint.name() + " does not reach " + address);
      }
    }
    return endpoints.size();
  }

  /** Tenants without gateways do not reach the world by those of others. */
  private void closed(RunningLab lab) {
    for (var gateway : lab.topology().gateways()) {
      var address = gateway.outside().address().plus(1);
      for (var endpoint : lab.attached()) {
        var tenant = Routing.tenant(lab, endpoint.network());
        boolean has =
            lab.topology().gateways().stream().anyMatch(other -> other.tenant().equals(tenant));
        findings.expect(
            has || !answers(endpoint, address), endpoint.name() + " reaches " + address);
      }
    }
  }

  private static boolean answers(Attached endpoint, IpAddress address) {
    var result = Pings.ping(endpoint.namespace(), address, Pings.PAYLOAD, Duration.ofMillis(500));
    return result instanceof EchoResult.Reply;
  }

  private static List<IpAddress> world(List<Gateway> gateways) {
    return EqualWays.addresses(gateways.getFirst().outside());
  }

  private void failOver(
      RunningLab lab, List<Gateway> gateways, Attached endpoint, List<String> gaps)
      throws IOException, InterruptedException {
    var victim = gateways.getFirst();
    var process = lab.gateway(victim.name());
    var ways =
        new EqualWays(
            lab,
            endpoint,
            new EqualWays.Target(
                victim.announces().getFirst(),
                world(gateways),
                lab.topology().l3Vni(victim.tenant())),
            gateways.stream().map(Gateway::name).toList(),
            findings);
    ways.awaitAll();
    gaps.add(
        "with the BGP daemon of "
            + victim.name()
            + " killed "
            + ways.gap(victim.name(), () -> process.killDaemon("bgpd")));
    process.startDaemon("bgpd");
    ways.awaitAll();
    gaps.add("with its cable out " + ways.gap(victim.name(), () -> process.plug(false)));
    process.plug(true);
    ways.awaitAll();
  }
}
