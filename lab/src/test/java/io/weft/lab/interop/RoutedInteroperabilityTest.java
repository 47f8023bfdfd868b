package io.weft.lab.interop;

import io.weft.lab.process.RunningLab;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.Ipv6Address;
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

/** A tenant with one network on a node of Weft's and the other on one of FRR's: symmetric IRB. */
class RoutedInteroperabilityTest {
  private static final String TOPOLOGY =
      """
      kind: Fabric
      metadata: {name: default}
      spec: {vtep: {cidr: 10.255.0.0/16}}
      ---
      kind: Tenant
      metadata: {name: red}
      spec: {l3vni: 5001}
      ---
      kind: Network
      metadata: {name: web}
      spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24, 'fd00:1::/64'], gateway: true}
      ---
      kind: Network
      metadata: {name: db}
      spec: {tenant: red, vni: 200, subnets: [192.168.2.0/24, 'fd00:2::/64'], gateway: true}
      ---
      kind: Topology
      metadata: {name: routed-interop}
      spec:
        racks: [{name: a}, {name: b}]
        nodes:
        - {name: a1, rack: a}
        - {name: b1, rack: b, speaker: external}
        reflectors: [{name: rr1, rack: a}]
        endpoints:
        - {name: web-1, node: a1, network: web, addresses: [192.168.1.11, 'fd00:1::11'], prefixes: [10.50.0.0/16]}
        - {name: db-1, node: b1, network: db, addresses: [192.168.2.12, 'fd00:2::12']}
      """;
  private static final Vni DB = new Vni(200);
  private static final Vni L3 = new Vni(5001);
  private static final IpAddress OURS = IpAddress.parse("192.168.1.11");
  private static final IpAddress BEHIND = IpAddress.parse("10.50.0.1");
  private static final IpAddress THEIRS = IpAddress.parse("192.168.2.12");
  private static final IpAddress OURS_6 = IpAddress.parse("fd00:1::11");
  private static final IpAddress THEIRS_6 = IpAddress.parse("fd00:2::12");
  private static final IpAddress GATEWAY_6 = IpAddress.parse("fd00:2::1");
  private static final IpPrefix THEIR_SUBNET_6 = IpPrefix.parse("fd00:2::/64");
  private static final IpAddress GATEWAY = IpAddress.parse("192.168.2.1");
  private static final IpPrefix THEIR_SUBNET = IpPrefix.parse("192.168.2.0/24");
  private static final MacAddress THEIR_ROUTER = MacAddress.parse("02:00:00:00:00:b1");
  private static final MacAddress ANYCAST = MacAddress.parse("00:00:5e:00:01:01");

  @TempDir private static Path directory;

  @Test
  void frrRoutesWithUs() throws Exception {
    ForeignLab.run(directory, TOPOLOGY, FrrDaemons.BGPD, RoutedInteroperabilityTest::look);
  }

  private static void look(RunningLab running) throws Exception {
    var plan = running.plan();
    var vtep = plan.loopback("b1");
    try (var frr =
        FrrNode.start(
            plan.namespace("b1").name(),
            directory.resolve("frr"),
            vtep,
            List.of(plan.loopback("rr1")),
            Optional.of(new FrrNode.Routed(L3, List.of(THEIR_SUBNET, THEIR_SUBNET_6))))) {
      frr.addRoutedNetwork(DB, vtep, ANYCAST, GATEWAY, GATEWAY_6);
      frr.addRoutedNetwork(L3, vtep, THEIR_ROUTER);
      frr.addEndpoint(DB, plan.namespace("db-1").name(), THEIRS, 24);
      addIpv6(plan.namespace("db-1").name());
      defaultRoute(plan.namespace("db-1").name());
      NetworkNamespaces.callIn(
          plan.namespace("b1").name(),
          () -> Files.writeString(Path.of("/proc/sys/net/ipv6/conf/all/forwarding"), "1"));
      running.start();
      running.awaitSessions();
      running.attach(running.topology().endpointsOf("web").getFirst());

      Arena.await(
          "FRR's L3 VNI", () -> frr.vtysh("show evpn vni 5001 json").path("state").asText(), "Up");
      var tenant = running.tenantNamespace("a1", "web");
      Arena.await(
          "the subnet by Type 5",
          () -> routes(tenant).getOrDefault("192.168.2.0/24", "none"),
          "via " + vtep);
      Arena.await("db-1 reaches web-1", () -> pings(running, "db-1", OURS), true);
      Arena.await("web-1 reaches db-1", () -> pings(running, "web-1", THEIRS), true);
      Arena.await(
          "the host by Type 2",
          () -> routes(tenant).getOrDefault("192.168.2.12/32", "none"),
          "via " + vtep);
      var theirs = plan.namespace("b1").name();
      Arena.await(
          "FRR has our host",
          () -> routes(theirs).getOrDefault("192.168.1.11/32", "none"),
          "via " + plan.loopback("a1"));
      Arena.await(
          "and our subnet",
          () -> routes(theirs).getOrDefault("192.168.1.0/24", "none"),
          "via " + plan.loopback("a1"));

      Arena.await(
          "and what is behind our endpoint",
          () -> routes(theirs).getOrDefault("10.50.0.0/16", "none"),
          "via " + plan.loopback("a1"));
      lookAtIpv6(running, tenant, theirs);
      stand(plan.namespace("web-1").name(), BEHIND);
      Arena.await("db-1 reaches a host there", () -> pings(running, "db-1", BEHIND), true);

      try (var a1 = running.agent("a1")) {
        a1.detach("web-1");
      }
      Arena.await(
          "FRR has lost what was behind",
          () -> routes(theirs).getOrDefault("10.50.0.0/16", "none"),
          "none");
      Arena.await(
          "FRR has lost the host",
          () -> routes(theirs).getOrDefault("192.168.1.11/32", "none"),
          "none");
      Arena.await(
          "FRR has lost the subnet",
          () -> routes(theirs).getOrDefault("192.168.1.0/24", "none"),
          "none");
    }
  }

