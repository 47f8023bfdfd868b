package io.weft.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.agent.node.NodeProcess;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A node, and other plugins before and behind its own. */
abstract class ChainedPlugins {
  static final String NETWORKS =
      """
      kind: Fabric
      metadata: {name: default}
      spec:
        vtep: {cidr: 10.99.0.0/24}
      ---
      kind: Tenant
      metadata: {name: red}
      ---
      kind: Network
      metadata: {name: web}
      spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24], gateway: true}
      ---
      kind: Network
      metadata: {name: storage}
      spec: {vni: 300, subnets: [192.168.3.0/24], namespaces: {names: [shop]}}
      """;

  static final String CLUSTER =
      """
      kind: Tenant
      metadata: {name: green}
      spec: {egress: cluster}
      ---
      kind: Network
      metadata: {name: green}
      spec: {tenant: green, vni: 400, subnets: [192.168.1.0/24], gateway: true}
      ---
      kind: Tenant
      metadata: {name: pods}
      spec: {egress: cluster}
      ---
      kind: Network
      metadata: {name: pods}
      spec: {tenant: pods, vni: 500, subnets: [10.244.0.0/24], gateway: true, namespaces: {default: true}}
      """;

  static final int SERVED = 80;
  static final int HOST_PORT = 8080;
  static final String PORTS =
      "{\"portMappings\": [{\"hostPort\": 8080, \"containerPort\": 80, \"protocol\": \"tcp\"}]}";

  /** 8 Mbit/s each way, and what may come at once: 400,000 bits. */
  static final String BANDWIDTH =
      """
      {"bandwidth": {"ingressRate": 8000000, "ingressBurst": 400000,
                     "egressRate": 8000000, "egressBurst": 400000}}\
      """;

  /** Two seconds' worth at that rate. */
  static final int SENT = 2_000_000;

  @TempDir Path directory;
  TestNamespaces namespaces;
  NodeProcess node;
  String host;
  String before;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    assumeTrue(
        Files.isExecutable(PluginChain.REFERENCE.resolve("bridge")),
        "needs the reference plugins (package containernetworking-plugins)");
    namespaces = new TestNamespaces();
    node = NodeProcess.alone(namespaces, directory);
    host = node.underlay();
    var links = namespaces.links(host);
    links.setLink(links.requireLink("lo").index(), LinkSettings.UP);
    node.write("networks.yaml", NETWORKS);
    node.start();
    node.awaitStatus(status -> status.has("vtep") && status.path("converged").asBoolean());
    before = linksOfHost();
  }

  @AfterEach
  void close() throws Exception {
    if (node != null) {
      node.close();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  String container(String name) {
    return "/run/netns/" + namespaces.create(name);
  }

  String linksOfHost() {
    var names = new TreeSet<String>();
    namespaces.links(host).links().forEach(link -> names.add(link.name()));
    return names.toString();
  }

  PluginChain chain(String name, String... plugins) throws IOException {
    return new PluginChain(
        host,
        List.of(
            NodeProcess.launcher().resolveSibling("dist/cni").toAbsolutePath(),
            directory.resolve("bin"),
            PluginChain.REFERENCE),
        "{\"cniVersion\": \"1.0.0\", \"name\": \"%s\", \"plugins\": [%s]}"
            .formatted(name, String.join(", ", plugins)));
  }

  String weft(String network) {
    return """
    {"type": "weft", "network": "%s", "agentSocket": "%s",
     "capabilities": {"ips": true, "mac": true, "portMappings": true, "bandwidth": true}}\
    """
        .formatted(network, CniServer.beside(node.socket()));
  }

  String bridge() {
    return """
    {"type": "bridge", "bridge": "cni0", "isGateway": true, "isDefaultGateway": true,
     "ipMasq": false, "ipam": {"type": "host-local", "dataDir": "%s",
     "ranges": [[{"subnet": "10.88.0.0/24"}]]}}\
    """
        .formatted(directory.resolve("host-local"));
  }

  static final String PORTMAP =
      "{\"type\": \"portmap\", \"capabilities\": {\"portMappings\": true}}";
  static final String SHAPING =
      "{\"type\": \"bandwidth\", \"capabilities\": {\"bandwidth\": true}}";

  void nothingIsLeft() throws Exception {
    assertThat(node.status().path("endpoints")).isEmpty();
    assertThat(linksOfHost()).isEqualTo(before.replace("[", "[cni0, "));
    try (var leases = Files.list(directory.resolve("host-local").resolve("chained"))) {
      assertThat(leases.map(path -> path.getFileName().toString()))
          .noneMatch(name -> name.startsWith("10."));
    }
  }

  static String setting(String netns, String name) throws IOException {
    return NetworkNamespaces.<String, IOException>callIn(
        netns, () -> Files.readString(Path.of("/proc/sys", name)).strip());
  }

  static String address(JsonNode result, int ip) {
    return result.path("ips").get(ip).path("address").asText().replaceAll("/.*", "");
  }

  static String merged() throws IOException {
    var both = PluginProgram.JSON.readTree(PORTS).deepCopy();
    ((ObjectNode) both).setAll((ObjectNode) PluginProgram.JSON.readTree(BANDWIDTH));
    return both.toString();
  }

  static String rules() throws IOException {
    var process = new ProcessBuilder("/usr/sbin/iptables", "-t", "nat", "-S").start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  /** Octets that arrive in a pod at TCP 80, when so many are sent to an address. */
  static int received(String from, String address, int port, String to, int octets)
      throws IOException {
    try (var server = serve(to)) {
      server.setSoTimeout(2_000);
      try (var client = connect(from, address, port)) {
        client.getOutputStream().write(new byte[octets]);
        client.shutdownOutput();
        try (var accepted = server.accept()) {
          return count(accepted.getInputStream());
        }
      } catch (ConnectException _) {
        return 0;
      }
    }
  }

  /** How long {@link #SENT} octets take. */
  static long milliseconds(String from, String address, String to) throws Exception {
    try (var server = serve(to);
        var client = connect(from, address, SERVED);
        var accepted = server.accept()) {
      long began = System.nanoTime();
      var sender =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      client.getOutputStream().write(new byte[SENT]);
                      client.shutdownOutput();
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    }
                  });
      assertThat(count(accepted.getInputStream())).isEqualTo(SENT);
      sender.join();
      return (System.nanoTime() - began) / 1_000_000;
    }
  }

  static int count(InputStream in) throws IOException {
    int all = 0;
    var buffer = new byte[64 * 1024];
    for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
      all += got;
    }
    return all;
  }

  static ServerSocket serve(String netns) throws IOException {
    return NetworkNamespaces.<ServerSocket, IOException>callIn(
        netns, () -> new ServerSocket(SERVED, 1, InetAddress.getByName("0.0.0.0")));
  }

  static Socket connect(String netns, String address, int port) throws IOException {
    return NetworkNamespaces.<Socket, IOException>callIn(
        netns,
        () -> {
          var socket = new Socket();
          socket.connect(new InetSocketAddress(address, port), 5_000);
          return socket;
        });
  }

  static TreeSet<String> names(String netns) {
    try (var links = Rtnetlink.openIn(netns)) {
      var names = new TreeSet<String>();
      links.links().forEach(link -> names.add(link.name()));
      return names;
    }
  }
}
