package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Vxlan;
import io.weft.net.IpAddress;
import io.weft.net.Vni;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What real agents write of themselves to the Kubernetes API. */
final class NodeStateProcessTest {
  private static final String WRITES = "PATCH /apis/weft.io/v1alpha1/nodestates/n1/status";

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private ApiNodes api;
  private final List<NodeProcess> nodes = new ArrayList<>();

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    api = new ApiNodes(namespaces, 2);
    for (int i = 1; i <= 2; i++) {
      nodes.add(
          new NodeProcess(namespaces, "n" + i, api.underlay(i), directory.resolve("node" + i)));
      api.apply(
          "{kind: Node, metadata: {name: n%d}, spec: {taints: [{key: weft.io/not-ready, effect: NoSchedule}, {key: other, effect: NoSchedule}]}}"
              .formatted(i));
    }
    api.apply("{kind: Tenant, metadata: {name: red}}");
    api.apply(
        "{kind: Network, metadata: {name: web}, spec: {tenant: red, vni: 100, subnets:"
            + " [10.1.0.0/24]}}");
  }

  @AfterEach
  void close() throws Exception {
    for (var node : nodes) {
      node.close();
    }
    if (api != null) {
      api.close();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private NodeProcess start(int number) throws Exception {
    var node = nodes.get(number - 1);
    node.startWith(api.option(directory)).awaitStatus(status -> status.has("vtep"));
    return node;
  }

  private void await(BooleanSupplier condition, String what) throws Exception {
    long until = System.nanoTime() + 3 * NodeProcess.TIMEOUT_NANOS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > until) {
        throw new AssertionError(
            what + "\n" + api.server.objects("NodeState") + api.server.objects("Node"));
      }
      Thread.sleep(20);
    }
  }

  private void awaitState(Predicate<JsonNode> condition, String what) throws Exception {
    await(
        () -> api.find("NodeState", "n1").filter(s -> condition.test(s.path("status"))).isPresent(),
        what);
  }

  private static String condition(JsonNode status, String type) {
    for (var each : status.path("conditions")) {
      if (each.path("type").asText().equals(type)) {
        return each.path("status").asText() + " " + each.path("reason").asText();
      }
    }
    return "none";
  }

  private String taints(String node) {
    return api.find("Node", node).orElseThrow().at("/spec/taints").toString();
  }

  private long writes() {
    return api.server.calls().stream().filter(WRITES::equals).count();
  }

  @Test
  void aNodeSaysWhatItIsAndIsUntaintedOnceAPeerIsUp() throws Exception {
    var one = start(1);
    awaitState(status -> condition(status, "Ready").equals("False NoPeerUp"), "alone");
    assertThat(taints("n1")).contains("weft.io/not-ready");
    var owner = api.find("NodeState", "n1").orElseThrow().at("/metadata/ownerReferences/0");
    assertThat(owner.path("kind").asText()).isEqualTo("Node");
    assertThat(owner.path("uid"))
        .isEqualTo(api.find("Node", "n1").orElseThrow().at("/metadata/uid"));

    start(2);
    await(
        () -> !taints("n1").contains("not-ready") && !taints("n2").contains("not-ready"), "taint");
    assertThat(taints("n1")).isEqualTo("[{\"key\":\"other\",\"effect\":\"NoSchedule\"}]");
    awaitState(
        status ->
            condition(status, "Ready").equals("True Forwards")
                && condition(status, "PeersUp").equals("True AllUp")
                && condition(status, "KernelInSync").equals("True InSync"),
        "both");
    await(() -> networkReady("n1").equals("True Forwards"), "condition of the Node");
    var status = api.find("NodeState", "n1").orElseThrow().path("status");
    assertThat(status.path("vtep").asText()).isEqualTo("10.99.0.1");
    assertThat(status.path("peers").toString()).isEqualTo("{\"configured\":1,\"established\":1}");
    assertThat(status.path("version").asText()).isEqualTo("0.1.0");

    // Somebody removes it; it is there again with the next change, of which the peer's end is one.
    api.server.remove("NodeState", "n1");
    nodes.get(1).kill();
    awaitState(each -> condition(each, "PeersUp").equals("False SomeDown"), "peer down");
    await(() -> networkReady("n1").equals("False NoPeerUp"), "condition of the Node");
    assertThat(taints("n1")).as("not put back: pods that run stay").doesNotContain("not-ready");
    assertThat(one.process().isAlive()).isTrue();

    one.kill();
    Files.delete(one.socket().resolveSibling("weft.sock.was-ready")); // as /run after a reboot
    start(1);
    await(() -> taints("n1").contains("not-ready"), "taint after a reboot");
    start(2);
    await(() -> !taints("n1").contains("not-ready"), "taint once it forwards again");
    await(() -> networkReady("n1").equals("True Forwards"), "condition once it forwards again");
  }

  /** Nobody has cordoned it: the scheduler must not choose a node that refuses pods. */
  @Test
  void aDrainedNodeTakesNoPodsUntilThatIsUndone() throws Exception {
    var one = start(1);
    start(2);
    await(() -> !taints("n1").contains("not-ready"), "taint");
    one.call(ControlClient.request("drain"));
    await(() -> taints("n1").contains("not-ready"), "taint while it is drained");
    await(() -> networkReady("n1").equals("False Drained"), "condition of the Node");
    awaitState(status -> condition(status, "Ready").equals("False Drained"), "drained");
    assertThat(taints("n2")).doesNotContain("not-ready");
    one.call(ControlClient.request("drain").put("undo", true));
    await(() -> !taints("n1").contains("not-ready"), "taint when that is undone");
    await(() -> networkReady("n1").equals("True Forwards"), "condition when that is undone");
  }

  private String networkReady(String node) {
    return condition(api.find("Node", node).orElseThrow().path("status"), "weft.io/NetworkReady");
  }

  /** Another program has the VNI of a tenant's network; pods of other tenants come all the same. */
  @Test
  void whatOneTenantIsRefusedKeepsNobodyElseOffTheNode() throws Exception {
    var underlay = namespaces.links(api.underlay(1));
    var vxlan = Vxlan.of(new Vni(100), IpAddress.parse("10.99.0.1"));
    underlay.createVxlan("others", vxlan, LinkSettings.UP);
    var host = namespaces.links(namespaces.create("host"));
    underlay.createVeth("eth1", LinkSettings.UP, "eth0", LinkSettings.UP, host);
    api.apply(
        "{kind: Endpoint, metadata: {name: db-1}, spec: {network: web, node: n1, link: eth1,"
            + " mac: 02:00:00:00:00:09, addresses: [10.1.0.9]}}");
    start(1);
    start(2);
    await(() -> networkReady("n1").equals("False KernelRefusesTenant"), "condition of the Node");
    await(() -> !taints("n1").contains("not-ready"), "taint");
    awaitState(status -> condition(status, "KernelInSync").startsWith("False"), "said");
  }

  @Test
  void itIsWrittenWhenItChangesOnly() throws Exception {
    start(1);
    awaitState(status -> condition(status, "Ready").equals("False NoPeerUp"), "alone");
    long before = writes();
    Thread.sleep(12_000); // longer than between two writes
    assertThat(writes()).isEqualTo(before);
    assertThat(before).isLessThanOrEqualTo(2);
  }
}
