package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.kernel.Connections;
import io.weft.agent.kernel.Connections.Server;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
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
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Nodes of a cluster with pods of tenants that the cluster may reach. */
abstract class ClusterPods {
  static final String CLUSTER =
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
  static final String GREEN =
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

  static final String SERVICE = "10.96.0.10";
  static final long PATIENCE_NANOS = 60_000_000_000L;
  @TempDir Path directory;
  TestNamespaces namespaces;
  final List<NodeProcess> nodes = new ArrayList<>();
  final List<String> hosts = new ArrayList<>();

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

  void start() throws Exception {
    for (var node : nodes) {
      node.start(addresses());
    }
    for (var node : nodes) {
      node.awaitStatus(NodeProcess::isSettled);
    }
  }

  String addresses() {
    return "--addresses=" + directory.resolve("addresses");
  }

  /** A pod on a node, and by which address the cluster knows it. */
  record Pod(String namespace, String address) {}

  Pod pod(int node, String name, String network, String address) throws Exception {
    var namespace = namespaces.create(name);
    return attach(node, name, network, namespace, address);
  }

  Pod attach(int node, String name, String network, String namespace, String address)
      throws Exception {
    var answer = nodes.get(node).attach(name, network, namespace, address);
    assertThat(answer.path("ok").asBoolean()).as(answer.toPrettyString()).isTrue();
    return new Pod(namespace, known(answer).orElse(address));
  }

  static Optional<String> known(JsonNode answer) {
    return Optional.of(answer.at("/clusterAddresses/0").asText("")).filter(text -> !text.isEmpty());
  }

  /** The default route that another node said. */
  boolean hasGateway(int node, String tenant) {
    return namespaces.links(nodes.get(node).prefix() + tenant).routes().stream()
        .anyMatch(
            route ->
                route.prefix().equals(IpPrefix.parse("0.0.0.0/0"))
                    && route.protocol() == Route.BGP);
  }

  /** One of both families, known by its address of IPv6. */
  Pod both(int node, String name, String network, String ipv4, String ipv6) throws Exception {
    var namespace = namespaces.create(name);
    var answer = nodes.get(node).attach(name, network, namespace, ipv4, ipv6);
    assertThat(answer.path("ok").asBoolean()).as(answer.toPrettyString()).isTrue();
    return new Pod(namespace, answer.at("/clusterAddresses/1").asText(ipv6));
  }

  /** The problem may be told before the node has taken the change in. */
  void awaitNoRouteTo(String prefix) throws Exception {
    long until = System.nanoTime() + PATIENCE_NANOS;
    for (var routes = routesTo(hosts.getFirst(), prefix);
        !routes.isEmpty();
        routes = routesTo(hosts.getFirst(), prefix)) {
      assertThat(System.nanoTime()).as(routes.toString()).isLessThan(until);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  List<Route> routesTo(String host, String prefix) {
    return namespaces.links(host).routes().stream()
        .filter(route -> route.prefix().equals(IpPrefix.parse(prefix)))
        .toList();
  }

  /** A rule as kube-proxy's, by the program of nftables. */
  void service(String host, String protocol, int port, String pod, int target) throws Exception {
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
  static void nodePort(String host, String address, int port, String pod) throws Exception {
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

  static void nft(String host, String rules) throws Exception {
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
  static boolean asked(String from, String server) throws Exception {
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

  static DatagramSocket datagrams(String namespace, int port) throws Exception {
    return NetworkNamespaces.<DatagramSocket, Exception>callIn(
        namespace, () -> new DatagramSocket(port, InetAddress.ofLiteral("0.0.0.0")));
  }

  static Server listen(String namespace) throws Exception {
    return Connections.listen(namespace, "::", 8080);
  }

  /** Routes may be on their way yet. */
  static boolean reaches(String from, String to, ServerSocket server) throws Exception {
    return reaches(from, to, 8080, server);
  }

  static boolean reaches(String from, String to, int port, ServerSocket server) throws Exception {
    long until = System.nanoTime() + PATIENCE_NANOS;
    while (System.nanoTime() < until) {
      if (connects(from, to, port, server, 1000)) {
        return true;
      }
    }
    return false;
  }

  static boolean isKept(String from, String to, Server server) throws Exception {
    return isKept(from, to, 8080, server);
  }

  static boolean isKept(String from, String to, int port, Server server) throws Exception {
    return Connections.refused(server, from, to, port);
  }

  static boolean connects(String from, String to, int port, ServerSocket server, int patience)
      throws Exception {
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
