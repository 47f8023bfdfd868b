package io.weft.lab.interop;

import io.weft.lab.process.RunningLab;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** GoBGP says a prefix behind the address of a pod (RFC 9136 §4.4.2), which moves. */
class OverlayIndexInteroperabilityTest {
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
      spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24], gateway: true}
      ---
      kind: Network
      metadata: {name: db}
      spec: {tenant: red, vni: 200, subnets: [192.168.2.0/24], gateway: true}
      ---
      kind: Topology
      metadata: {name: index-interop}
      spec:
        racks: [{name: a}, {name: b}]
        nodes:
        - {name: a1, rack: a}
        - {name: b1, rack: b}
        - {name: b2, rack: b}
        - {name: g1, rack: a, speaker: external}
        reflectors: [{name: rr1, rack: a}]
        endpoints:
        - {name: web-1, node: a1, network: web, addresses: [192.168.1.11]}
        - {name: router, node: b1, network: web, addresses: [192.168.1.20]}
        - {name: db-1, node: b2, network: db, addresses: [192.168.2.11]}
      """;
  private static final String PREFIX =
      "prefix 10.9.0.0/16 gw 192.168.1.20 etag 0 label 0 rd 65000:7 rt 65000:5001 encap vxlan";
  private static final IpAddress BEHIND = IpAddress.parse("10.9.0.1");

  @TempDir private static Path directory;

  @Test
  void aPrefixIsReachedBehindAPod() throws Exception {
    ForeignLab.run(
        directory, TOPOLOGY, GoBgpReflector.GOBGPD, OverlayIndexInteroperabilityTest::look);
  }

  private static void look(RunningLab running) throws Exception {
    var plan = running.plan();
    running.start();
    running.awaitSessions();
    for (var endpoint : running.topology().endpoints()) {
      running.attach(endpoint);
    }
    try (var pod = Rtnetlink.openIn(plan.namespace("router").name())) {
      int loopback = pod.requireLink("lo").index();
      pod.execute(new Request.AddAddress(Address.of(loopback, BEHIND, 32)));
    }
    var web = running.tenantNamespace("a1", "web");
    var db = running.tenantNamespace("b2", "db");
    var speaker = plan.namespace("g1").name();
    try (var _ = gobgp(speaker, plan.loopback("g1"), plan.loopback("rr1"))) {
      ForeignProcess.output(speaker, words("global rib add -a evpn " + PREFIX));
      Arena.await("through its network", () -> way(web), "192.168.1.20 on br100");
      Arena.await("as the pod's host route", () -> way(db), plan.loopback("b1") + " on br5001");
      Arena.await("web-1 reaches it", () -> pings(running, "web-1"), true);
      Arena.await("db-1 reaches it", () -> pings(running, "db-1"), true);
      try (var agent = running.agent("b1")) {
        agent.detach("router");
      }
      Arena.await("nobody has the address", () -> way(web), "nowhere");
      Arena.await("nor elsewhere", () -> way(db), "nowhere");
    }
  }

  private static ForeignProcess gobgp(String namespace, IpAddress self, IpAddress reflector)
      throws IOException, InterruptedException {
    var config = directory.resolve("gobgpd.yaml");
    Files.writeString(
        config,
        """
        global: {config: {as: 65000, router-id: %s}}
        neighbors:
        - config: {neighbor-address: %s, peer-as: 65000}
          transport: {config: {local-address: %s}}
          timers: {config: {connect-retry: 1, hold-time: 90}}
          afi-safis: [{config: {afi-safi-name: l2vpn-evpn}}]
        """
            .formatted(self, reflector, self));
    var command = List.of(GoBgpReflector.GOBGPD.toString(), "-t", "yaml", "-f", config.toString());
    return ForeignProcess.start(
            namespace, directory.resolve("gobgpd.log"), command.toArray(String[]::new))
        .await(() -> isUp(namespace, reflector));
  }

  private static boolean isUp(String namespace, IpAddress reflector) {
    try {
      return ForeignProcess.output(namespace, words("neighbor " + reflector))
          .contains("BGP state = ESTABLISHED");
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static List<String> words(String text) {
    var words = new ArrayList<String>(List.of("gobgp"));
    words.addAll(List.of(text.split(" ")));
    return words;
  }

  private static String way(String namespace) {
    try (var netlink = Rtnetlink.openIn(namespace)) {
      for (var route : netlink.routes()) {
        if (route.protocol() == Route.BGP && route.prefix().toString().equals("10.9.0.0/16")) {
          var hop = route.nextHops().getFirst();
          var link = netlink.link(hop.link().orElse(0));
          return hop.via().map(Object::toString).orElse("nothing")
              + " on "
              + link.map(l -> l.name()).orElse("nothing");
        }
      }
      return "nowhere";
    }
  }

  private static boolean pings(RunningLab running, String pod) {
    try (var echo = IcmpEcho.openIn(running.plan().namespace(pod).name(), BEHIND)) {
      return echo.ping(56, Duration.ofSeconds(1)) instanceof EchoResult.Reply;
    }
  }
}
