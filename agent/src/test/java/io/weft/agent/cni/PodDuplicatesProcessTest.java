package io.weft.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.agent.node.ApiNodes;
import io.weft.agent.node.NodeProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pod of a cluster, and a machine beside the cluster that takes the pod's address. */
class PodDuplicatesProcessTest {
  private static final String ADDRESS = "10.1.0.50";
  private static final String MACHINE = "02:00:00:00:00:50";

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private ApiNodes api;
  private NodeProcess machine;
  private NodeProcess node;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    api = new ApiNodes(namespaces, 2);
    machine = new NodeProcess(namespaces, "n1", api.underlay(1), directory.resolve("n1"));
    node = new NodeProcess(namespaces, "n2", api.underlay(2), directory.resolve("n2"));
    api.apply("{kind: Node, metadata: {name: n2}}");
    api.apply("{kind: Namespace, metadata: {name: shop}}");
    api.apply("{kind: Pod, metadata: {name: web-0, namespace: shop}, spec: {nodeName: n2}}");
    api.apply(
        "{kind: Network, metadata: {name: web}, spec: {vni: 100, subnets: [10.1.0.0/24],"
            + " namespaces: {names: [shop]}}}");
    machine.write(
        "all.yaml",
        """
        kind: Fabric
        metadata: {name: default}
        spec: {vtep: {cidr: 10.99.0.0/24}, peers: [{address: 10.99.0.1}, {address: 10.99.0.2}]}
        ---
        kind: Network
        metadata: {name: web}
        spec: {vni: 100, subnets: [10.1.0.0/24]}
        """);
  }

  @AfterEach
  void close() throws Exception {
    for (var process : new NodeProcess[] {machine, node}) {
      if (process != null) {
        process.close();
      }
    }
    if (api != null) {
      api.close();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private Optional<JsonNode> event(String reason) {
    return api.server.objects("Event").stream()
        .filter(each -> each.path("reason").asText().equals(reason))
        .map(JsonNode.class::cast)
        .findFirst();
  }

  private JsonNode awaitEvent(String reason) throws Exception {
    long until = System.nanoTime() + NodeProcess.TIMEOUT_NANOS;
    while (event(reason).isEmpty()) {
      assertThat(System.nanoTime()).as(() -> reason + "\n" + log()).isLessThan(until);
      Thread.sleep(50);
    }
    return event(reason).orElseThrow();
  }

  private String log() {
    try {
      return Files.readString(node.logFile()) + api.server.objects("Event");
    } catch (IOException e) {
      return String.valueOf(e);
    }
  }

  @Test
  void thePodIsToldWhoElseHasItsAddressAndThatItIsOver() throws Exception {
    machine.start().awaitStatus(status -> status.has("vtep"));
    node.startWith(api.option(directory))
        .awaitStatus(status -> status.at("/peers/established").asInt() == 1);
    var plugin = new PluginProgram(node.socket(), "weft");
    var configuration = plugin.configuration("1.0.0", "web");
    configuration.remove("network");
    configuration.putObject("runtimeConfig").putArray("ips").add(ADDRESS);
    var added =
        plugin.call(
            "ADD",
            "c1",
            "/run/netns/" + namespaces.create("pod"),
            configuration,
            "K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0");
    assertThat(added.exitCode()).as(added.output()).isZero();
    var mac = added.json().at("/interfaces/1/mac").asText();

    node.kill(); // and an agent that has not seen the pod start knows whose the endpoint is
    node.startWith(api.option(directory))
        .awaitStatus(status -> status.at("/peers/established").asInt() == 1);

    var call =
        ControlClient.request("attach")
            .put("endpoint", "machine")
            .put("network", "web")
            .put("netns", "/run/netns/" + namespaces.create("machine"))
            .put("interface", "eth0")
            .put("mac", MACHINE);
    call.putArray("addresses").add(ADDRESS);
    var attached = machine.call(call); // it knows no route of the network yet
    assertThat(attached.path("ok").asBoolean()).as("%s", attached).isTrue();

    var found = awaitEvent("DuplicateIpAddress");
    assertThat(found.path("type").asText()).isEqualTo("Warning");
    assertThat(found.at("/involvedObject/name").asText()).isEqualTo("web-0");
    assertThat(found.at("/metadata/namespace").asText()).isEqualTo("shop");
    assertThat(found.path("message").asText())
        .contains(ADDRESS, mac, "behind VTEP 10.99.0.2", MACHINE, "behind VTEP 10.99.0.1");
    assertThat(event("DuplicateIpAddressResolved")).isEmpty();

    machine.call(ControlClient.request("detach").put("endpoint", "machine"));
    var over = awaitEvent("DuplicateIpAddressResolved");
    assertThat(over.path("type").asText()).isEqualTo("Normal");
    assertThat(over.path("message").asText()).startsWith("this is over: ").contains(MACHINE);
  }
}
