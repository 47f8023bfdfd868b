package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.packet.PacketCapture;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject.DeadEnd;
import io.weft.overlay.forwarding.EgressObject.EgressAddress;
import io.weft.overlay.forwarding.EgressObject.EgressFilter;
import io.weft.overlay.forwarding.EgressObject.EgressLink;
import io.weft.overlay.forwarding.EgressObject.EgressPort;
import io.weft.overlay.forwarding.EgressObject.EgressRoute;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.PodInterface;
import io.weft.overlay.forwarding.TenantHop;
import io.weft.overlay.node.NodeEvent.Observation;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Against the real kernel: a node whose pods the cluster knows. One tenant has the default network,
 * two others have one subnet, and one address in it, both of them; all reach the node, and it them.
 */
class ClusterTablesTest extends TenantKernel {
  private static final MacAddress GATEWAY = MacAddress.parse("00:00:5e:00:01:01");
  private static final String NODE = "192.0.2.1";
  private static final String WORLD = "192.0.2.2";
  private static final String VTEP = "198.51.100.1";
  private static final String SERVICE = "10.96.0.10";

  private String blue;
  private String pods;
  private String world;
  private String redPod;
  private String redServer;
  private String bluePod;
  private String pod;

  @BeforeEach
  void connect() {
    blue = namespaces.prefix() + "blue";
    pods = namespaces.prefix() + "pods";
    world = namespaces.create("world");
    redPod = namespaces.create("redpod");
    redServer = namespaces.create("redserver");
    bluePod = namespaces.create("bluepod");
    pod = namespaces.create("pod");
    var node = namespaces.links(underlay);
    var out = namespaces.links(world);
    var pair =
        node.createVeth("eth0", LinkSettings.UP.withForwarding(true), "eth0", LinkSettings.UP, out);
    int lo = node.requireLink("lo").index();
    node.setLink(lo, LinkSettings.UP);
    address(underlay, lo, VTEP, 32);
    address(underlay, pair.link().index(), NODE, 24);
    address(world, pair.peer().index(), WORLD, 24);
    var everywhere = IpPrefix.parse("0.0.0.0/0");
    node.execute(
        new Request.AddRoute(
            Route.of(everywhere, NextHop.via(IpAddress.parse(WORLD), pair.link().index()))));
  }

  private void address(String namespace, int link, String address, int length) {
    namespaces
        .links(namespace)
        .execute(new Request.AddAddress(Address.of(link, IpAddress.parse(address), length)));
  }

  // ---- what stands ------------------------------------------------------------------------

  private static IpAddress outside(int number) {
    return AddressPlan.egressAddress(number, true);
  }

  private static List<ForwardingObject> way(String namespace, int number) {
    var port = AddressPlan.clusterPortName(namespace);
    return List.of(
        new EgressFilter(namespace, true, List.of(IpAddress.parse(VTEP))),
        new EgressLink(namespace, 1450, port),
        new EgressPort(port, namespace, 1450),
        new EgressAddress("", port, outside(number), 31),
        new EgressAddress(namespace, EgressLink.NAME, outside(number).plus(1), 31),
        new EgressRoute(namespace, IpPrefix.parse("0.0.0.0/0"), outside(number)),
        new EgressRoute(namespace, IpPrefix.parse(VTEP + "/32"), outside(number)));
  }

  private static List<ForwardingObject> network(String namespace, int vni, String gateway) {
    return List.of(
        new TenantNamespace(namespace),
        new Bridge(namespace, new Vni(vni), GATEWAY, 1450, true),
        new GatewayAddress(namespace, new Vni(vni), IpAddress.parse(gateway), 24));
  }

