package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.Connections;
import io.weft.agent.kernel.Connections.Server;
import io.weft.agent.kernel.KernelRemoval;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.AddressPlan;
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
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two nodes of a cluster whose CNI Weft is: the default network, and two tenants with one subnet.
 */
class ClusterPodsProcessTest {
  private static final String CLUSTER =
      """
      kind: Fabric
      metadata: {name: default}
      spec:
        vtep: {cidr: 10.99.0.0/24}
        reflectors: {addresses: [10.99.0.1]}
      ---
      kind: Tenant
      metadata: {name: pods}
      spec: {egress: cluster, shares: [53/UDP]}
      ---
      kind: Network
      metadata: {name: pods}
      spec:
        tenant: pods
        vni: 300
        subnets: [10.244.0.0/16]
        gateway: true
        namespaces: {default: true}
      ---
      kind: Tenant
      metadata: {name: red}
      spec: {egress: cluster}
      ---
      kind: Network
      metadata: {name: red-web}
      spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24], gateway: true}
      ---
      kind: Tenant
      metadata: {name: blue}
      spec: {egress: cluster}
      ---
      kind: Network
      metadata: {name: blue-web}
      spec: {tenant: blue, vni: 200, subnets: [192.168.1.0/24], gateway: true}
      """;

  /** The cluster does not know its pods. */
  private static final String GREEN =
      """
      ---
      kind: Tenant
      metadata: {name: green}
      spec: {egress: node}
      ---
      kind: Network
      metadata: {name: green-web}
      spec: {tenant: green, vni: 400, subnets: [192.168.1.0/24], gateway: true}
      """;

  private static final String SERVICE = "10.96.0.10";

