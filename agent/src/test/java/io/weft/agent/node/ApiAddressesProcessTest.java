package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.net.IpPrefix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real agents whose blocks and claims are on the Kubernetes API. */
final class ApiAddressesProcessTest {
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
    }
    api.apply("{kind: Tenant, metadata: {name: red}}");
    network("192.168.1.0/24");
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

  private void network(String subnet) {
    api.apply(
        "{kind: Network, metadata: {name: web}, spec: {tenant: red, vni: 100, subnets: ['%s']}}"
            .formatted(subnet));
  }

  private NodeProcess start(int number) throws Exception {
    var node = nodes.get(number - 1);
    node.startWith(api.option(directory)).awaitStatus(status -> status.has("vtep"));
    node.awaitAnswer("addresses", answer -> !answer.has("failure"));
    return node;
  }

  private String pod(String name) {
    return namespaces.create("pod-" + name);
  }

  private static ObjectNode request(String endpoint, String netns) {
    return ControlClient.request("attach")
        .put("endpoint", endpoint)
        .put("network", "web")
        .put("netns", netns)
        .put("interface", "eth0");
  }

  private static String message(JsonNode answer) {
    return answer.path("error").path("message").asText();
  }

  private static void await(BooleanSupplier condition, String what) throws Exception {
    long until = System.nanoTime() + NodeProcess.TIMEOUT_NANOS;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(until);
      Thread.sleep(20);
    }
  }

  private String spec(String kind, String name) {
    return api.find(kind, name).map(each -> each.path("spec").toString()).orElse("none");
  }

  // ---- a server that is slow ---------------------------------------------------------------

  /**
   * The server is asked for one block at a time, and each time for 30 s at most: so the second call
   * has waited for its time before its own block's is over.
   */
  @Test
  void aCallThatWaitsForTheServerSaysSo() throws Exception {
    api.apply(
        "{kind: Network, metadata: {name: db}, spec: {tenant: red, vni: 101, subnets: [192.168.2.0/24]}}");
    var node = start(1);
    node.awaitAnswer("networks", answer -> answer.path("networks").size() == 2);
    var answered = new CountDownLatch(1);
    api.server.steps(
        step -> {
          if (step.startsWith("before POST") && step.contains("addressblocks")) {
            await(answered);
          }
        });
    try {
      var first = call(node, request("first", pod("first")).put("network", "db"));
      node.awaitStatus(each -> each.path("attaching").size() == 1);
      Thread.sleep(5000); // between the limits of the two
      var pod = pod("slow");
      var slow = call(node, request("slow", pod));
      var status = node.awaitStatus(each -> each.path("attaching").size() == 2);
      assertThat(status.at("/attaching/1/endpoint").asText()).isEqualTo("slow");
      assertThat(status.at("/attaching/1/waitsFor").asText())
          .startsWith("the store of addresses has yet to write block web.");

      assertThat(first.get(60, TimeUnit.SECONDS).path("ok").asBoolean()).isFalse();
      var refused = slow.get(60, TimeUnit.SECONDS);
      assertThat(refused.at("/error/reason").asText()).isEqualTo("TIMEOUT");
      assertThat(message(refused))
          .contains("no answer for 30 s: the store of addresses has yet to write block web.");
      answered.countDown();
      node.attached("slow", "web", pod);
      assertThat(node.status().path("attaching").toString()).isEqualTo("[]");
    } finally {
      answered.countDown();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static CompletableFuture<JsonNode> call(NodeProcess node, ObjectNode request) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return node.call(request);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        task -> Thread.ofVirtual().start(task)); // the common pool may have one thread
  }

  // ---- kill -9 ----------------------------------------------------------------------------

  /**
   * The agent is killed at each step of what an attach with a claim writes; whatever was done, the
   * runtime's next call gets one address, the claim one holder, and no address is lost.
   */
  @Test
  void killedAtAnyStepItLeavesNothingHalfDone() throws Exception {
    network("192.168.1.0/28"); // blocks of one address: each call needs one
    var steps = new ArrayList<String>();
    for (int kill = 0; ; kill++) {
      int at = kill;
      var count = new int[1];
      var node = start(1);
      var name = "e" + kill;
      var netns = pod(name);
      boolean[] killed = {false};
      api.server.steps(
          step -> {
            // What the node says of itself comes when it will: its NodeState, its condition.
            if (!step.contains("/node") && count[0]++ == at) {
              steps.add(step);
              killed[0] = true;
              node.process().destroyForcibly();
            }
          });
      try {
        node.callOnceReady(request(name, netns).put("claim", "c" + kill));
      } catch (IOException _) {
        // It was killed meanwhile.
      }
      api.server.steps(_ -> {});
      if (!killed[0]) {
        break;
      }
      assertThat(node.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
      start(1);
      var answer = node.callOnceReady(request(name, netns).put("claim", "c" + kill));
      assertThat(answer.path("ok").asBoolean()).as("%s after %s", answer, steps).isTrue();
      assertThat(spec("AddressClaim", "c" + kill))
          .as("after %s", steps)
          .contains("\"holders\":[{\"node\":\"n1\",\"endpoint\":\"" + name + "\",\"active\":true}]")
          .contains(answer.path("addresses").path(0).asText().split("/")[0]);
      nodes.getFirst().kill();
    }
    assertThat(new TreeSet<>(steps))
        .containsExactly(
            "after POST /apis/weft.io/v1alpha1/addressblocks",
            "after POST /apis/weft.io/v1alpha1/addressclaims",
            "before POST /apis/weft.io/v1alpha1/addressblocks",
            "before POST /apis/weft.io/v1alpha1/addressclaims");
  }

  // ---- the API is away --------------------------------------------------------------------

  @Test
  void withoutTheApiPodsStartWhileABlockHasAddresses() throws Exception {
    var node = start(1);
    assertThat(node.callOnceReady(request("first", pod("first"))).path("ok").asBoolean()).isTrue();
    assertThat(api.server.objects("AddressBlock")).hasSize(1);
    var block =
        IpPrefix.parse(api.server.objects("AddressBlock").getFirst().at("/spec/prefix").asText());
    api.server.away(true);
    node.awaitStatus(status -> status.path("problems").toString().contains("AddressBlock"));
    int addresses = 1;
    Optional<JsonNode> refused = Optional.empty();
    for (int i = 0; refused.isEmpty(); i++) {
      var answer = node.call(request("e" + i, pod("e" + i)));
      if (answer.path("ok").asBoolean()) {
        addresses++;
      } else {
        refused = Optional.of(answer);
      }
    }
    int size = 1 << (32 - block.length());
    assertThat(addresses).as("but those that are no host's").isBetween(size - 2, size);
    assertThat(message(refused.orElseThrow()))
        .contains(
            "the store of addresses cannot be written: POST", "no answer of http://10.99.0.1");
    api.server.away(false);
    var later = node.callOnceReady(request("later", pod("later")));
    assertThat(later.path("ok").asBoolean()).as("%s", later).isTrue();
    node.awaitStatus(status -> status.path("problems").isEmpty());
    assertThat(api.server.objects("AddressBlock")).hasSize(2);
  }

  // ---- pod CIDRs --------------------------------------------------------------------------

  @Test
  void podCidrsAreThoseOfTheNodeObject() throws Exception {
    network("10.244.0.0/16");
    api.apply("{kind: Node, metadata: {name: n1}, spec: {podCIDRs: [10.244.3.0/24]}}");
    api.apply("{kind: Node, metadata: {name: n2}, spec: {podCIDRs: [10.244.4.0/24]}}");
    for (int i = 1; i <= 2; i++) {
      var answer = start(i).callOnceReady(request("e", pod("e" + i)));
      assertThat(answer.path("addresses").path(0).asText())
          .as("%s", answer)
          .startsWith("10.244." + (i + 2) + ".");
    }
    assertThat(api.server.objects("AddressBlock")).isEmpty();
  }

  // ---- live migration ---------------------------------------------------------------------

  /**
   * As KubeVirt moves a machine: the source pod on one node, the target pod on another, both with
   * the addresses of one claim that was made by hand. What a third pod sends arrives at the active.
   */
  @Test
  void aMachineMovesBetweenTwoPodsOfOneClaim() throws Exception {
    api.apply(
        "{kind: AddressClaim, metadata: {name: vm-1, labels: {of: user}}, spec: {network: web,"
            + " addresses: [192.168.1.77]}}");
    var one = start(1);
    var two = start(2);
    var source = pod("source");
    var target = pod("target");
    var client = pod("client");
    var attached = one.callOnceReady(request("virt-source", source).put("claim", "vm-1"));
    assertThat(attached.path("addresses").path(0).asText())
        .as("%s", attached)
        .isEqualTo("192.168.1.77/24");
    assertThat(two.callOnceReady(request("client", client)).path("ok").asBoolean()).isTrue();
    arrives(client, source, target);

    await(() -> spec("AddressClaim", "vm-1").contains("virt-source"), "held");
    two.awaitAnswer("addresses", a -> a.path("claims").toString().contains("virt-source"));
    assertThat(message(two.callOnceReady(request("virt-target", target).put("claim", "vm-1"))))
        .contains("claim 'vm-1' is held by ['virt-source' on node n1]");
    var standby =
        two.callOnceReady(request("virt-target", target).put("claim", "vm-1").put("standby", true));
    assertThat(standby.path("mac")).as("%s", standby).isEqualTo(attached.path("mac"));
    arrives(client, source, target);
    assertThat(spec("AddressClaim", "vm-1"))
        .contains(
            "{\"node\":\"n1\",\"endpoint\":\"virt-source\",\"active\":true}",
            "{\"node\":\"n2\",\"endpoint\":\"virt-target\",\"active\":false}");

    var activate = ControlClient.request("activate-claim").put("claim", "vm-1").put("node", "n2");
    assertThat(two.call(activate).path("ok").asBoolean()).isTrue();
    assertThat(spec("AddressClaim", "vm-1"))
        .contains("{\"node\":\"n2\",\"endpoint\":\"virt-target\",\"active\":true}");
    arrives(client, target, source);

    // The move is given up: who is active is said by the object, whoever writes it.
    var object = api.find("AddressClaim", "vm-1").orElseThrow();
    for (var holder : object.withArray("/spec/holders")) {
      ((ObjectNode) holder).put("active", holder.path("node").asText().equals("n1"));
    }
    api.server.put(object);
    arrives(client, source, target);

    assertThat(two.call(activate).path("ok").asBoolean()).isTrue();
    var detach = ControlClient.request("detach").put("endpoint", "virt-source");
    assertThat(one.call(detach).path("ok").asBoolean()).isTrue();
    await(() -> !spec("AddressClaim", "vm-1").contains("virt-source"), "let go");
    arrives(client, target, source);
    assertThat(api.find("AddressClaim", "vm-1").orElseThrow().at("/metadata/labels/of").asText())
        .isEqualTo("user");
  }

  /** Soon, what is sent to the address arrives in the one pod, and nothing in the other. */
  private void arrives(String from, String there, String notThere) throws Exception {
    long until = System.nanoTime() + NodeProcess.TIMEOUT_NANOS;
    var counts = new TreeMap<String, Long>();
    do {
      if (System.nanoTime() > until) {
        throw new AssertionError(counts + "\n" + said());
      }
      long before = received(there);
      long other = received(notThere);
      int answered = ping(from);
      counts.put("answered", (long) answered);
      counts.put("there", received(there) - before);
      counts.put("notThere", received(notThere) - other);
    } while (counts.get("answered") != 0 || counts.get("there") < 3 || counts.get("notThere") > 0);
  }

  private String said() throws IOException {
    var said = new StringBuilder();
    for (var node : nodes) {
      said.append(node.call(ControlClient.request("addresses")).path("claims")).append("\n");
      node.log().forEach(line -> said.append(line).append("\n"));
    }
    return said.toString();
  }

  private static int ping(String from) throws Exception {
    return new ProcessBuilder(
            "ip", "netns", "exec", from, "ping", "-c3", "-i0.1", "-W1", "192.168.1.77")
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }

  /** Frames that came to the pod's interface; none while it has none. */
  private long received(String netns) throws Exception {
    var process = new ProcessBuilder("ip", "netns", "exec", netns, "cat", "/proc/net/dev").start();
    try (var lines = process.inputReader()) {
      return lines
          .lines()
          .map(String::strip)
          .filter(line -> line.startsWith("eth0:"))
          .mapToLong(line -> Long.parseLong(line.substring(5).strip().split(" +")[1]))
          .findFirst()
          .orElse(0);
    }
  }
}