  private static void stand(String pod, IpAddress address) {
    try (var netlink = Rtnetlink.openIn(pod)) {
      int lo = netlink.requireLink("lo").index();
      netlink.execute(new Request.AddAddress(Address.of(lo, address, address.bits())));
    }
  }

  /** Both ends are IPv4 VTEPs: the next hops are mapped addresses, with us as with FRR. */
  private static void lookAtIpv6(RunningLab running, String tenant, String theirs)
      throws Exception {
    var plan = running.plan();
    Arena.await(
        "the subnet of IPv6 by Type 5",
        () -> routes(tenant).getOrDefault("fd00:2::/64", "none"),
        "via " + mapped(plan.loopback("b1")));
    Arena.await("web-1 reaches db-1 by IPv6", () -> pings(running, "web-1", THEIRS_6), true);
    Arena.await("db-1 reaches web-1 by IPv6", () -> pings(running, "db-1", OURS_6), true);
    Arena.await(
        "FRR has our host of IPv6",
        () -> routes(theirs).getOrDefault("fd00:1::11/128", "none"),
        "via " + mapped(plan.loopback("a1")));
    Arena.await(
        "and our subnet of IPv6",
        () -> routes(theirs).getOrDefault("fd00:1::/64", "none"),
        "via " + mapped(plan.loopback("a1")));
  }

  private static IpAddress mapped(IpAddress vtep) {
    return vtep instanceof Ipv4Address v4 ? Ipv6Address.mapped(v4) : vtep;
  }

  private static void addIpv6(String pod) {
    try (var netlink = Rtnetlink.openIn(pod)) {
      int link = netlink.requireLink("eth0").index();
      netlink.execute(new Request.AddAddress(Address.of(link, THEIRS_6, 64)));
      netlink.execute(
          new Request.AddRoute(Route.of(IpPrefix.parse("::/0"), NextHop.via(GATEWAY_6, link))));
    }
  }

  private static void defaultRoute(String pod) {
    try (var netlink = Rtnetlink.openIn(pod)) {
      netlink.execute(
          new Request.AddRoute(Route.of(IpPrefix.parse("0.0.0.0/0"), NextHop.via(GATEWAY))));
    }
  }

  private static TreeMap<String, String> routes(String namespace) {
    var routes = new TreeMap<String, String>();
    try (var netlink = Rtnetlink.openIn(namespace)) {
      for (var route : netlink.routes()) {
        if (route.protocol() == Route.BGP && route.nextHops().size() == 1) {
          var via = route.nextHops().getFirst().via().map(Object::toString).orElse("nothing");
          routes.put(route.prefix().toString(), "via " + via);
        }
      }
    }
    return routes;
  }

  private static boolean pings(RunningLab running, String pod, IpAddress destination) {
    try (var echo = IcmpEcho.openIn(running.plan().namespace(pod).name(), destination)) {
      return echo.ping(56, Duration.ofSeconds(1)) instanceof EchoResult.Reply;
    }
  }
}
