package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.control.ControlClient;
import io.weft.lab.fabric.IntentText;
import io.weft.lab.process.RunningLab;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.Neighbour;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shared services behind an FRR hub: it imports the targets of two spokes and exports its own, and
 * the spokes, on a node of ours, reach it by a TenantConnection.
 */
class FrrHubTest {
  private static final String TOPOLOGY =
      """
      kind: Fabric
      metadata: {name: default}
      spec: {vtep: {cidr: 10.255.0.0/16}}
      ---
      kind: Tenant
      metadata: {name: services}
      spec: {l3vni: 5000}
      ---
      kind: Tenant
      metadata: {name: red}
      spec: {l3vni: 5001}
      ---
      kind: Tenant
      metadata: {name: blue}
      spec: {l3vni: 5002}
      ---
      kind: TenantConnection
      metadata: {name: shared}
      spec: {hub: services, spokes: [red, blue]}
      ---
      kind: Network
      metadata: {name: dns}
      spec: {tenant: services, vni: 100, subnets: [10.0.1.0/24], gateway: true}
      ---
      kind: Network
      metadata: {name: red-web}
      spec: {tenant: red, vni: 201, subnets: [10.1.1.0/24], gateway: true}
      ---
      kind: Network
      metadata: {name: blue-web}
      spec: {tenant: blue, vni: 202, subnets: [10.2.1.0/24], gateway: true}
      ---
      kind: Topology
      metadata: {name: frr-hub}
      spec:
        racks: [{name: a}, {name: b}]
        nodes:
        - {name: a1, rack: a}
        - {name: b1, rack: b, speaker: external}
        reflectors: [{name: rr1, rack: a}]
        endpoints:
        - {name: red-1, node: a1, network: red-web, addresses: [10.1.1.11]}
        - {name: blue-1, node: a1, network: blue-web, addresses: [10.2.1.11]}
        - {name: dns-1, node: b1, network: dns, addresses: [10.0.1.12]}
      """;
  private static final Vni DNS = new Vni(100);
  private static final Vni L3 = new Vni(5000);
  private static final IpPrefix SERVICES = IpPrefix.parse("10.0.1.0/24");
  private static final IpAddress SERVER = IpAddress.parse("10.0.1.12");
  private static final IpAddress GATEWAY = IpAddress.parse("10.0.1.1");
  private static final MacAddress ANYCAST = MacAddress.parse("00:00:5e:00:01:01");
  private static final MacAddress HUB = MacAddress.parse("02:00:00:00:00:b1");

  @TempDir private static Path directory;

  @Test
  void spokesMeetAHubThatIsFrr() throws Exception {
    ForeignLab.run(directory, TOPOLOGY, FrrDaemons.BGPD, FrrHubTest::look);
  }

  private static void look(RunningLab running) throws Exception {
    var plan = running.plan();
    var vtep = plan.loopback("b1");
    var hub = plan.namespace("b1").name();
    var routed = new FrrNode.Routed(L3, List.of(SERVICES), List.of("65000:5001", "65000:5002"));
    try (var frr =
        FrrNode.start(
            hub,
            directory.resolve("frr"),
            vtep,
            List.of(plan.loopback("rr1")),
            Optional.of(routed))) {
      frr.addRoutedNetwork(DNS, vtep, ANYCAST, GATEWAY);
      frr.addRoutedNetwork(L3, vtep, HUB);
      NetworkNamespaces.callIn(
          hub,
          () -> {
            Files.writeString(Path.of("/proc/sys/net/ipv4/ip_forward"), "1");
            // What comes by a link without address, and is answered by another, is dropped else.
            return Files.writeString(Path.of("/proc/sys/net/ipv4/conf/br5000/rp_filter"), "0");
          });
      frr.addEndpoint(DNS, plan.namespace("dns-1").name(), SERVER, 24);
      defaultRoute(plan.namespace("dns-1").name());
      running.start();
      running.awaitSessions();
      for (var endpoint : running.topology().endpoints()) {
        if (endpoint.node().equals("a1")) {
          running.attach(endpoint);
        }
      }
      running.configure("a1", "connections.yaml", IntentText.connections(plan));
      try {
        followTargets(running, hub);
      } catch (AssertionError e) {
        throw new AssertionError(e.getMessage() + frr.said() + ForeignLab.said(running), e);
      }
      answer(running, frr, hub);
      running.unconfigure("a1", "connections.yaml");
      Arena.await("without the connection red has nothing", () -> ways(running, "red-web"), "none");
      Arena.await("nor blue", () -> ways(running, "blue-web"), "none");
      running.configure("a1", "connections.yaml", IntentText.connections(plan));
      Arena.await("red has it again", () -> ways(running, "red-web"), "via " + vtep);
    }
    Arena.await("an FRR that ended leaves nothing", () -> ways(running, "red-web"), "none");
  }