  private static final long PATIENCE_NANOS = 60_000_000_000L;

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private final List<NodeProcess> nodes = new ArrayList<>();
  private final List<String> hosts = new ArrayList<>();

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    var rack = namespaces.links(namespaces.create("rack"));
    int bridge = rack.createBridge("rack", LinkSettings.UP.withMtu(1500)).index();
    rack.execute(new Request.AddAddress(Address.of(bridge, IpAddress.parse("10.99.0.254"), 24)));
    for (int n = 1; n <= 2; n++) {
      var host = namespaces.create("u" + n);
      var inside = namespaces.links(host);
      var pair =
          rack.createVeth(
              "to" + n,
              LinkSettings.UP.withMtu(1500).withMaster(bridge),
              "uplink",
              LinkSettings.UP.withMtu(1500).withForwarding(true),
              inside);
      inside.setLink(inside.requireLink("lo").index(), LinkSettings.UP);
      int uplink = pair.peer().index();
      inside.execute(
          new Request.AddAddress(Address.of(uplink, IpAddress.parse("10.99.0." + n), 24)));
      inside.execute(
          new Request.AddRoute(
              Route.of(
                  IpPrefix.parse("0.0.0.0/0"),
                  NextHop.via(IpAddress.parse("10.99.0.254"), uplink))));
      hosts.add(host);
      var node = new NodeProcess(namespaces, "n" + n, host, directory.resolve("n" + n));
      node.write("cluster.yaml", CLUSTER);
      nodes.add(node);
    }
  }

  @AfterEach
  void close() throws Exception {
    for (var node : nodes) {
      node.close();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private void start() throws Exception {
    for (var node : nodes) {
      node.start(addresses());
    }
    for (var node : nodes) {
      node.awaitStatus(NodeProcess::isSettled);
    }
  }

  private String addresses() {
    return "--addresses=" + directory.resolve("addresses");
  }

  /** A pod on a node, and by which address the cluster knows it. */
  private record Pod(String namespace, String address) {}

  private Pod pod(int node, String name, String network, String address) throws Exception {
    var namespace = namespaces.create(name);
    return attach(node, name, network, namespace, address);
  }

  private Pod attach(int node, String name, String network, String namespace, String address)
      throws Exception {
    var answer = nodes.get(node).attach(name, network, namespace, address);
    assertThat(answer.path("ok").asBoolean()).as(answer.toPrettyString()).isTrue();
    return new Pod(namespace, known(answer).orElse(address));
  }

  private static Optional<String> known(JsonNode answer) {
    return Optional.of(answer.at("/clusterAddresses/0").asText("")).filter(text -> !text.isEmpty());
  }

  @Test
  void theClusterReachesPodsOfTenantsWithOneAddress() throws Exception {
    start();
    var red = pod(0, "red-1", "red-web", "192.168.1.10");
    var blue = pod(0, "blue-1", "blue-web", "192.168.1.10");
    var far = pod(1, "red-2", "red-web", "192.168.1.111");
    assertThat(far.address()).startsWith("10.244.").isNotEqualTo(red.address());
    var common = pod(0, "common-1", "pods", "10.244.0.10");
    assertThat(red.address()).startsWith("10.244.").isNotEqualTo(blue.address());
    assertThat(common.address()).isEqualTo("10.244.0.10");

    // Kubelet's probe on the pod's node, with the address of the node.
    for (var pod : List.of(red, blue, common)) {
      try (var server = listen(pod.namespace())) {
        assertThat(reaches(hosts.getFirst(), pod.address(), server)).as("%s", pod).isTrue();
      }
    }
    // The default network is on every node; a tenant's is where it has a pod.
    try (var server = listen(common.namespace())) {
      assertThat(reaches(hosts.get(1), common.address(), server)).isTrue();
      assertThat(isKept(far.namespace(), common.address(), server)).as("from red").isTrue();
    }
    try (var server = listen(red.namespace())) {
      assertThat(reaches(hosts.get(1), red.address(), server)).isTrue();
      assertThat(reaches(far.namespace(), red.address(), server)).isTrue();
      assertThat(isKept(blue.namespace(), red.address(), server)).as("from blue").isTrue();
      assertThat(isKept(common.namespace(), red.address(), server)).as("from pods").isTrue();
      // By a service, whose backend is on another node.
      service(hosts.get(1), "tcp", 8080, red.address(), 8080);
      assertThat(reaches(far.namespace(), SERVICE, server)).isTrue();
      assertThat(reaches(hosts.get(1), SERVICE, server)).isTrue();
      var blueFar = pod(1, "blue-2", "blue-web", "192.168.1.111");
      assertThat(isKept(blueFar.namespace(), SERVICE, server)).as("from blue").isTrue();
      service(hosts.get(1), "udp", 53, common.address(), 53);
      for (var from : List.of(far, blueFar)) {
        assertThat(asked(from.namespace(), common.namespace())).as("DNS, %s", from).isTrue();
      }
    }
    try (var server = listen(hosts.getFirst())) {
      for (var pod : List.of(red, blue, common)) {
        assertThat(reaches(pod.namespace(), "10.99.0.1", server)).as("node, %s", pod).isTrue();
      }
    }

    // A restart finds all of it, writes nothing, and knows the addresses.
    nodes.getFirst().kill();
    nodes.getFirst().start(addresses()).awaitStatus(NodeProcess::isSettled);
    assertThat(nodes.getFirst().writes()).isZero();
    assertThat(attach(0, "red-1", "red-web", red.namespace(), "192.168.1.10")).isEqualTo(red);
    try (var server = listen(red.namespace())) {
      assertThat(reaches(hosts.get(1), red.address(), server)).isTrue();
    }

    nodes.getFirst().call(ControlClient.request("detach").put("endpoint", "red-1"));
    nodes.getFirst().awaitStatus(NodeProcess::isSettled);
    assertThat(routesTo(hosts.getFirst(), red.address() + "/32")).isEmpty();
    assertThat(routesTo(hosts.getFirst(), blue.address() + "/32")).hasSize(1);
  }

  /**
   * By the address of a node that their tenant is on, pods come in by their tenant; of another one,
   * as pods of another node.
   */
  @Test
  void podsOfOtherTenantsDoNotComeByTheNodePortsOfOtherNodes() throws Exception {
    for (var node : nodes) {
      node.write("cluster.yaml", CLUSTER + GREEN);
    }
    start();
    var green = pod(0, "green-1", "green-web", "192.168.1.10");
    var red = pod(0, "red-1", "red-web", "192.168.1.10");
    var blue = pod(0, "blue-1", "blue-web", "192.168.1.10");
    var common = pod(0, "common-1", "pods", "10.244.0.10");
    var far = pod(1, "red-2", "red-web", "192.168.1.111");
    nodePort(hosts.get(1), "10.99.0.2", 30080, far.address());
    var rack = "x" + namespaces.prefix() + "rack";
    try (var server = listen(far.namespace());
        var kubelet = listen(hosts.get(1));
        var local = listen(common.namespace())) {
      assertThat(reaches(hosts.get(1), common.address(), local))
          .as("each knows the other")
          .isTrue();
      for (var from : List.of(rack, hosts.getFirst(), red.namespace())) {
        assertThat(reaches(from, "10.99.0.2", 30080, server)).as(from).isTrue();
      }
      for (var from : List.of(blue, common, green)) {
        assertThat(reaches(from.namespace(), "10.99.0.2", kubelet)).as("%s", from).isTrue();
        assertThat(isKept(from.namespace(), "10.99.0.2", 30080, server)).as("%s", from).isTrue();
      }
      pod(1, "blue-2", "blue-web", "192.168.1.111");
      assertThat(reaches(blue.namespace(), "10.99.0.2", kubelet)).isTrue();
      assertThat(isKept(blue.namespace(), "10.99.0.2", 30080, server))
          .as("where blue is on both")
          .isTrue();
    }
  }

  /** Another node's endpoint is the tenant's way out, as an external gateway is. */
  @Test
  void servicesAreReachedWhereTheDefaultRouteIsOfAGateway() throws Exception {
    for (var node : nodes) {
      node.write("cluster.yaml", CLUSTER.replace("  vtep:", "  services: [10.96.0.0/16]\n  vtep:"));
    }
    start();
    var red = pod(0, "red-1", "red-web", "192.168.1.10");
    var gateway = namespaces.create("gateway");
    var request = NodeProcess.attaching("gateway", "red-web", gateway, "192.168.1.254");
    request.putArray("prefixes").add("0.0.0.0/0");
    assertThat(nodes.get(1).callOnceReady(request).path("ok").asBoolean()).isTrue();
    var far = pod(1, "red-2", "red-web", "192.168.1.111");
    service(hosts.getFirst(), "tcp", 8080, far.address(), 8080);
    service(hosts.get(1), "tcp", 8080, far.address(), 8080);
    service(hosts.getFirst(), "udp", 53, far.address(), 53);
    nodes.getFirst().awaitStatus(_ -> hasGateway(0, "red"));
    try (var server = listen(far.namespace());
        var kubelet = listen(hosts.getFirst())) {
      assertThat(reaches(red.namespace(), SERVICE, server)).isTrue();
      assertThat(asked(red.namespace(), far.namespace())).isTrue();
      assertThat(reaches(gateway, SERVICE, server)).as("where the gateway is").isTrue();
      assertThat(reaches(red.namespace(), "10.99.0.1", kubelet)).as("its node").isTrue();
    }
    var rack = "x" + namespaces.prefix() + "rack";
    try (var world = listen(rack)) {
      assertThat(isKept(red.namespace(), "10.99.0.254", world)).as("by the gateway").isTrue();
    }
  }

  /** The default route that another node said. */
  private boolean hasGateway(int node, String tenant) {
    return namespaces.links(nodes.get(node).prefix() + tenant).routes().stream()
        .anyMatch(
            route ->
                route.prefix().equals(IpPrefix.parse("0.0.0.0/0"))
                    && route.protocol() == Route.BGP);
  }

  /** Nodes have IPv6 themselves, and VTEPs of IPv4 alone. */
  @Test
  void podsOfOtherNodesAreReachedByIpv6OverVtepsOfIpv4() throws Exception {
    for (int n = 0; n < 2; n++) {
      NetworkNamespaces.<Path, IOException>callIn(
          hosts.get(n),
          () -> Files.writeString(Path.of("/proc/sys/net/ipv6/conf/all/forwarding"), "1"));
      nodes
          .get(n)
          .write(
              "cluster.yaml",
              CLUSTER
                  .replace("10.244.0.0/16", "10.244.0.0/16, 'fd00:244::/64'")
                  .replace("192.168.1.0/24", "192.168.1.0/24, 'fd00:1::/64'"));
    }
    start();
    var common = both(0, "common-1", "pods", "10.244.0.10", "fd00:244::10");
    var red = both(0, "red-1", "red-web", "192.168.1.10", "fd00:1::10");
    var far = both(1, "red-2", "red-web", "192.168.1.111", "fd00:1::1:111");
    var blue = both(1, "blue-2", "blue-web", "192.168.1.10", "fd00:1::10");
    try (var server = listen(common.namespace())) {
      assertThat(reaches(hosts.get(1), "fd00:244::10", server)).as("the default network").isTrue();
      assertThat(isKept(blue.namespace(), "fd00:244::10", server)).isTrue();
    }
    try (var server = listen(red.namespace())) {
      assertThat(reaches(hosts.get(1), red.address(), server)).as("another tenant's").isTrue();
      assertThat(reaches(far.namespace(), red.address(), server)).as("within it").isTrue();
      assertThat(isKept(blue.namespace(), red.address(), server)).isTrue();
      nft(
          hosts.get(1),
          """
          add table ip6 kube-proxy
          add chain ip6 kube-proxy nat-prerouting { type nat hook prerouting priority dstnat; }
          add rule ip6 kube-proxy nat-prerouting ip6 daddr fd00:96::1 tcp dport 8080 dnat ip6 to [%s]:8080
          """
              .formatted(red.address()));
      assertThat(reaches(far.namespace(), "fd00:96::1", server)).as("by a service").isTrue();
      assertThat(isKept(blue.namespace(), "fd00:96::1", server)).isTrue();
    }
  }

  /** One of both families, known by its address of IPv6. */
  private Pod both(int node, String name, String network, String ipv4, String ipv6)
      throws Exception {
    var namespace = namespaces.create(name);
    var answer = nodes.get(node).attach(name, network, namespace, ipv4, ipv6);
    assertThat(answer.path("ok").asBoolean()).as(answer.toPrettyString()).isTrue();
    return new Pod(namespace, answer.at("/clusterAddresses/1").asText(ipv6));
  }

  @Test
  void theNodeReachesItsPodsByBothFamilies() throws Exception {
    NetworkNamespaces.<Path, IOException>callIn(
        hosts.getFirst(),
        () -> Files.writeString(Path.of("/proc/sys/net/ipv6/conf/all/forwarding"), "1"));
    var node = nodes.getFirst();
    node.write(
        "cluster.yaml",
        CLUSTER
            .replace("10.244.0.0/16", "10.244.0.0/16, 'fd00:244::/64'")
            .replace("192.168.1.0/24", "192.168.1.0/24, 'fd00:1::/64'"));
    node.start(addresses()).awaitStatus(NodeProcess::isSettled);
    var addresses = new TreeSet<String>();
    for (var name : List.of("red", "blue")) {
      var namespace = namespaces.create(name);
      var answer = node.attach(name, name + "-web", namespace, "192.168.1.10", "fd00:1::10");
      assertThat(answer.path("clusterAddresses")).as(answer.toPrettyString()).hasSize(2);
      for (var address : answer.path("clusterAddresses")) {
        addresses.add(address.asText());
        try (var server = listen(namespace)) {
          assertThat(reaches(hosts.getFirst(), address.asText(), server))
              .as("%s %s", name, address)
              .isTrue();
        }
      }
    }
    assertThat(addresses).hasSize(4);
    try (var server = listen(hosts.getFirst())) {
      var own = AddressPlan.EGRESS_RANGE_IPV6;
      var local =
          namespaces.links(hosts.getFirst()).addresses().stream()
              .map(Address::address)
              .filter(own::contains)
              .findFirst()
              .orElseThrow();
      assertThat(reaches("x" + namespaces.prefix() + "red", local.toString(), server)).isTrue();
    }
  }

  @Test
  void aTenantMayChangeItsWayOut() throws Exception {
    var node = nodes.getFirst();
    var outside =
        CLUSTER.replace("egress: cluster", "egress: node").replace(", shares: [53/UDP]", "");
    node.write("cluster.yaml", outside);
    node.start().awaitStatus(NodeProcess::isSettled);
    var common = pod(0, "common-1", "pods", "10.244.0.10");
    var rack = "x" + namespaces.prefix() + "rack";
    try (var server = listen(common.namespace());
        var world = listen(rack)) {
      for (int i = 0; i < 2; i++) {
        assertThat(isKept(hosts.getFirst(), common.address(), server)).as("node").isTrue();
        assertThat(reaches(common.namespace(), "10.99.0.254", world)).isTrue();
        node.write("cluster.yaml", CLUSTER);
        assertThat(reaches(hosts.getFirst(), common.address(), server)).as("cluster").isTrue();
        assertThat(reaches(common.namespace(), "10.99.0.254", world)).isTrue();
        node.write("cluster.yaml", outside);
        node.awaitStatus(
            status ->
                NodeProcess.isSettled(status)
                    && routesTo(hosts.getFirst(), "10.244.0.0/16").isEmpty());
      }
    }
    assertThat(namespaces.links(hosts.getFirst()).links())
        .filteredOn(link -> link.name().startsWith("weft-"))
        .hasSize(1);
  }

  @Test
  void nothingOfItIsLeft() throws Exception {
    var host = namespaces.links(hosts.getFirst());
    var before = host.routes().stream().filter(route -> route.prefix().address().isIpv4()).toList();
    start();
    var node = nodes.getFirst();
    assertThat(routesTo(hosts.getFirst(), "10.244.0.0/16")).hasSize(1);
    node.write("cluster.yaml", CLUSTER.replace("namespaces: {default: true}", "mtu: 1400"));
    node.awaitStatus(
        status ->
            status.path("problems").toString().contains("needs one Network with")
                && NodeProcess.isSettled(status));
    awaitNoRouteTo("10.244.0.0/16");
    node.write("cluster.yaml", CLUSTER);
    node.awaitStatus(status -> status.path("problems").isEmpty() && NodeProcess.isSettled(status));
    pod(0, "red-1", "red-web", "192.168.1.10");
    pod(0, "common-1", "pods", "10.244.0.10");
    node.terminate();
    var outcome =
        NetworkNamespaces.callIn(
            hosts.getFirst(), () -> KernelRemoval.removeAll(node.prefix(), false));
    assertThat(outcome.refused()).isEmpty();
    assertThat(host.links()).extracting("name").containsOnly("lo", "uplink");
    assertThat(host.routes().stream().filter(route -> route.prefix().address().isIpv4()).toList())
        .containsExactlyInAnyOrderElementsOf(before);
  }

  /** The problem may be told before the node has taken the change in. */
  private void awaitNoRouteTo(String prefix) throws Exception {
    long until = System.nanoTime() + PATIENCE_NANOS;
    for (var routes = routesTo(hosts.getFirst(), prefix);
        !routes.isEmpty();
        routes = routesTo(hosts.getFirst(), prefix)) {
      assertThat(System.nanoTime()).as(routes.toString()).isLessThan(until);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private List<Route> routesTo(String host, String prefix) {
    return namespaces.links(host).routes().stream()
        .filter(route -> route.prefix().equals(IpPrefix.parse(prefix)))
        .toList();
  }

  // ---- services ---------------------------------------------------------------------------

  /** A rule as kube-proxy's, by the program of nftables. */
  private void service(String host, String protocol, int port, String pod, int target)
      throws Exception {
    nft(
        host,
        """
        add table ip kube-proxy
        add chain ip kube-proxy nat-prerouting { type nat hook prerouting priority dstnat; }
        add chain ip kube-proxy nat-output { type nat hook output priority -100; }
        add rule ip kube-proxy nat-prerouting %1$s
        add rule ip kube-proxy nat-output %1$s
        """
            .formatted(
                "ip daddr %s %s dport %d dnat ip to %s:%d"
                    .formatted(SERVICE, protocol, port, pod, target)));
  }

  /** What comes there gets the node's address, as with {@code externalTrafficPolicy: Cluster}. */
  private static void nodePort(String host, String address, int port, String pod) throws Exception {
    nft(
        host,
        """
        add table ip kube-proxy
        add chain ip kube-proxy nat-prerouting { type nat hook prerouting priority dstnat; }
        add chain ip kube-proxy nat-postrouting { type nat hook postrouting priority srcnat; }
        add rule ip kube-proxy nat-prerouting ip daddr %s tcp dport %d meta mark set 0x4000 dnat ip to %s:8080
        add rule ip kube-proxy nat-postrouting meta mark 0x4000 masquerade fully-random
        """
            .formatted(address, port, pod));
  }

  private static void nft(String host, String rules) throws Exception {
    var nft = Path.of("/usr/sbin/nft");
    assumeTrue(Files.isExecutable(nft), "needs nft");
    var process =
        NetworkNamespaces.<Process, IOException>callIn(
            host,
            () -> new ProcessBuilder(nft.toString(), rules).redirectErrorStream(true).start());
    process.getOutputStream().close();
    var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
  }

  /** Asks by UDP 53 of the service until an answer comes from it. */
  private static boolean asked(String from, String server) throws Exception {
    try (var answers = datagrams(server, 53);
        var client = datagrams(from, 0)) {
      answers.setSoTimeout(1000);
      client.setSoTimeout(1000);
      var to = new InetSocketAddress(InetAddress.ofLiteral(SERVICE), 53);
      long until = System.nanoTime() + PATIENCE_NANOS;
      while (System.nanoTime() < until) {
        try {
          client.send(new DatagramPacket(new byte[] {1}, 1, to));
          var question = new DatagramPacket(new byte[1], 1);
          answers.receive(question);
          answers.send(new DatagramPacket(new byte[] {2}, 1, question.getSocketAddress()));
          var answer = new DatagramPacket(new byte[1], 1);
          client.receive(answer);
          return answer.getAddress().getHostAddress().equals(SERVICE);
        } catch (SocketTimeoutException _) {
          // the route may be on its way yet
        }
      }
      return false;
    }
  }

  private static DatagramSocket datagrams(String namespace, int port) throws Exception {
    return NetworkNamespaces.<DatagramSocket, Exception>callIn(
        namespace, () -> new DatagramSocket(port, InetAddress.ofLiteral("0.0.0.0")));
  }

  // ---- sockets ----------------------------------------------------------------------------

  private static Server listen(String namespace) throws Exception {
    return Connections.listen(namespace, "::", 8080);
  }

  /** Routes may be on their way yet. */
  private static boolean reaches(String from, String to, ServerSocket server) throws Exception {
    return reaches(from, to, 8080, server);
  }

  private static boolean reaches(String from, String to, int port, ServerSocket server)
      throws Exception {
    long until = System.nanoTime() + PATIENCE_NANOS;
    while (System.nanoTime() < until) {
      if (connects(from, to, port, server, 1000)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isKept(String from, String to, Server server) throws Exception {
    return isKept(from, to, 8080, server);
  }

  private static boolean isKept(String from, String to, int port, Server server) throws Exception {
    return Connections.refused(server, from, to, port);
  }

  private static boolean connects(
      String from, String to, int port, ServerSocket server, int patience) throws Exception {
    server.setSoTimeout(patience);
    return NetworkNamespaces.<Boolean, Exception>callIn(
        from,
        () -> {
          try (var client = new Socket()) {
            client.setSoTimeout(patience); // the server may have taken one that gave up before
            client.connect(new InetSocketAddress(InetAddress.ofLiteral(to), port), patience);
            try (var accepted = server.accept()) {
              accepted.getOutputStream().write(1);
              return client.getInputStream().read() == 1;
            }
          } catch (IOException _) {
            return false;
          }
        });
  }
}
