package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Neighbour;
import io.weft.linux.netlink.NeighbourState;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netlink.Vxlan;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An underlay of IPv6 alone, on which one node is Weft's. The reflector is GoBGP. The other VTEP is
 * a kernel that is told by hand what GoBGP hears, and for which GoBGP speaks: FRR is no VTEP of
 * IPv6 before 10.6, and no reflector for others either (8.4 answers a flood route whose tunnel has
 * 16 octets by a NOTIFICATION).
 */
class Ipv6InteroperabilityTest {
  private static final String TOPOLOGY =
      """
      kind: Fabric
      metadata: {name: default}
      spec: {vtep: {cidr: 'fd00:255::/64'}}
      ---
      kind: Tenant
      metadata: {name: red}
      spec: {l3vni: 5001}
      ---
      kind: Network
      metadata: {name: web}
      spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24, 'fd00:1::/64'], gateway: true}
      ---
      kind: Topology
      metadata: {name: ipv6-interop}
      spec:
        racks: [{name: a}, {name: b}]
        nodes:
        - {name: a1, rack: a}
        - {name: b1, rack: b, speaker: external}
        reflectors: [{name: rr1, rack: a, speaker: external}]
        endpoints:
        - {name: web-1, node: a1, network: web, addresses: [192.168.1.11, 'fd00:1::11']}
        - {name: web-2, node: b1, network: web, addresses: [192.168.1.12, 'fd00:1::12']}
      """;
  private static final Vni WEB = new Vni(100);
  private static final Vni L3 = new Vni(5001);
  private static final int MTU = 1430;
  private static final IpAddress THEIRS = IpAddress.parse("192.168.1.12");
  private static final IpAddress THEIRS_6 = IpAddress.parse("fd00:1::12");
  private static final IpAddress BEHIND = IpAddress.parse("10.9.0.1");
  private static final MacAddress POD = MacAddress.parse("02:00:00:00:00:12");
  private static final MacAddress ROUTER = MacAddress.parse("02:00:00:00:00:b1");
  private static final Pattern OUR_ROUTER =
      Pattern.compile("prefix:192\\.168\\.1\\.0/24.*?mac: ([0-9a-f:]{17})");

  @TempDir private static Path directory;

  @Test
  void othersSpeakOfVtepsOfIpv6WithUs() throws Exception {
    ForeignLab.run(directory, TOPOLOGY, GoBgpReflector.GOBGPD, Ipv6InteroperabilityTest::look);
  }

  private static void look(RunningLab running) throws Exception {
    var plan = running.plan();
    var b1 = plan.namespace("b1").name();
    try (var _ = reflector(running);
        var _ = gobgp(running)) {
      running.start();
      running.awaitSessions();
      var web = running.attach(running.topology().endpointsOf("web").getFirst());
      var ours = plan.loopback("a1");
      var here = plan.loopback("b1");

      say(b1, "multicast " + here + " etag 0 rd 65000:7 rt 65000:100 encap vxlan", here, 100);
      for (var address : List.of(THEIRS, THEIRS_6)) {
        say(
            b1,
            "macadv " + POD + " " + address + " etag 0 label 100 rd 65000:7 rt 65000:100",
            here);
      }
      segment(b1, plan.namespace("web-2").name(), here, ours);
      Arena.await("GoBGP hears of our flood", () -> hears(b1, "type:multicast", ours), true);
      Arena.await("GoBGP hears of our host", () -> hears(b1, "ip:192.168.1.11", ours), true);
      Arena.await("GoBGP hears of our IPv6", () -> hears(b1, "ip:fd00:1::11", ours), true);
      for (var address : List.of(THEIRS, THEIRS_6)) {
        Arena.await("web-1 to " + address, () -> pings(running, "web-1", address, MTU), true);
      }
      for (var address : web.addresses()) {
        Arena.await("web-2 to " + address, () -> pings(running, "web-2", address, MTU), true);
      }
      routed(running, web);
    }
  }

  /** IPv4 behind a router of theirs, in the L3 VNI. */
  private static void routed(RunningLab running, Attached web) throws Exception {
    var plan = running.plan();
    var b1 = plan.namespace("b1").name();
    var ours = plan.loopback("a1");
    var here = plan.loopback("b1");
    say(
        b1,
        "prefix 10.9.0.0/16 etag 0 label 5001 rd 65000:7 rt 65000:5001 encap vxlan router-mac "
            + ROUTER,
        here);
    var text = ForeignProcess.output(b1, List.of("gobgp", "global", "rib", "-a", "evpn"));
    var found = OUR_ROUTER.matcher(text);
    assertThat(found.find()).as("our router's MAC in " + text).isTrue();
    var router = MacAddress.parse(found.group(1));
    try (var netlink = Rtnetlink.openIn(b1)) {
      int bridge = bridge(netlink, L3, here, LinkSettings.UP.withMac(ROUTER).withForwarding(true));
      int vxlan = netlink.requireLink("vx" + L3).index();
      netlink.execute(new Request.PutFdb(FdbEntry.remote(vxlan, router, ours)));
      netlink.execute(
          new Request.PutNeighbour(
              new Neighbour(
                  bridge, ours, Optional.of(router), NeighbourState.PERMANENT, false, false, 0)));
      int loopback = netlink.requireLink("lo").index();
      netlink.execute(new Request.AddAddress(Address.of(loopback, BEHIND, 32)));
      netlink.execute(
          new Request.AddRoute(
              Route.of(IpPrefix.parse("192.168.1.0/24"), NextHop.onlink(ours, bridge))
                  .withSource(BEHIND)));
    }
    Arena.await("web-1 beyond b1", () -> pings(running, "web-1", BEHIND, MTU), true);
    Arena.await("b1 to web-1", () -> pings(b1, web.addresses().getFirst(), MTU), true);
  }