  /** Who imports what, and what FRR makes of a label that is not its own VNI. */
  private static void followTargets(RunningLab running, String hub) throws Exception {
    var plan = running.plan();
    for (var spoke : List.of("red-web", "blue-web")) {
      Arena.await(
          spoke + " has the services", () -> ways(running, spoke), "via " + plan.loopback("b1"));
    }
    Arena.await(
        "the hub has both spokes, subnets and hosts, in its own L3 VNI",
        () -> routes(hub).toString(),
        "{10.1.1.0/24=via @ on br5000, 10.1.1.11/32=via @ on br5000,"
                .replace("@", plan.loopback("a1").toString())
            + " 10.2.1.0/24=via @ on br5000, 10.2.1.11/32=via @ on br5000}"
                .replace("@", plan.loopback("a1").toString()));
    assertThat(routes(running.tenantNamespace("a1", "red-web")))
        .as("the hub does not hand spokes on")
        .doesNotContainKeys("10.2.1.0/24", "10.2.1.11/32");
    // FRR before 9.0 does not use the label of a route (RFC 8365 5.1.3): answers leave in VNI 5000.
    assertThat(pings(running, "red-1", SERVER)).isFalse();
  }

  /** What an operator adds to such an FRR: a device for the VNI of each spoke, and routes by it. */
  private static void answer(RunningLab running, FrrNode frr, String hub) throws Exception {
    var plan = running.plan();
    var spokes = plan.loopback("a1");
    var router = routerMac(running);
    for (int spoke = 1; spoke <= 2; spoke++) {
      var vni = new Vni(L3.value() + spoke);
      frr.addRoutedNetwork(vni, plan.loopback("b1"), HUB);
      try (var netlink = Rtnetlink.openIn(hub)) {
        int bridge = netlink.requireLink("br" + vni).index();
        int vxlan = netlink.requireLink("vx" + vni).index();
        netlink.execute(new Request.PutFdb(FdbEntry.remote(vxlan, router, spokes)));
        netlink.execute(
            new Request.PutNeighbour(Neighbour.remote(bridge, spokes, router, Route.STATIC)));
        var subnet = IpPrefix.parse("10." + spoke + ".1.0/24");
        for (var prefix : List.of(subnet, IpPrefix.parse("10." + spoke + ".1.11/32"))) {
          netlink.execute(new Request.AddRoute(Route.of(prefix, NextHop.onlink(spokes, bridge))));
        }
      }
    }
    Arena.await("red reaches the server", () -> pings(running, "red-1", SERVER), true);
    Arena.await("blue reaches the server", () -> pings(running, "blue-1", SERVER), true);
    Arena.await(
        "the server reaches red",
        () -> pings(running, "dns-1", IpAddress.parse("10.1.1.11")),
        true);
    assertThat(pings(running, "red-1", IpAddress.parse("10.2.1.11")))
        .as("spokes never reach each other")
        .isFalse();
  }

  private static MacAddress routerMac(RunningLab running) throws Exception {
    try (var agent = ControlClient.connect(running.directory().socket("a1"))) {
      for (var tenant : agent.call(ControlClient.request("tenants")).path("tenants")) {
        if (tenant.path("name").asText().equals("red")) {
          return MacAddress.parse(tenant.path("routerMac").asText());
        }
      }
    }
    throw new IllegalStateException("a1 does not know red");
  }

  private static String ways(RunningLab running, String network) throws Exception {
    return routes(running.tenantNamespace("a1", network))
        .getOrDefault("10.0.1.0/24", "none")
        .replaceFirst(" on .*", "");
  }

  private static TreeMap<String, String> routes(String namespace) {
    var routes = new TreeMap<String, String>();
    try (var netlink = Rtnetlink.openIn(namespace)) {
      for (var route : netlink.routes()) {
        if (route.protocol() == Route.BGP && route.nextHops().size() == 1) {
          var hop = route.nextHops().getFirst();
          var via = hop.via().map(Object::toString).orElse("nothing");
          var link = netlink.link(hop.link().orElse(0)).map(Link::name).orElse("nothing");
          routes.put(route.prefix().toString(), "via " + via + " on " + link);
        }
      }
    }
    return routes;
  }

  private static void defaultRoute(String pod) {
    try (var netlink = Rtnetlink.openIn(pod)) {
      netlink.execute(
          new Request.AddRoute(Route.of(IpPrefix.parse("0.0.0.0/0"), NextHop.via(GATEWAY))));
    }
  }

  private static boolean pings(RunningLab running, String pod, IpAddress destination) {
    try (var echo = IcmpEcho.openIn(running.plan().namespace(pod).name(), destination)) {
      return echo.ping(56, Duration.ofSeconds(1)) instanceof EchoResult.Reply;
    }
  }
}