  /**
   * A pod.
   *
   * @param cluster by which the cluster knows it; empty: its own
   */
  private static List<ForwardingObject> pod(
      String namespace, int vni, String pod, String address, String cluster) {
    var own = IpAddress.parse(address);
    var mac = AddressPlan.mac("web", pod, List.of(own));
    var port = AddressPlan.portName(pod);
    var gateway = own.masked(24).plus(1);
    var known = cluster.isEmpty() ? List.<IpAddress>of() : List.of(IpAddress.parse(cluster));
    var objects = new ArrayList<ForwardingObject>();
    objects.add(
        new EndpointPort(
            namespace,
            port,
            new Vni(vni),
            pod,
            "web",
            mac,
            List.of(own),
            false,
            1450,
            Optional.of(new PodInterface(pod, "eth0", List.of(24), List.of(gateway), known))));
    objects.add(new LocalFdbEntry(namespace, new Vni(vni), mac, port));
    if (!cluster.isEmpty()) {
      objects.add(
          new EndpointRoute(
              namespace,
              IpPrefix.parse(cluster + "/32"),
              List.of(TenantHop.over(new Vni(vni), own))));
    }
    return objects;
  }

  private static EgressRoute into(String prefix, int number) {
    return new EgressRoute("", IpPrefix.parse(prefix), outside(number).plus(1));
  }

  /** Red's server and blue's pod have the same address in the same subnet. */
  @Override
  List<ForwardingObject> everything() {
    var objects = new ArrayList<ForwardingObject>();
    objects.addAll(network(tenant, 100, "10.0.0.1"));
    objects.addAll(network(blue, 200, "10.0.0.1"));
    objects.addAll(network(pods, 300, "10.244.0.1"));
    var dns = new EgressFilter.Shared(AddressPlan.clusterPortName(pods), true, 53);
    objects.add(new EgressFilter("", true, List.of(IpAddress.parse(VTEP)), List.of(dns)));
    objects.addAll(way(tenant, 7));
    objects.addAll(way(blue, 8));
    objects.addAll(way(pods, 9));
    objects.addAll(pod(tenant, 100, redPod, "10.0.0.10", "10.244.1.10"));
    objects.addAll(pod(tenant, 100, redServer, "10.0.0.11", "10.244.1.11"));
    objects.addAll(pod(blue, 200, bluePod, "10.0.0.11", "10.244.1.20"));
    objects.addAll(pod(pods, 300, pod, "10.244.0.10", ""));
    objects.add(into("10.244.1.10/32", 7));
    objects.add(into("10.244.1.11/32", 7));
    objects.add(into("10.244.1.20/32", 8));
    objects.add(into("10.244.0.0/24", 9));
    objects.sort(Comparator.comparing(ForwardingObject::key));
    return objects;
  }

  private static List<ForwardingObject> sorted(List<ForwardingObject> objects) {
    return objects.stream()
        .map(ForwardingObject::observable)
        .sorted(Comparator.comparing(ForwardingObject::key))
        .toList();
  }

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

  // ---- services ---------------------------------------------------------------------------

