package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.agent.kernel.Connections;
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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes of a cluster whose CNI Weft is, which know each other by the Kubernetes API. */
final class ClusterNodesProcessTest {
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  @TempDir private Path directory;
  private final List<NodeProcess> nodes = new ArrayList<>();
  private TestNamespaces namespaces;
  private ApiNodes cluster;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    cluster = new ApiNodes(namespaces, 2);
    cluster.apply(
        "{kind: Tenant, metadata: {name: pods}, spec: {egress: cluster}, status: {l3vni: 5300}}");
    cluster.apply(
        """
        kind: Network
        metadata: {name: pods}
        spec:
          tenant: pods
          vni: 300
          subnets: [10.244.0.0/16, 'fd00:244::/64']
          gateway: true
          namespaces: {default: true}
        """);
    cluster.apply(
        "{kind: Tenant, metadata: {name: green}, spec: {egress: node}, status: {l3vni: 5400}}");
    cluster.apply(
        """
        kind: Network
        metadata: {name: green-web}
        spec: {tenant: green, vni: 400, subnets: [192.168.1.0/24, 'fd00:1::/64'], gateway: true}
        """);
    for (int n = 1; n <= 2; n++) {
      var host = cluster.underlay(n);
      var links = namespaces.links(host);
      for (var setting : List.of("ipv4/conf/all", "ipv6/conf/all")) {
        NetworkNamespaces.<Path, IOException>callIn(
            host, () -> Files.writeString(Path.of("/proc/sys/net", setting, "forwarding"), "1"));
      }
      int uplink = links.requireLink("uplink").index();
      links.execute(new Request.AddAddress(Address.of(uplink, IpAddress.parse("fd99::" + n), 64)));
      for (var route : List.of("0.0.0.0/0 10.99.0.254", "::/0 fd99::fe")) {
        var words = route.split(" ", -1);
        links.execute(
            new Request.AddRoute(
                Route.of(
                    IpPrefix.parse(words[0]), NextHop.via(IpAddress.parse(words[1]), uplink))));
      }
      nodes.add(new NodeProcess(namespaces, "n" + n, host, directory.resolve("n" + n)));
    }
  }

  @AfterEach
  void close() throws Exception {
    for (var node : nodes) {
      node.close();
    }
    if (cluster != null) {
      cluster.close();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private void node(int number, String... addresses) {
    var status = new ArrayList<String>();
    for (var each : addresses) {
      status.add("{type: InternalIP, address: '%s'}".formatted(each));
    }
    cluster.apply(
        """
        kind: Node
        metadata: {name: n%d, labels: {kubernetes.io/os: linux}}
        status: {addresses: [%s]}
        """
            .formatted(number, String.join(", ", status)));
  }

  private String pod(int node, String name, String network, String... addresses) throws Exception {
    var namespace = namespaces.create(name);
    var answer = nodes.get(node - 1).attach(name, network, namespace, addresses);
    assertThat(answer.path("ok").asBoolean()).as(answer.toPrettyString()).isTrue();
    return namespace;
  }

  /** VTEPs are of IPv4 alone, so no route tells of the nodes' IPv6. */
  @Test
  void podsOfANodeDoNotComeByTheIpv6NodePortsOfAnother() throws Exception {
    node(2, "10.99.0.2", "fd99::2");
    for (var node : nodes) {
      node.startWith(cluster.option(directory));
    }
    for (var node : nodes) {
      node.awaitStatus(NodeProcess::isSettled);
    }
    var common = pod(2, "common", "pods", "10.244.0.10", "fd00:244::10");
    var green = pod(1, "green", "green-web", "192.168.1.10", "fd00:1::10");
    nodePort(cluster.underlay(2), "fd99::2", 30080, "fd00:244::10");
    try (var server = Connections.listen(common, "::", 8080);
        var kubelet = Connections.listen(cluster.underlay(2), "::", 8080)) {
      assertThat(reaches(green, "fd99::2", 8080, kubelet)).as("the node").isTrue();
      assertThat(reaches(green, "fd99::2", 30080, server)).as("nobody knows fd99::1").isTrue();
      node(1, "10.99.0.1", "fd99::1");
      awaitIn(cluster.underlay(2), "nodes6", "fd99::1");
      assertThat(Connections.refused(server, green, "fd99::2", 30080)).isTrue();
      nodes
          .get(1)
          .awaitStatus(
              status ->
                  status.at("/stopped/services/0/namespace").asText().endsWith("-pods")
                      && status.at("/stopped/services/0/packets").asLong() > 0);
      assertThat(reaches(green, "fd99::2", 8080, kubelet)).as("the node still").isTrue();
      assertThat(reaches(cluster.underlay(1), "fd99::2", 30080, server))
          .as("from the other node itself")
          .isTrue();
    }
  }

  /** As {@code externalTrafficPolicy: Local}, where kube-proxy leaves the source. */
  @Test
  void aPodOfTheNodeSeesWhoComesFromOutside() throws Exception {
    node(1, "10.99.0.1", "fd99::1");
    node(2, "10.99.0.2", "fd99::2");
    for (var node : nodes) {
      node.startWith(cluster.option(directory));
    }
    for (var node : nodes) {
      node.awaitStatus(NodeProcess::isSettled);
    }
    var outside = namespaces.create("outside");
    var rack = namespaces.links(cluster.underlay(1));
    var pair =
        rack.createVeth(
            "outside",
            LinkSettings.UP.withMaster(rack.requireLink("uplink").index()),
            "eth0",
            LinkSettings.UP,
            namespaces.links(outside));
    for (var address : List.of("10.99.0.50 24", "fd99::50 64")) {
      var words = address.split(" ", -1);
      namespaces
          .links(outside)
          .execute(
              new Request.AddAddress(
                  Address.of(
                      pair.peer().index(), IpAddress.parse(words[0]), Integer.parseInt(words[1]))));
    }
    var here = pod(2, "common", "pods", "10.244.0.10", "fd00:244::10");
    var elsewhere = pod(1, "far", "pods", "10.244.7.11", "fd00:244::7:11");
    nodePort(cluster.underlay(2), "fd99::2", 30080, "fd00:244::10");
    nodePort(cluster.underlay(2), "fd99::2", 30081, "fd00:244::7:11");
    nft(
        cluster.underlay(2),
        """
        add table ip kube-proxy
        add chain ip kube-proxy nat-prerouting { type nat hook prerouting priority dstnat; }
        add rule ip kube-proxy nat-prerouting tcp dport 30080 dnat ip to 10.244.0.10:8080
        add rule ip kube-proxy nat-prerouting tcp dport 30081 dnat ip to 10.244.7.11:8080
        """);
    awaitIn(cluster.underlay(2), "pods4", "10.244.0.10");
    try (var server = Connections.listen(here, "::", 8080);
        var far = Connections.listen(elsewhere, "::", 8080)) {
      assertThat(source(outside, "10.99.0.2", 30080, server)).isEqualTo("10.99.0.50");
      assertThat(source(outside, "fd99::2", 30080, server))
          .as("not by IPv6")
          .isEqualTo("fd7a:93c5:8e21:1:0:0:a63:2");
      assertThat(source(outside, "10.99.0.2", 30081, far))
          .as("on another node")
          .isEqualTo("10.99.0.2");
      assertThat(source(outside, "fd99::2", 30081, far))
          .as("on another node")
          .isEqualTo("fd7a:93c5:8e21:1:0:0:a63:2");
    }
  }

  /** From where the server sees it, once routes have come. */
  private static String source(String from, String to, int port, ServerSocket server)
      throws Exception {
    assertThat(reaches(from, to, port, server)).as("%s %s", to, port).isTrue();
    server.setSoTimeout(5000);
    return NetworkNamespaces.<String, Exception>callIn(
        from,
        () -> {
          try (var client = new Socket()) {
            client.connect(new InetSocketAddress(InetAddress.ofLiteral(to), port), 5000);
            try (var accepted = server.accept()) {
              return accepted.getInetAddress().getHostAddress();
            }
          }
        });
  }

  private void awaitIn(String host, String set, String address) throws Exception {
    long until = System.nanoTime() + PATIENCE_NANOS;
    var name = namespaces.prefix() + "n2";
    while (!nft(host, "list set inet %s %s".formatted(name, set)).contains(address)) {
      assertThat(System.nanoTime()).as("%s has %s", set, address).isLessThan(until);
      TimeUnit.MILLISECONDS.sleep(200);
    }
  }

  private static void nodePort(String host, String address, int port, String pod) throws Exception {
    nft(
        host,
        """
        add table ip6 kube-proxy
        add chain ip6 kube-proxy nat-prerouting { type nat hook prerouting priority dstnat; }
        add rule ip6 kube-proxy nat-prerouting ip6 daddr %s tcp dport %d dnat ip6 to [%s]:8080
        """
            .formatted(address, port, pod));
  }

  private static String nft(String host, String rules) throws Exception {
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
    return said;
  }

  /** Routes may be on their way yet. */
  private static boolean reaches(String from, String to, int port, ServerSocket server)
      throws Exception {
    long until = System.nanoTime() + PATIENCE_NANOS;
    while (System.nanoTime() < until) {
      if (connects(from, to, port, server)) {
        return true;
      }
    }
    return false;
  }

  private static boolean connects(String from, String to, int port, ServerSocket server)
      throws Exception {
    server.setSoTimeout(1000);
    return NetworkNamespaces.<Boolean, Exception>callIn(
        from,
        () -> {
          try (var client = new Socket()) {
            client.setSoTimeout(1000); // the server may have taken one that gave up before
            client.connect(new InetSocketAddress(InetAddress.ofLiteral(to), port), 1000);
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
