package io.weft.kubernetes.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** By which addresses other nodes are known, and that a change costs little. */
final class NodeAddressesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final BlockingQueue<NodeAddresses.Found> told = new LinkedBlockingQueue<>();
  private ApiServer server;
  private ApiClient client;
  private NodeAddresses nodes;

  @BeforeEach
  void start() throws Exception {
    server = ApiServer.start();
    client =
        new ApiClient(
            new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous()));
  }

  @AfterEach
  void stop() {
    if (nodes != null) {
      nodes.close();
    }
    client.close();
    server.close();
  }

  private void node(String name, String annotations, String... addresses) throws IOException {
    var object =
        (ObjectNode)
            JSON.readTree(
                """
                {"apiVersion": "v1", "kind": "Node",
                 "metadata": {"name": "%s", "labels": {"kubernetes.io/os": "linux"},
                              "annotations": {%s}}}
                """
                    .formatted(name, annotations));
    var list = object.putObject("status").putArray("addresses");
    list.addObject().put("type", "Hostname").put("address", name);
    for (var each : addresses) {
      var words = each.split(" ", -1);
      list.addObject().put("type", words[0]).put("address", words[1]);
    }
    server.put(object);
  }

  private void open(String self) {
    nodes = NodeAddresses.start(client, self, told::add);
  }

  private void awaitAddresses(String... addresses) throws InterruptedException {
    var next = told.poll(30, TimeUnit.SECONDS);
    assertThat(next).as("addresses " + List.of(addresses)).isNotNull();
    assertThat(next.complete()).isTrue();
    assertThat(next.addresses())
        .containsExactlyInAnyOrderElementsOf(Stream.of(addresses).map(IpAddress::parse).toList());
  }

  @Test
  void allAddressesOfOtherNodesOfBothFamilies() throws Exception {
    node("node-1", "", "InternalIP 10.0.0.1", "InternalIP fd00::1");
    node(
        "node-2",
        "\"weft.io/vtep\": \"198.51.100.2\"",
        "InternalIP 10.0.0.2",
        "InternalIP fd00::2",
        "ExternalIP 203.0.113.2",
        "InternalDNS node-2.example",
        "InternalIP nonsense");
    node("node-3", "", "InternalIP 10.0.0.3");
    open("node-1");
    awaitAddresses("10.0.0.2", "fd00::2", "203.0.113.2", "198.51.100.2", "10.0.0.3");
  }

  /** Names of those that were read by themselves, in order. */
  private List<String> singleReads() {
    return server.asked().stream()
        .filter(call -> call.contains("fieldSelector="))
        .map(call -> call.replaceAll(".*metadata\\.name(=|%3D)([^&]*).*", "$2"))
        .toList();
  }

  private long tables() {
    return server.asked().stream().filter(call -> call.contains("includeObject=None")).count();
  }

  /** All but tables and reads of one Node. */
  private List<String> otherCalls() {
    return server.asked().stream()
        .filter(call -> call.contains("/nodes"))
        .filter(call -> !call.contains("includeObject=None") && !call.contains("fieldSelector="))
        .toList();
  }

  @Test
  void nodesThatComeChangeAndGoAreSeenWithoutAllBeingReadAgain() throws Exception {
    node("node-1", "", "InternalIP 10.0.0.1");
    node("node-2", "", "InternalIP 10.0.0.2");
    open("node-1");
    awaitAddresses("10.0.0.2");
    assertThat(singleReads()).containsExactly("node-1", "node-2");
    node("node-3", "", "InternalIP 10.0.0.3", "InternalIP fd00::3");
    awaitAddresses("10.0.0.2", "10.0.0.3", "fd00::3");
    node("node-3", "", "InternalIP 10.0.0.33", "InternalIP fd00::3");
    awaitAddresses("10.0.0.2", "10.0.0.33", "fd00::3");
    server.remove("Node", "node-2");
    awaitAddresses("10.0.0.33", "fd00::3");
    // Status is written every some minutes by each kubelet; nobody is told of that.
    node("node-3", "\"some\": \"thing\"", "InternalIP 10.0.0.33", "InternalIP fd00::3");
    assertThat(told.poll(6, TimeUnit.SECONDS)).isNull();
    nodes.close();
    assertThat(otherCalls()).as("neither watches nor full lists").isEmpty();
    // Two at first, two that were new or other, and one in turn at each look.
    assertThat((long) singleReads().size()).isBetween(4L, 4 + tables());
    assertThat(nodes.problems()).isEmpty();
  }

  /** Which its row does not show. */
  @Test
  void aFurtherAddressOfANodeIsFoundInItsTurn() throws Exception {
    node("node-1", "", "InternalIP 10.0.0.1");
    node("node-2", "", "InternalIP 10.0.0.2");
    node("node-3", "", "InternalIP 10.0.0.3");
    open("node-1");
    awaitAddresses("10.0.0.2", "10.0.0.3");
    node("node-3", "", "InternalIP 10.0.0.3", "InternalIP fd00::3");
    awaitAddresses("10.0.0.2", "10.0.0.3", "fd00::3");
    assertThat(tables()).isLessThanOrEqualTo(5);
  }

  @Test
  void manyNodesAreReadInPortions() throws Exception {
    int count = NodeAddresses.READ_AT_ONCE + 20;
    for (int i = 1; i <= count; i++) {
      node("node-%03d".formatted(i), "", "InternalIP 10.0.0." + i, "InternalIP fd00::" + i);
    }
    open("node-x");
    var first = told.poll(30, TimeUnit.SECONDS);
    assertThat(first.complete()).isFalse();
    assertThat(first.addresses()).as("the first of each").hasSize(count + 100);
    assertThat(tables()).isEqualTo(1);
    assertThat(singleReads()).hasSize(100).doesNotHaveDuplicates();
    var next = told.poll(30, TimeUnit.SECONDS);
    assertThat(next.complete()).isTrue();
    assertThat(next.addresses()).hasSize(2 * count);
    assertThat(tables()).isEqualTo(2);
    assertThat(singleReads().subList(100, 120))
        .doesNotContainAnyElementsOf(singleReads().subList(0, 100));
    assertThat(otherCalls()).isEmpty();
  }

  @Test
  void theWaitDoublesWithEachFailure() {
    assertThat(
            Stream.of(1, 2, 3, 5, 6, 1000)
                .map(n -> NodeAddresses.afterFailure(n, Optional.empty()).toSeconds()))
        .containsExactly(30L, 60L, 120L, 480L, 600L, 600L);
    assertThat(NodeAddresses.afterFailure(1, Optional.of(Duration.ofSeconds(20))))
        .isEqualTo(Duration.ofSeconds(40));
    assertThat(NodeAddresses.afterFailure(3, Optional.of(Duration.ofSeconds(20))))
        .isEqualTo(Duration.ofSeconds(120));
  }

  @Test
  void whatIsKnownStaysWhileTheServerRefuses() throws Exception {
    node("node-2", "", "InternalIP 10.0.0.2");
    open("node-1");
    awaitAddresses("10.0.0.2");
    server.forbid(call -> call.contains("/nodes"));
    for (int i = 0; i < 300 && nodes.problems().isEmpty(); i++) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    assertThat(nodes.problems())
        .singleElement()
        .satisfies(text -> assertThat(text).startsWith("Kubernetes API: addresses of nodes: "));
    assertThat(told).isEmpty();
  }

  /** One of them would be more than the set takes. */
  @Test
  void moreThanTheMostAreSaidAndLeftOut() throws Exception {
    int count = NodeAddresses.MOST / 2;
    for (int i = 0; i <= count; i++) {
      var rest = i / 256 + "." + i % 256;
      node("node-%05d".formatted(i), "", "InternalIP 10.0." + rest, "ExternalIP 10.1." + rest);
    }
    open("node-x");
    var next = told.poll(60, TimeUnit.SECONDS);
    assertThat(next.addresses()).hasSize(NodeAddresses.MOST);
    assertThat(nodes.problems())
        .singleElement()
        .satisfies(
            text ->
                assertThat(text)
                    .contains(
                        "more than 32768 addresses: those of 1 nodes, 'node-%05d'"
                            .formatted(count)));
  }
}
