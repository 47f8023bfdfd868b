package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.TestNamespaces;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a node with many tenants takes of the processor while nothing happens, in the test's output:
 * its own looks for foreign hands, above all. The limit only notices what grows out of all
 * proportion. {@code -Dweft.scale.full=true} asks for 50 tenants of 10 networks.
 */
class IdleNodeTest {
  private static final int TENANTS = Boolean.getBoolean("weft.scale.full") ? 50 : 4;
  private static final int NETWORKS = Boolean.getBoolean("weft.scale.full") ? 10 : 5;
  private static final int SECONDS = Boolean.getBoolean("weft.scale.full") ? 10 : 2;

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private NodeProcess node;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    node = NodeProcess.alone(namespaces, directory);
    node.write("fabric.yaml", configuration());
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

  private static String configuration() {
    var text =
        new StringBuilder(
            """
            kind: Fabric
            metadata: {name: default}
            spec: {vtep: {cidr: 10.99.0.0/24}}
            """);
    for (int tenant = 0; tenant < TENANTS; tenant++) {
      text.append(
          "---\nkind: Tenant\nmetadata: {name: t%d}\nspec: {l3vni: %d}\n"
              .formatted(tenant, 100_000 + tenant));
      for (int network = 0; network < NETWORKS; network++) {
        text.append(
            """
            ---
            kind: Network
            metadata: {name: n%d-%d}
            spec: {tenant: t%d, vni: %d, subnets: [10.%d.%d.0/24], gateway: true}
            """
                .formatted(
                    tenant, network, tenant, 1000 + tenant * NETWORKS + network, tenant, network));
      }
    }
    return text.toString();
  }

  @Test
  void looksCostLittle() throws Exception {
    node.start();
    node.awaitStatus(NodeProcess::isSettled);
    for (int tenant = 0; tenant < TENANTS; tenant++) {
      for (int network = 0; network < NETWORKS; network++) {
        var name = tenant + "-" + network;
        var answer =
            node.attach(
                "pod-" + name,
                "n" + name,
                namespaces.create("pod" + name),
                "10.%d.%d.10".formatted(tenant, network));
        assertThat(answer.path("ok").asBoolean()).as(answer.toString()).isTrue();
      }
    }
    node.awaitStatus(NodeProcess::isSettled);
    Thread.sleep(1_000L * SECONDS); // what was just done is compiled, and noticed
    long before = node.cpuMillis();
    Thread.sleep(1_000L * SECONDS);
    double millis = (node.cpuMillis() - before) / (double) SECONDS;
    System.out.printf(
        "idle      %d tenants of %d networks: %.1f ms of a processor each second, %.2f of it for a"
            + " tenant%n",
        TENANTS, NETWORKS, millis, millis / TENANTS);
    assertThat(millis).as("milliseconds each second").isLessThan(100);
  }
}
