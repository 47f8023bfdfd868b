package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.TestNamespaces;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real agent that starts while the Kubernetes API is away. */
final class KeptIntentProcessTest {
  private static final String KEPT = "the Kubernetes API has not answered since the start";

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private ApiNodes api;
  private NodeProcess node;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    api = new ApiNodes(namespaces, 1);
    node = new NodeProcess(namespaces, api.underlay(1), directory);
    api.apply("{kind: Tenant, metadata: {name: red}}");
    network("web", 100);
  }

  @AfterEach
  void close() throws Exception {
    if (node != null) {
      node.close();
    }
    if (api != null) {
      api.close();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private void network(String name, int vni) {
    api.apply(
        "{kind: Network, metadata: {name: %s}, spec: {tenant: red, vni: %d, subnets: [10.%d.0.0/24]}}"
            .formatted(name, vni, vni));
  }

  private Path copy(String collection) {
    return node.state().resolve("node/n1").resolve(collection);
  }

  private void start() throws Exception {
    node.startWith(api.option(directory))
        .awaitStatus(status -> status.has("vtep") && status.path("converged").asBoolean());
    node.awaitAnswer("addresses", answer -> !answer.has("failure"));
  }

  private void attach(String name) throws Exception {
    var answer = node.attach(name, "web", namespaces.create("pod-" + name));
    assertThat(answer.path("ok").asBoolean()).as("%s", answer).isTrue();
  }

  private void awaitCopy(String collection, String words) throws Exception {
    long until = System.nanoTime() + NodeProcess.TIMEOUT_NANOS;
    while (!Files.exists(copy(collection)) || !Files.readString(copy(collection)).contains(words)) {
      assertThat(System.nanoTime()).as(collection).isLessThan(until);
      Thread.sleep(20);
    }
  }

  @Test
  void itGoesOnWithWhatItKeptAndReconcilesWhenTheApiIsBack() throws Exception {
    start();
    attach("first");
    awaitCopy("weft.io.v1alpha1.networks.json", "web");
    awaitCopy("weft.io.v1alpha1.addressblocks.json", "web.10.100.0.");
    node.kill();
    api.server.away(true);

    start();
    assertThat(node.status().path("problems").toString()).contains(KEPT, "0 min ago, is in force");
    attach("second"); // on a known network, from the block that it had
    node.awaitAnswer("networks", answer -> answer.toString().contains("web"));

    network("db", 101);
    api.server.away(false);
    node.awaitAnswer("networks", answer -> answer.toString().contains("db"));
    node.awaitStatus(status -> status.path("problems").isEmpty());
    assertThat(node.status().path("endpoints")).hasSize(2);
  }

  @Test
  void aCopyThatCannotBeUsedIsSaidAndTheAgentWaitsForTheApi() throws Exception {
    start();
    awaitCopy("weft.io.v1alpha1.networks.json", "web");
    node.kill();
    Files.writeString(copy("weft.io.v1alpha1.networks.json"), "something else");
    api.server.away(true);
    node.startWith(api.option(directory));
    assertThat(node.process().isAlive()).isTrue();
    api.server.away(false);
    node.awaitStatus(
        status -> status.path("converged").asBoolean() && status.path("problems").isEmpty());
    attach("first");
    awaitCopy("weft.io.v1alpha1.networks.json", "web");
  }
}
