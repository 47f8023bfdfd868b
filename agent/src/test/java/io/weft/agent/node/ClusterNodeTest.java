package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.agent.metrics.MetricsAddress;
import io.weft.apiserver.ApiServer;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A {@code weft node} that has its resources from the Kubernetes API. */
final class ClusterNodeTest {
  /** What the agent may have with the client and 1,000 objects: 130 MB. */
  private static final int MOST_KIB = 130_000_000 / 1024;

  /** Processor time until it is ready: about 1.6 s, more where processors share what they have. */
  private static final int MOST_CPU_MILLIS = 5000;

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private NodeProcess node;
  private ApiNodes cluster;
  private ApiServer server;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    cluster = new ApiNodes(namespaces, 1);
    server = cluster.server;
    node = new NodeProcess(namespaces, cluster.underlay(1), directory);
    apply("{kind: Tenant, metadata: {name: red}}");
    network("red-web", 100);
  }

  @AfterEach
  void close() throws Exception {
    if (node != null) {
      node.close();
    }
    if (cluster != null) {
      cluster.close();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private void apply(String text) {
    cluster.apply(text);
  }

  private void network(String name, int vni) {
    apply(
        "{kind: Network, metadata: {name: %s}, spec: {tenant: red, vni: %d, subnets: [10.%d.0.0/24]}}"
            .formatted(name, vni, vni % 256));
  }

  private NodeProcess start() throws IOException {
    return node.startWith(cluster.option(directory));
  }

  private JsonNode attach(String endpoint, String network) throws Exception {
    return node.attach(endpoint, network, namespaces.create("pod-" + endpoint));
  }

  private void attached(String endpoint, String network) throws Exception {
    node.attached(endpoint, network, namespaces.create("pod-" + endpoint));
  }

  private static boolean isReady(JsonNode status) {
    return status.has("vtep") && status.path("converged").asBoolean();
  }

  @Test
  void resourcesComeFromTheApiAndStayWithoutIt() throws Exception {
    long before = System.nanoTime();
    start().awaitStatus(ClusterNodeTest::isReady);
    System.out.printf("start to ready: %d ms%n", (System.nanoTime() - before) / 1_000_000);
    attached("web-1", "red-web");

    network("red-db", 101);
    node.awaitAnswer("networks", answer -> answer.toString().contains("red-db"));

    server.away(true);
    var away = node.awaitStatus(status -> status.path("problems").toString().contains("no answer"));
    assertThat(away.path("converged").asBoolean()).isTrue();
    attached("web-2", "red-web"); // pods on known networks start without the API

    server.away(false);
    network("red-mq", 102);
    server.compact();
    node.awaitStatus(status -> status.path("problems").isEmpty());
    node.awaitAnswer("networks", answer -> answer.toString().contains("red-mq"));
    assertThat(node.log().stream().filter(line -> line.contains("reflectors of the cluster")))
        .as("said once, though all was listed again")
        .hasSize(1);
  }

  @Test
  void aNetworkWaitsForItsVni() throws Exception {
    apply("{kind: Network, metadata: {name: red-new}, spec: {tenant: red}}");
    start().awaitStatus(ClusterNodeTest::isReady);
    node.awaitStatus(
        status ->
            status.path("problems").toString().contains("Network red-new: waits for its VNI"));
    assertThat(attach("new-1", "red-new").at("/error/reason").asText())
        .isEqualTo("UNKNOWN_NETWORK");
    apply("{kind: Network, metadata: {name: red-new}, spec: {tenant: red}, status: {vni: 12345}}");
    node.awaitAnswer("networks", answer -> answer.toString().contains("red-new"));
    attached("new-2", "red-new");
    node.awaitStatus(status -> status.path("problems").isEmpty());
    assertThat(node.call(ControlClient.request("networks")).toString()).contains("12345");
  }

  @Test
  void withAThousandObjectsItStaysSmall() throws Exception {
    for (int i = 0; i < 1000; i++) {
      apply(
          "{kind: Network, metadata: {name: n%d}, spec: {vni: %d, subnets: [10.0.0.0/24]}}"
              .formatted(i, 1000 + i));
    }
    long before = System.nanoTime();
    start().awaitStatus(ClusterNodeTest::isReady);
    long millis = (System.nanoTime() - before) / 1_000_000;
    long cpu = node.cpuMillis();
    Thread.sleep(3000);
    var metrics = Scrape.of(node.underlay(), "127.0.0.1", MetricsAddress.NODE_PORT);
    assertThat(Scrape.value(metrics, "weft_api_calls_total{outcome=\"answered\"}")).isPositive();
    long kib = node.residentKib();
    System.out.printf(
        "1,000 networks: ready in %d ms, with %d ms of CPU, RSS %d KiB%n", millis, cpu, kib);
    assertThat(kib).isLessThan(MOST_KIB);
    assertThat(cpu).isLessThan(MOST_CPU_MILLIS);
  }
}
