package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.schema.Definition;
import io.weft.kubernetes.schema.ResourceSchemas;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * Five nodes find each other by the Kubernetes API alone: nobody says who reflects, nor where the
 * others are.
 */
final class ClusterFabricTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int NODES = 5;
  private static final int PACKETS = 250;

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private ApiServer server;
  private final List<NodeProcess> nodes = new ArrayList<>();

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    var fabric = namespaces.create("fabric");
    var links = namespaces.links(fabric);
    var up = LinkSettings.UP;
    var bridge = links.createBridge("fabric", up).index();
    links.execute(new Request.AddAddress(Address.of(bridge, IpAddress.parse("10.99.0.254"), 24)));
    server =
        ApiServer.start(
            NetworkNamespaces.<HttpServer, IOException>callIn(
                fabric, () -> HttpServer.create(new InetSocketAddress("10.99.0.254", 0), 0)));
    ResourceSchemas.all().forEach(kind -> server.define(yaml(Definition.yaml(kind))));
    server.put(
        yaml("{kind: Fabric, metadata: {name: default}, spec: {vtep: {cidr: 10.99.0.0/24}}}"));
    server.put(
        yaml("{kind: Network, metadata: {name: web}, spec: {vni: 100, subnets: [10.1.0.0/24]}}"));
    for (int number = 1; number <= NODES; number++) {
      var underlay = namespaces.create("node" + number);
      var node = namespaces.links(underlay);
      var wire =
          node.createVeth("eth0", up, "to-node" + number, up.withMaster(bridge), links).link();
      node.execute(new Request.SetLink(node.requireLink("lo").index(), up));
      var vtep = IpAddress.parse("10.99.0." + number);
      node.execute(new Request.AddAddress(Address.of(wire.index(), vtep, 24)));
      declare(number, false);
      var files = Files.createDirectories(directory.resolve("n" + number));
      nodes.add(new NodeProcess(namespaces, "n" + number, underlay, files));
    }
  }

  @AfterEach
  void close() throws Exception {
    for (var node : nodes) {
      node.close();
    }
    if (server != null) {
      server.close();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private static ObjectNode yaml(String text) {
    return JSON.valueToTree(new Load(LoadSettings.builder().build()).loadFromString(text));
  }

  private void declare(int number, boolean reflector) {
    server.put(
        yaml(
            """
            {apiVersion: v1, kind: Node,
             metadata: {name: n%d, labels: {kubernetes.io/os: linux, weft.io/reflector: '%s'}},
             status: {addresses: [{type: InternalIP, address: 10.99.0.%1$d}]}}
            """
                .formatted(number, reflector)));
  }

  private void start() throws Exception {
    var kubeconfig = directory.resolve("kubeconfig");
    Files.writeString(
        kubeconfig,
        """
        current-context: c
        contexts: [{name: c, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: '%s'}}]
        users: [{name: u, user: {}}]
        """
            .formatted(server.uri()));
    for (var node : nodes) {
      node.startWith("--kubeconfig=" + kubeconfig).awaitStatus(status -> status.has("vtep"));
    }
  }

  private void awaitSessions(int... counts) throws Exception {
    for (int i = 0; i < NODES; i++) {
      int count = counts[i];
      nodes
          .get(i)
          .awaitStatus(
              status -> status.has("vtep") && status.at("/peers/established").asInt() == count);
    }
  }

  private String attach(int number) throws Exception {
    var pod = namespaces.create("pod" + number);
    var answer = nodes.get(number - 1).attached("pod-" + number, "web", pod);
    return answer.toString().replaceAll("(?s).*(10\\.1\\.0\\.[0-9]+)/.*", "$1");
  }

  @Test
  void fiveNodesFindEachOther() throws Exception {
    start();
    awaitSessions(4, 4, 4, 3, 3);
    var four = attach(4);
    var five = attach(5);
    awaitPing(5, four);
    awaitPing(4, five);

    var pinging = ping(4, "-i", "0.1", "-c", String.valueOf(PACKETS), five);
    declare(5, true); // from now on it reflects alone
    awaitSessions(1, 1, 1, 1, 4);
    assertThat(received(text(pinging))).as("of " + PACKETS).isGreaterThan(PACKETS - 10);
    awaitPing(5, four);
    var one = attach(1);
    awaitPing(4, one);
  }

  private Process ping(int from, String... arguments) throws IOException {
    var command = new ArrayList<>(List.of("ping"));
    command.addAll(List.of(arguments));
    return NetworkNamespaces.<Process, IOException>callIn(
        "x" + namespaces.prefix() + "pod" + from,
        () -> new ProcessBuilder(command).redirectErrorStream(true).start());
  }

  private static String text(Process process) throws Exception {
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return text;
  }

  private static int received(String text) {
    return Integer.parseInt(text.replaceAll("(?s).*, ([0-9]+) received.*", "$1"));
  }

  private void awaitPing(int from, String to) throws Exception {
    var answer = text(ping(from, "-c", "1", "-W", "2", to));
    for (int tries = 0; tries < 20 && !answer.contains(" 1 received"); tries++) {
      answer = text(ping(from, "-c", "1", "-W", "2", to));
    }
    assertThat(answer).contains(" 1 received");
  }
}