  // ---- the others -------------------------------------------------------------------------

  private static GoBgpReflector reflector(RunningLab running) throws Exception {
    var plan = running.plan();
    return GoBgpReflector.start(
        plan.namespace("rr1").name(),
        Files.createDirectories(directory.resolve("reflector")),
        plan.loopback("rr1"),
        List.of(plan.loopback("a1"), plan.loopback("b1")));
  }

  private static ForeignProcess gobgp(RunningLab running) throws Exception {
    var plan = running.plan();
    var namespace = plan.namespace("b1").name();
    var reflector = plan.loopback("rr1");
    var config = directory.resolve("gobgpd.yaml");
    Files.writeString(
        config,
        """
        global: {config: {as: 65000, router-id: 10.0.0.2}}
        neighbors:
        - config: {neighbor-address: "%s", peer-as: 65000}
          transport: {config: {local-address: "%s"}}
          timers: {config: {connect-retry: 1, hold-time: 90}}
          afi-safis: [{config: {afi-safi-name: l2vpn-evpn}}]
        """
            .formatted(reflector, plan.loopback("b1")));
    var command = List.of(GoBgpReflector.GOBGPD.toString(), "-t", "yaml", "-f", config.toString());
    return ForeignProcess.start(
            namespace, directory.resolve("gobgpd.log"), command.toArray(String[]::new))
        .await(() -> isUp(namespace, reflector));
  }

  private static boolean isUp(String namespace, IpAddress reflector) {
    try {
      return ForeignProcess.output(namespace, List.of("gobgp", "neighbor", reflector.toString()))
          .contains("BGP state = ESTABLISHED");
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static void say(String namespace, String route, IpAddress nextHop, int floodVni)
      throws IOException, InterruptedException {
    say(namespace, route + " pmsi ingress-repl " + floodVni + " " + nextHop, nextHop);
  }

  private static void say(String namespace, String route, IpAddress nextHop)
      throws IOException, InterruptedException {
    var words = new ArrayList<>(List.of("gobgp", "global", "rib", "add", "-a", "evpn"));
    words.addAll(List.of((route + " nexthop " + nextHop).split(" ")));
    ForeignProcess.output(namespace, words);
  }

  /** True when GoBGP holds such a route with this next hop. */
  private static boolean hears(String namespace, String key, IpAddress nextHop)
      throws IOException, InterruptedException {
    return ForeignProcess.output(namespace, List.of("gobgp", "global", "rib", "-a", "evpn"))
        .lines()
        .anyMatch(line -> line.contains(key) && line.contains(" " + nextHop + " "));
  }

  // ---- the other kernel -------------------------------------------------------------------

  /** A segment that learns from packets, and floods to us. */
  private static void segment(String node, String pod, IpAddress vtep, IpAddress peer) {
    try (var netlink = Rtnetlink.openIn(node);
        var inside = Rtnetlink.openIn(pod)) {
      int bridge = bridge(netlink, WEB, vtep, LinkSettings.UP);
      int vxlan = netlink.requireLink("vx" + WEB).index();
      netlink.execute(new Request.AppendFdb(FdbEntry.flood(vxlan, peer)));
      var pair =
          netlink.createVeth(
              "pod",
              LinkSettings.UP.withMtu(MTU).withMaster(bridge),
              "eth0",
              LinkSettings.UP.withMtu(MTU).withMac(POD),
              inside);
      inside.execute(new Request.AddAddress(Address.of(pair.peer().index(), THEIRS, 24)));
      inside.execute(new Request.AddAddress(Address.of(pair.peer().index(), THEIRS_6, 64)));
    }
  }

  private static int bridge(Rtnetlink netlink, Vni vni, IpAddress vtep, LinkSettings settings) {
    int bridge = netlink.createBridge("br" + vni, settings.withMtu(MTU)).index();
    var learning = new Vxlan(vni, Optional.of(vtep), Vxlan.PORT, true);
    var port = LinkSettings.UP.withMtu(MTU).withMaster(bridge);
    netlink.createVxlan("vx" + vni, learning, port);
    return bridge;
  }

  private static boolean pings(RunningLab running, String pod, IpAddress to, int octets) {
    return pings(running.plan().namespace(pod).name(), to, octets);
  }

  private static boolean pings(String namespace, IpAddress to, int octets) {
    try (var echo = IcmpEcho.openIn(namespace, to)) {
      return echo.ping(IcmpEcho.payloadFor(octets, to), Duration.ofSeconds(1))
          instanceof EchoResult.Reply;
    }
  }
}
