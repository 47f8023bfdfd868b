package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.packet.PacketCapture;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject.EgressFilter;
import io.weft.overlay.forwarding.EgressObject.EgressLink;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.node.NodeEvent.Observation;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Against the real kernel: what stands for the pods that the cluster knows, and who meddles. */
class ClusterTablesTest extends ClusterKernel {
  @Test
  void aDumpShowsExactlyWhatWasPutAndARestartAdoptsIt() {
    standing();
    assertThat(sorted(tables.dump())).isEqualTo(sorted(everything()));
    try (var restarted = agent()) {
      assertThat(sorted(restarted.dump())).isEqualTo(sorted(everything()));
      assertThat(restarted.drain(true)).isEmpty();
    }
    assertThat(put(everything())).as("again").isEmpty();
    assertThat(tables.drain(true)).isEmpty();
  }

  @Test
  void removalLeavesNothing() {
    var node = namespaces.links(underlay);
    var before = ipv4(node.routes());
    standing();
    assertThat(ipv4(node.routes())).hasSizeGreaterThan(before.size());
    assertThat(remove(everything())).isEmpty();
    assertThat(node.links()).extracting("name").containsOnly("lo", "eth0");
    assertThat(ipv4(node.routes())).containsExactlyInAnyOrderElementsOf(before);
    try (var nftables = Nftables.openIn(underlay)) {
      assertThat(nftables.table(EgressPorts.tableName(namespaces.prefix()))).isEmpty();
    }
  }

  /** Those of IPv6 come and go by themselves. */
  private static List<Route> ipv4(List<Route> routes) {
    return routes.stream().filter(route -> route.prefix().address().isIpv4()).toList();
  }

  /** Another CNI's, say: it is neither replaced nor taken away. */
  @Test
  void aRouteOfSomebodyElsesStays() {
    var node = namespaces.links(underlay);
    var theirs =
        Route.of(
            IpPrefix.parse("10.244.0.0/24"),
            NextHop.via(IpAddress.parse(WORLD), node.requireLink("eth0").index()));
    node.execute(new Request.AddRoute(theirs));
    assertThat(put(everything()))
        .singleElement()
        .satisfies(
            refusal ->
                assertThat(refusal.reason()).contains("another route to 10.244.0.0/24 already"));
    remove(everything());
    assertThat(ipv4(node.routes())).contains(theirs);
    node.execute(new Request.DeleteRoute(theirs));
    assertThat(put(everything())).isEmpty();
    assertThat(put(everything())).as("again").isEmpty();
  }

  // ---- the node ---------------------------------------------------------------------------

  /** As kubelet's probes, also where two tenants have one address. */
  @Test
  void theNodeReachesItsOwnPodsWithTheAddressOfItsVtep() throws Exception {
    standing();
    for (var target : List.of("10.244.1.11", "10.244.1.20", "10.244.0.10")) {
      var in =
          target.equals("10.244.1.11") ? redServer : target.equals("10.244.1.20") ? bluePod : pod;
      try (var server = Connections.listen(in, target, 8080)) {
        assertThat(Connections.source(server, underlay, target)).as(target).contains(VTEP);
      }
    }
  }

  @Test
  void podsReachTheNodeButNotWhatNodesTrustOfEachOther() throws Exception {
    standing();
    try (var kubelet = Connections.listen(underlay, "0.0.0.0", 10250);
        var bgp = Connections.listen(underlay, "0.0.0.0", 179)) {
      for (var from : List.of(redPod, bluePod, pod)) {
        assertThat(Connections.source(kubelet, from, NODE)).as(from).isPresent();
        assertThat(Connections.source(kubelet, from, VTEP)).as(from).isPresent();
        assertThat(Connections.refused(bgp, from, NODE)).as(from).isTrue();
      }
    }
    try (var server = Connections.listen(world, WORLD, 8080)) {
      assertThat(Connections.source(server, redPod, WORLD))
          .as("and the world as before")
          .contains(NODE);
      assertThat(Connections.refused(server, redPod, WORLD)).as("the other question").isFalse();
    }
  }

  /** As CVE-2020-8558: kube-proxy has nodes route 127.0.0.0/8, and namespaces begin as the node. */
  @Test
  void noPodReachesWhatListensOnTheNodesLoopback() throws Exception {
    standing();
    var routed = "net.ipv4.conf.all.route_localnet";
    sysctl(tenant, routed, "1");
    sysctl(underlay, routed, "1");
    try (var kubelet = Connections.listen(underlay, "0.0.0.0", 10250)) {
      assertThat(Connections.source(kubelet, redPod, NODE)).as("the way stands").isPresent();
    }
    assertThat(reachesLoopback(Connections.NEVER)).as("stopped in the tenant").isFalse();
    var table = EgressPorts.tableName(namespaces.prefix());
    runIn(tenant, "/usr/sbin/nft", "flush chain inet weft forward");
    assertThat(reachesLoopback(Connections.NEVER)).as("stopped on the node").isFalse();
    run("/usr/sbin/nft", "flush chain inet %s input".formatted(table));
    assertThat(reachesLoopback(Connections.PATIENCE)).as("without these rules").isTrue();
    assertThat(tables.lookAround())
        .extracting(Observation::key)
        .contains(new TenantNamespace(tenant).key());
    assertThat(put(everything())).isEmpty();
    assertThat(sysctl(tenant, routed)).isEqualTo("0");
    assertThat(sysctl(tenant, "net.ipv4.conf.br100.route_localnet")).isEqualTo("0");
    assertThat(reachesLoopback(Connections.NEVER)).as("mended").isFalse();
  }