  /** With the rules that kube-proxy writes for a service, in its two modes. */
  @ParameterizedTest
  @ValueSource(strings = {"nftables", "iptables"})
  void aServiceReachesPodsOfItsOwnTenantOnly(String mode) throws Exception {
    standing();
    if (mode.equals("nftables")) {
      service("tcp", SERVICE, 80, "10.244.1.11", 8080);
    } else {
      iptables();
    }
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080)) {
      assertThat(Connections.source(server, redPod, SERVICE, 80))
          .as("from its tenant")
          .contains(VTEP);
      assertThat(Connections.source(server, redServer, SERVICE, 80))
          .as("from the pod itself")
          .contains(VTEP);
      assertThat(Connections.source(server, underlay, SERVICE, 80))
          .as("from the node")
          .contains(VTEP);
      assertThat(Connections.refused(server, bluePod, SERVICE, 80))
          .as("from another tenant")
          .isTrue();
      assertThat(Connections.refused(server, pod, SERVICE, 80)).as("from the default one").isTrue();
    }
  }

  @Test
  void noPodReachesAnotherTenantsByTheAddressThatTheClusterKnows() throws Exception {
    standing();
    try (var server = Connections.listen(bluePod, "0.0.0.0", 8080)) {
      assertThat(Connections.source(server, underlay, "10.244.1.20")).isPresent();
      assertThat(Connections.refused(server, redPod, "10.244.1.20")).isTrue();
      assertThat(Connections.refused(server, pod, "10.244.1.20")).isTrue();
      // With the address of a pod that may, as its own: it gets that of its tenant's link all the
      // same.
      int eth0 = namespaces.links(redPod).requireLink("eth0").index();
      address(redPod, eth0, "10.244.1.20", 32);
      assertThat(Connections.refused(server, redPod, "10.244.0.10")).isTrue();
    }
    try (var server = Connections.listen(pod, "0.0.0.0", 8080)) {
      assertThat(Connections.refused(server, redPod, "10.244.0.10")).isTrue();
    }
  }

  @Test
  void whoeverIsOutsideReachesPodsByServicesAlone() throws Exception {
    standing();
    var out = namespaces.links(world);
    out.execute(
        new Request.AddRoute(
            Route.of(
                IpPrefix.parse("10.244.0.0/16"),
                NextHop.via(IpAddress.parse(NODE), out.requireLink("eth0").index()))));
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080)) {
      assertThat(Connections.refused(server, world, "10.244.1.11")).isTrue();
      service("tcp", NODE, 30080, "10.244.1.11", 8080);
      assertThat(Connections.source(server, world, NODE, 30080))
          .as("a port of the node")
          .contains(VTEP);
      assertThat(Connections.source(server, redPod, NODE, 30080)).as("from inside").contains(VTEP);
      assertThat(Connections.refused(server, bluePod, NODE, 30080))
          .as("from another tenant")
          .isTrue();
    }
  }

  /** As {@code externalTrafficPolicy: Local}, where kube-proxy leaves the client's address. */
  @Test
  void whoeverTheTenantHasAnotherRouteToIsAnsweredAllTheSame() throws Exception {
    standing();
    assertThat(put(List.of(new DeadEnd(tenant, IpPrefix.parse(WORLD + "/32"))))).isEmpty();
    service("tcp", NODE, 30080, "10.244.1.11", 8080);
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080)) {
      assertThat(Connections.source(server, world, NODE, 30080)).contains(VTEP);
    }
  }

  /**
   * As between two nodes, each in its part: what a pod begins says so by its port, and is let in to
   * what is shared alone; what its node begins, and whoever is no node, is let in to all.
   */
  @Test
  void podsOfOtherNodesDoNotComeInByThePortsOfThisOne() throws Exception {
    standing();
    service("tcp", NODE, 30080, "10.244.1.11", 8080);
    service("tcp", NODE, 30053, "10.244.0.10", 5353);
    var vteps =
        List.of(
            new VxlanPort(pods, new Vni(300), IpAddress.parse(VTEP), GATEWAY, 1450, false),
            new FloodEntry(pods, new Vni(300), IpAddress.parse(WORLD), new Vni(300)));
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080);
        var shared = Connections.listen(pod, "0.0.0.0", 5353)) {
      assertThat(comesFrom(20000, server, 30080)).as("no node").isTrue();
      assertThat(put(vteps)).isEmpty();
      for (int port : new int[] {16384, 20001, 32767}) {
        assertThat(isKept(port, server, 30080)).as("a pod's, %s", port).isTrue();
      }
      for (int port : new int[] {1024, 16383, 32768, 60999}) {
        assertThat(comesFrom(port, server, 30080)).as("a node's own, %s", port).isTrue();
      }
      var port = AddressPlan.clusterPortName(pods);
      assertThat(isKept(20002, shared, 30053)).as("not shared").isTrue();
      assertThat(put(List.of(shared(port, 5353)))).isEmpty();
      assertThat(comesFrom(20003, shared, 30053)).as("shared").isTrue();
      assertThat(isKept(20004, server, 30080)).as("the other port still").isTrue();
    }
    var out = namespaces.links(world);
    out.execute(
        new Request.AddRoute(
            Route.of(
                IpPrefix.parse(VTEP + "/32"),
                NextHop.via(IpAddress.parse(NODE), out.requireLink("eth0").index()))));
    try (var server = Connections.listen(world, "0.0.0.0", 8080)) {
      for (var from : List.of(redPod, bluePod, pod)) {
        assertThat(Connections.source(server, from, WORLD)).as(from).contains(VTEP);
        assertThat(portOf(from, server)).as(from).isBetween(16384, 32767);
      }
      assertThat(portOf(underlay, server)).as("the node's own").isGreaterThan(32767);
    }

    // Others' hands in the set, a restart, and a node that goes.
    var table = EgressPorts.tableName(namespaces.prefix());
    run("/usr/sbin/nft", "flush set inet %s nodes4".formatted(table));
    assertThat(tables.drain(true)).isEmpty();
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080)) {
      assertThat(isKept(20005, server, 30080)).as("mended").isTrue();
      try (var restarted = agent();
          var nftables = Nftables.openIn(underlay)) {
        int before = nftables.generation();
        restarted.dump();
        assertThat(nftables.generation()).isEqualTo(before);
      }
    }
  }

  /** Also with {@code egress: node}, where this node has no other tenant. */
  @Test
  void whatPodsOfEveryWayOutBeginSaysSoByItsPort() throws Exception {
    var port = AddressPlan.egressPortName(tenant);
    var objects = new ArrayList<ForwardingObject>(network(tenant, 100, "10.0.0.1"));
    objects.add(new EgressFilter("", true, List.of(IpAddress.parse(VTEP))));
    objects.add(new EgressFilter(tenant, true));
    objects.add(new EgressLink(tenant, 1450, port));
    objects.add(new EgressPort(port, tenant, 1450));
    objects.add(new EgressAddress("", port, outside(7), 31));
    objects.add(new EgressAddress(tenant, EgressLink.NAME, outside(7).plus(1), 31));
    objects.add(new EgressRoute(tenant, IpPrefix.parse("0.0.0.0/0"), outside(7)));
    objects.addAll(pod(tenant, 100, redPod, "10.0.0.10", ""));
    assertThat(put(objects)).isEmpty();
    var out = namespaces.links(world);
    out.execute(
        new Request.AddRoute(
            Route.of(
                IpPrefix.parse(VTEP + "/32"),
                NextHop.via(IpAddress.parse(NODE), out.requireLink("eth0").index()))));
    var node =
        List.of(
            new VxlanPort(tenant, new Vni(100), IpAddress.parse(VTEP), GATEWAY, 1450, false),
            new FloodEntry(tenant, new Vni(100), IpAddress.parse(WORLD), new Vni(100)));
    try (var server = Connections.listen(world, WORLD, 8080)) {
      assertThat(Connections.source(server, redPod, WORLD)).as("to no node").contains(NODE);
      assertThat(portOf(redPod, server)).as("to no node").isBetween(16384, 32767);
      assertThat(put(node)).isEmpty();
      assertThat(Connections.source(server, redPod, WORLD)).as("to a node").contains(VTEP);
      assertThat(portOf(redPod, server)).as("to a node").isBetween(16384, 32767);
      assertThat(portOf(underlay, server)).as("the node's own").isGreaterThan(32767);
    }
    assertThat(tables.dump()).contains(objects.get(3));
  }

  private static EgressFilter shared(String port, int number) {
    return new EgressFilter(
        "",
        true,
        List.of(IpAddress.parse(VTEP)),
        List.of(new EgressFilter.Shared(port, false, number)));
  }

  /** Whether the server is reached from the world with this source port. */
  private boolean comesFrom(int source, ServerSocket server, int port) throws Exception {
    server.setSoTimeout(Connections.PATIENCE);
    return NetworkNamespaces.<Boolean, IOException>callIn(
        world,
        () -> {
          try (var client = new Socket()) {
            client.setReuseAddress(true);
            client.bind(new InetSocketAddress(InetAddress.ofLiteral(WORLD), source));
            client.connect(
                new InetSocketAddress(InetAddress.ofLiteral(NODE), port), Connections.PATIENCE);
            server.accept().close();
            return true;
          } catch (SocketTimeoutException _) {
            return false;
          }
        });
  }

  private boolean isKept(int source, Connections.Server server, int port) throws Exception {
    var own = new InetSocketAddress(InetAddress.ofLiteral(WORLD), source);
    return Connections.refused(server, world, own, NODE, port);
  }

  /** With which source port the server in the world sees a connection. */
  private static int portOf(String from, ServerSocket server) throws Exception {
    server.setSoTimeout(Connections.PATIENCE);
    return NetworkNamespaces.<Integer, IOException>callIn(
        from,
        () -> {
          try (var client = new Socket()) {
            client.connect(
                new InetSocketAddress(InetAddress.ofLiteral(WORLD), server.getLocalPort()),
                Connections.PATIENCE);
            try (var accepted = server.accept()) {
              return accepted.getPort();
            }
          }
        });
  }

  @Test
  void datagramsOfAServiceComeAndGo() throws Exception {
    standing();
    service("udp", SERVICE, 53, "10.244.1.11", 53);
    assertThat(asked(redPod, redServer)).contains(SERVICE);
  }

  /** As DNS of a cluster is for all of it: what is declared, and by a service only. */
  @Test
  void whatATenantSharesIsReachedByServicesOfAll() throws Exception {
    standing();
    service("udp", SERVICE, 53, "10.244.0.10", 53);
    service("tcp", SERVICE, 80, "10.244.0.10", 8080);
    for (var from : List.of(redPod, bluePod, pod)) {
      assertThat(asked(from, pod)).as(from).contains(SERVICE);
    }
    try (var server = Connections.listen(pod, "0.0.0.0", 8080)) {
      assertThat(Connections.source(server, pod, SERVICE, 80)).isPresent();
      assertThat(Connections.refused(server, redPod, SERVICE, 80)).as("another port").isTrue();
    }
    assertThat(asks(redPod, pod, "10.244.0.10", Connections.NEVER))
        .as("not by its address")
        .isEmpty();
  }

  /** Far more than one message to the kernel holds; one more is one transaction. */
  @Test
  void manyPortsAreShared() throws Exception {
    standing();
    var port = AddressPlan.clusterPortName(pods);
    var shared = new ArrayList<EgressFilter.Shared>();
    for (int number = 1; number <= 1500; number++) {
      shared.add(new EgressFilter.Shared(port, true, number));
      shared.add(new EgressFilter.Shared(port, false, number));
    }
    var filter = new EgressFilter("", true, List.of(IpAddress.parse(VTEP)), shared);
    assertThat(put(List.of(filter))).isEmpty();
    assertThat(tables.dump()).contains(filter);
    try (var restarted = agent()) {
      assertThat(restarted.dump()).contains(filter);
    }
    service("udp", SERVICE, 53, "10.244.0.10", 53);
    assertThat(asked(redPod, pod)).contains(SERVICE);
    shared.remove(new EgressFilter.Shared(port, true, 53));
    shared.add(new EgressFilter.Shared(port, true, 2000));
    try (var nftables = Nftables.openIn(underlay)) {
      int before = nftables.generation();
      assertThat(put(List.of(new EgressFilter("", true, List.of(IpAddress.parse(VTEP)), shared))))
          .isEmpty();
      assertThat(nftables.generation()).isEqualTo(before + 1);
    }
    assertThat(asks(bluePod, pod, SERVICE, Connections.NEVER)).as("no longer").isEmpty();
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

  // ---- sockets ----------------------------------------------------------------------------

  /** A rule of kube-proxy's kind, by the program of nftables. */
  private void service(String protocol, String address, int port, String pod, int target)
      throws Exception {
    var match =
        "ip daddr %s %s dport %d dnat ip to %s:%d".formatted(address, protocol, port, pod, target);
    run(
        "/usr/sbin/nft",
        """
        add table ip kube-proxy
        add chain ip kube-proxy nat-prerouting { type nat hook prerouting priority dstnat; }
        add chain ip kube-proxy nat-output { type nat hook output priority -100; }
        add rule ip kube-proxy nat-prerouting %1$s
        add rule ip kube-proxy nat-output %1$s
        """
            .formatted(match));
  }

  /** As kube-proxy writes them for the service of red's server. */
  private void iptables() throws Exception {
    run(
        "/usr/sbin/iptables-restore",
        """
        *filter
        :FORWARD ACCEPT [0:0]
        :KUBE-FORWARD - [0:0]
        -A FORWARD -j KUBE-FORWARD
        -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
        -A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
        -A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        COMMIT
        *nat
        :KUBE-MARK-MASQ - [0:0]
        :KUBE-POSTROUTING - [0:0]
        :KUBE-SERVICES - [0:0]
        :KUBE-SVC-RED - [0:0]
        :KUBE-SEP-RED - [0:0]
        -A PREROUTING -j KUBE-SERVICES
        -A OUTPUT -j KUBE-SERVICES
        -A POSTROUTING -j KUBE-POSTROUTING
        -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
        -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
        -A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
        -A KUBE-POSTROUTING -j MASQUERADE --random-fully
        -A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-RED
        -A KUBE-SVC-RED ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ
        -A KUBE-SVC-RED -j KUBE-SEP-RED
        -A KUBE-SEP-RED -s 10.244.1.11/32 -j KUBE-MARK-MASQ
        -A KUBE-SEP-RED -p tcp -m tcp -j DNAT --to-destination 10.244.1.11:8080
        COMMIT
        """);
  }

  /** A program in the node's namespace that reads what is to be done. */
  private void run(String program, String input) throws Exception {
    runIn(underlay, program, input);
  }

  private void runIn(String namespace, String program, String input) throws Exception {
    assumeTrue(Files.isExecutable(Path.of(program)), "needs " + program);
    var command =
        program.endsWith("nft") ? List.of(program, "-f", "-") : List.of(program, "--noflush");
    var process =
        NetworkNamespaces.<Process, IOException>callIn(
            namespace, () -> new ProcessBuilder(command).redirectErrorStream(true).start());
    try (var out = process.getOutputStream()) {
      out.write(input.getBytes(StandardCharsets.UTF_8));
    }
    var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
  }

  /** From where the answer to a question comes that is asked of the service. */
  private static Optional<String> asked(String from, String server) throws Exception {
    return asks(from, server, SERVICE, Connections.PATIENCE);
  }

  private static Optional<String> asks(String from, String server, String address, int patience)
      throws Exception {
    try (var answers =
            NetworkNamespaces.<DatagramSocket, Exception>callIn(
                server, () -> new DatagramSocket(53, InetAddress.ofLiteral("0.0.0.0")));
        var client =
            NetworkNamespaces.<DatagramSocket, Exception>callIn(
                from, () -> new DatagramSocket(0, InetAddress.ofLiteral("0.0.0.0")))) {
      Connections.loopbackUp(server);
      client.setSoTimeout(Connections.PATIENCE);
      var to = new InetSocketAddress(InetAddress.ofLiteral(address), 53);
      client.send(new DatagramPacket(new byte[] {1}, 1, to));
      var question = Connections.received(answers, patience);
      if (question.isEmpty()) {
        return Optional.empty();
      }
      answers.send(new DatagramPacket(new byte[] {2}, 1, question.get().getSocketAddress()));
      var answer = new DatagramPacket(new byte[1], 1);
      client.receive(answer);
      return Optional.of(answer.getAddress().getHostAddress());
    } catch (SocketTimeoutException _) {
      return Optional.empty();
    }
  }
}
