package io.weft.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.agent.node.NodeProcess;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A node and the plugin's program, which is called as a runtime does it. */
abstract class CniNode {
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
      spec: {vni: 300, subnets: [192.168.3.0/24]}
      """;

  @TempDir Path directory;
  TestNamespaces namespaces;
  NodeProcess node;
  PluginProgram plugin;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    node = NodeProcess.alone(namespaces, directory);
    node.write("networks.yaml", NETWORKS);
    plugin = new PluginProgram(node.socket(), "weft");
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

  void start() throws Exception {
    node.start();
    node.awaitStatus(status -> status.has("vtep") && status.path("converged").asBoolean());
  }

  String container(String name) {
    return "/run/netns/" + namespaces.create(name);
  }

  static JsonNode succeeded(PluginProgram.Outcome outcome) throws Exception {
    assertThat(outcome.exitCode()).as(outcome.output()).isZero();
    return outcome.json();
  }

  static void check(int code, PluginProgram.Outcome outcome, String details) throws Exception {
    assertThat(outcome.exitCode()).as(outcome.output()).isEqualTo(1);
    assertThat(outcome.code()).as(outcome.output()).isEqualTo(code);
    assertThat(outcome.json().path("msg").asText()).isNotEmpty();
    assertThat(outcome.json().path("details").asText()).contains(details);
  }
}
