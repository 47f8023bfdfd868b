package io.weft.lab.check;

import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology;
import io.weft.lab.topology.Topology.Gateway;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.EchoStream;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/**
 * Endpoints of a tenant reach the world through its external gateways, and the gateways hear of the
 * tenant's subnets, not of its hosts. Where there are two, both carry traffic; when the BGP daemon
 * of one is killed, and when its cable is out, traffic goes on through the other.
 */
public final class ExternalGatewayCheck implements Check {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration PACE = Duration.ofMillis(10);

  /** Addresses of the world: the kernel spreads by address, and these go both ways. */
  private static final int STREAMS = 16;

  /** BFD finds a dead path after three times 300 ms; then the reflector tells the nodes. */
  private static final Duration LONGEST_GAP = Duration.ofSeconds(3);

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
    await(
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
        await(() -> answers(endpoint, address));
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
    var addresses = new ArrayList<IpAddress>();
    for (int i = 1; i <= STREAMS; i++) {
      addresses.add(gateways.getFirst().outside().address().plus(i));
    }
    return addresses;
  }

  private static boolean await(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      Thread.sleep(POLL);
    }
    return true;
  }

  // ---- two gateways -----------------------------------------------------------------------

  private void failOver(
      RunningLab lab, List<Gateway> gateways, Attached endpoint, List<String> gaps)
      throws IOException, InterruptedException {
    var victim = gateways.getFirst();
    awaitAll(lab, gateways, endpoint);
    var process = lab.gateway(victim.name());
    gaps.add(
        "with the BGP daemon of "
            + victim.name()
            + " killed "
            + gap(lab, gateways, endpoint, () -> process.killDaemon("bgpd")));
    process.startDaemon("bgpd");
    awaitAll(lab, gateways, endpoint);
    gaps.add("with its cable out " + gap(lab, gateways, endpoint, () -> process.plug(false)));
    process.plug(true);
    awaitAll(lab, gateways, endpoint);
  }

  /** Something that happens to a gateway. */
  private interface Trouble {
    void befall() throws IOException, InterruptedException;
  }

  /** Traffic while trouble befalls the first gateway; for how long it was silent. */
  private String gap(RunningLab lab, List<Gateway> gateways, Attached endpoint, Trouble trouble)
      throws IOException, InterruptedException {
    var streams = new ArrayList<EchoStream>();
    try {
      for (var address : world(gateways)) {
        streams.add(EchoStream.startIn(endpoint.namespace(), address, PACE));
      }
      Thread.sleep(500);
      trouble.befall();
      var rest = gateways.subList(1, gateways.size());
      findings.expect(
          await(() -> used(lab, endpoint).equals(vteps(lab, rest))),
          endpoint.node() + " still sends to " + used(lab, endpoint));
      Thread.sleep(500);
      long silent = 0;
      int lost = 0;
      for (var stream : streams) {
        var seen = stream.stop(Duration.ofMillis(500));
        silent = Math.max(silent, PACE.toMillis() * seen.longestSilence());
        lost += seen.lost();
      }
      findings.expect(
          silent <= LONGEST_GAP.toMillis(), "traffic stood for " + silent + " ms of a failure");
      return silent + " ms of silence (" + lost + " packets of " + streams.size() + " flows lost)";
    } finally {
      streams.forEach(EchoStream::close);
    }
  }

  /** Until all gateways are used by the node, and carry packets. */
  private void awaitAll(RunningLab lab, List<Gateway> gateways, Attached endpoint)
      throws InterruptedException {
    findings.expect(
        await(() -> used(lab, endpoint).equals(vteps(lab, gateways))),
        endpoint.node() + " uses " + used(lab, endpoint) + " of " + vteps(lab, gateways));
    var silent = new TreeSet<String>();
    await(
        () -> {
          silent.clear();
          silent.addAll(silent(lab, gateways, endpoint));
          return silent.isEmpty();
        });
    findings.expect(silent.isEmpty(), "nothing goes through " + silent);
  }

  private static Set<IpAddress> vteps(RunningLab lab, List<Gateway> gateways) {
    var vteps = new TreeSet<IpAddress>();
    gateways.forEach(gateway -> vteps.add(lab.plan().loopback(gateway.name())));
    return vteps;
  }

  /** The next hops of the node's way to the world. */
  private static Set<IpAddress> used(RunningLab lab, Attached endpoint) {
    var hops = new TreeSet<IpAddress>();
    var prefix = lab.topology().gateways().getFirst().announces().getFirst();
    try (var netlink = Rtnetlink.openIn(lab.tenantNamespace(endpoint.node(), endpoint.network()))) {
      for (var route : netlink.routes()) {
        if (route.protocol() == Route.BGP && route.prefix().equals(prefix)) {
          route.nextHops().forEach(hop -> hop.via().ifPresent(hops::add));
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException(String.valueOf(e.getMessage()), e);
    }
    return hops;
  }

  /** Gateways to which none of the flows goes. */
  private static List<String> silent(RunningLab lab, List<Gateway> gateways, Attached endpoint) {
    var recordings = new TreeMap<String, Recording>();
    var silent = new ArrayList<String>();
    try {
      for (var gateway : gateways) {
        recordings.put(
            gateway.name(), Recording.startIn(lab.plan().namespace(gateway.name()).name(), "eth0"));
      }
      for (var address : world(gateways)) {
        Pings.ping(endpoint.namespace(), address, Pings.PAYLOAD, Duration.ofMillis(200));
      }
      int vni = lab.topology().l3Vni(gateways.getFirst().tenant()).value();
      recordings.forEach(
          (name, recording) -> {
            var vtep = lab.plan().loopback(name);
            boolean heard =
                recording.vxlan().stream()
                    .anyMatch(frame -> frame.vni() == vni && frame.destination().equals(vtep));
            if (!heard) {
              silent.add(name);
            }
          });
    } finally {
      recordings.values().forEach(Recording::close);
    }
    return silent;
  }
}