  private static void sysctl(String namespace, String name, String value) throws Exception {
    NetworkNamespaces.<Path, IOException>callIn(
        namespace, () -> Files.writeString(setting(name), value));
  }

  private static String sysctl(String namespace, String name) throws Exception {
    return NetworkNamespaces.<String, IOException>callIn(
        namespace, () -> Files.readString(setting(name)).strip());
  }

  private static Path setting(String name) {
    return Path.of("/proc/sys", name.replace('.', '/'));
  }

  private boolean reachesLoopback(int patience) throws Exception {
    var own = IpAddress.parse("10.0.0.10");
    var loopback = IpAddress.parse("127.0.0.1");
    var frame =
        RawFrames.ethernet(
            GATEWAY,
            AddressPlan.mac("web", redPod, List.of(own)),
            0x0800,
            RawFrames.ip(own, loopback, 17, RawFrames.udp(4321, 10248, (byte) 1)));
    try (var there =
            NetworkNamespaces.<DatagramSocket, IOException>callIn(
                underlay, () -> new DatagramSocket(10248, InetAddress.ofLiteral("127.0.0.1")));
        var raw = PacketCapture.openIn(redPod, "eth0")) {
      raw.send(frame);
      return Connections.received(there, patience).isPresent();
    }
  }

  // ---- others -----------------------------------------------------------------------------

  @Test
  void seesAndMendsWhatOthersPutIntoTheSet() throws Exception {
    standing();
    var table = EgressPorts.tableName(namespaces.prefix());
    for (var thing : List.of("\"x\" . tcp . 22", "\"x\" . sctp . 22")) {
      run("/usr/sbin/nft", "add element inet %s shared { %s }".formatted(table, thing));
      assertThat(tables.drain(true)).extracting(Observation::key).hasSize(1);
      assertThat(put(everything())).isEmpty();
      assertThat(sorted(tables.dump())).isEqualTo(sorted(everything()));
    }
  }

  @Test
  void seesAndMendsWhatOthersDo() throws Exception {
    standing();
    var node = namespaces.links(underlay);
    var red = AddressPlan.clusterPortName(tenant);
    damage(
        () ->
            node.execute(
                new Request.DeleteRoute(
                    Route.of(
                        IpPrefix.parse("10.244.1.11/32"),
                        NextHop.via(outside(7).plus(1), node.requireLink(red).index())))),
        into("10.244.1.11/32", 7));
    damage(
        () -> {
          try (var nftables = Nftables.openIn(tenant)) {
            nftables.replace(EgressRules.tenant(List.of()));
          }
        },
        new EgressFilter(tenant, true));
    damage(
        () -> node.deleteLink(node.requireLink(red).index()),
        new EgressLink(tenant, 1450, red),
        into("10.244.1.10/32", 7),
        into("10.244.1.11/32", 7));
  }

  /** Whatever it does: it is somebody else's, and the table is made anew. */
  @Test
  void aRuleOfSomebodyElsesInATenantsTableIsMended() throws Exception {
    standing();
    var translation = "add chain inet weft x { type nat hook prerouting priority -100; }\n";
    for (var rule :
        List.of(
            "add rule inet weft prerouting ct zone set 7",
            translation
                + "add rule inet weft x ip daddr 10.9.9.9 tcp dport 1 dnat ip to 1.2.3.4:5")) {
      runIn(tenant, "/usr/sbin/nft", rule);
      assertThat(tables.drain(true))
          .extracting(Observation::key)
          .containsExactly(new EgressFilter(tenant, true).key());
      assertThat(put(everything())).isEmpty();
      assertThat(sorted(tables.dump())).isEqualTo(sorted(everything()));
    }
  }

  private void damage(Runnable hand, ForwardingObject... touched) throws Exception {
    hand.run();
    var news = tables.drain(true);
    assertThat(news)
        .extracting(Observation::key)
        .contains(
            List.of(touched).stream().map(ForwardingObject::key).toArray(ForwardingKey[]::new))
        .noneMatch(key -> key.namespace().equals(blue));
    var keys = news.stream().map(Observation::key).toList();
    assertThat(put(everything().stream().filter(o -> keys.contains(o.key())).toList())).isEmpty();
    assertThat(sorted(tables.dump())).isEqualTo(sorted(everything()));
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080)) {
      assertThat(Connections.source(server, underlay, "10.244.1.11")).contains(VTEP);
    }
    assertThat(tables.drain(true)).isEmpty();
  }
}
