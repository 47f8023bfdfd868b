package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.FdbKind;
import io.weft.linux.netlink.FdbTable;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.EchoStream;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine that nobody announces, behind links of real agents on three nodes. */
class LearningProcessTest {
  private static final String CONFIG =
      """
      kind: Fabric
      metadata: {name: default}
      spec:
        vtep: {cidr: 10.99.0.0/24}
        reflectors: {addresses: [10.99.0.1, 10.99.0.2, 10.99.0.3]}
      ---
      kind: Tenant
      metadata: {name: red}
      ---
      kind: Network
      metadata: {name: red-web}
      spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24]}
      """;

  private static final MacAddress MAC = MacAddress.parse("52:54:00:00:00:07");
  private static final IpAddress ADDRESS = IpAddress.parse("192.168.1.50");
  private static final IpAddress POD = IpAddress.parse("192.168.1.30");

  /** What a move may take that only the wire tells of, at 1,000 packets in a second. */
  private static final int MOST_SILENCE_MILLIS = 1_000;

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private final List<NodeProcess> nodes = new ArrayList<>();
  private RoamingMachine machine;
  private String pod;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    var rack = namespaces.links(namespaces.create("switch"));
    var bridge = rack.createBridge("sw", LinkSettings.UP);
    machine = new RoamingMachine(namespaces, "vm", MAC, ADDRESS);
    for (int i = 1; i <= 3; i++) {
      var underlay = namespaces.create("u" + i);
      var links = namespaces.links(underlay);
      var uplink =
          rack.createVeth(
              "port" + i, LinkSettings.UP.withMaster(bridge.index()), "up", LinkSettings.UP, links);
      links.execute(
          new Request.AddAddress(
              Address.of(uplink.peer().index(), IpAddress.parse("10.99.0." + i), 24)));
      machine.cable(underlay, "eth9");
      var node = new NodeProcess(namespaces, "n" + i, underlay, directory.resolve("n" + i));
      node.write("red.yaml", CONFIG);
      nodes.add(node.start());
    }
    pod = namespaces.create("pod");
    for (var node : nodes) {
      node.awaitStatus(
          status ->
              NodeProcess.isSettled(status)
                  && status.path("peers").path("established").asInt() == 2);
    }
    nodes.get(2).attached("web-1", "red-web", pod, POD.toString());
    attach(0);
    attach(1);
  }

  @AfterEach
  void close() throws Exception {
    for (var node : nodes) {
      node.close();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private void attach(int node) throws Exception {
    var request = ControlClient.request("attach").put("endpoint", "hall").put("network", "red-web");
    var answer = nodes.get(node).call(request.put("link", "eth9").put("learn", true));
    assertThat(answer.path("ok").asBoolean()).as("%s", answer).isTrue();
    assertThat(answer.has("mac")).isFalse();
  }

  private static void await(String what, BooleanSupplier condition) throws Exception {
    long until = System.nanoTime() + 30_000_000_000L;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(until);
      Thread.sleep(10);
    }
  }

  private static boolean has(JsonNode hosts, String address) {
    for (var host : hosts.path("hosts")) {
      boolean named = address.isEmpty() && host.path("addresses").isEmpty();
      for (var each : host.path("addresses")) {
        named |= each.path("address").asText().equals(address);
      }
      if (host.path("mac").asText().equals(MAC.toString()) && named) {
        return host.path("source").asText().equals("learned") && host.path("here").asBoolean();
      }
    }
    return false;
  }

  private List<FdbEntry> rows(int node) {
    try (var tenant = Rtnetlink.openIn(nodes.get(node).prefix() + "red")) {
      return tenant.fdb().stream().filter(row -> row.mac().equals(MAC)).toList();
    }
  }

  /** The kernels of all nodes lead to the one, and no other. */
  private void awaitRows(int at) throws Exception {
    for (int i = 0; i < 3; i++) {
      int node = i;
      var vtep = IpAddress.parse("10.99.0." + (at + 1));
      await(
          "rows of node " + (node + 1) + " lead to node " + (at + 1),
          () -> {
            var rows = rows(node);
            return node == at
                ? rows.size() == 1 && rows.getFirst().destination().isEmpty()
                : rows.size() == 2
                    && rows.stream()
                        .flatMap(r -> r.destination().stream())
                        .toList()
                        .equals(List.of(vtep));
          });
    }
  }

  @Test
  void aMachineIsHeardFollowedAndForgotten() throws Exception {
    machine.plug(0);
    machine.speak();
    nodes.get(0).awaitAnswer("endpoints", hosts -> has(hosts, ""));
    machine.announce();
    nodes.get(0).awaitAnswer("endpoints", hosts -> has(hosts, ADDRESS.toString()));
    awaitRows(0);

    // Once only: the moves of more would be taken for those of a duplicate.
    try (var connection = new LiveConnection(pod, machine.namespace(), ADDRESS)) {
      assertThat(longestSilenceOfMoves(connection))
          .as("ms without a reply")
          .isLessThan(MOST_SILENCE_MILLIS);
    }

    // The restarted agent knows it, and nothing is interrupted.
    nodes.get(0).kill();
    try (var stream = EchoStream.startIn(pod, ADDRESS, Duration.ofMillis(1))) {
      nodes.get(0).start();
      nodes.get(0).awaitAnswer("endpoints", hosts -> has(hosts, ADDRESS.toString()));
      nodes.get(0).awaitStatus(NodeProcess::isSettled);
      await("replies", () -> stream.received() > 100);
      assertThat(stream.stop(Duration.ofSeconds(1)).lost()).isZero();
    }

    nodes.get(0).call(ControlClient.request("detach").put("endpoint", "hall"));
    for (int i = 1; i < 3; i++) { // the first has no endpoint left, and no tenant
      int node = i;
      await("no rows of node " + node, () -> rows(node).isEmpty());
    }
    try (var echo = IcmpEcho.openIn(pod, ADDRESS)) {
      assertThat(echo.ping(56, Duration.ofMillis(200))).isNotInstanceOf(EchoResult.Reply.class);
    }
  }

  /** It moves to the second node and back to the first. */
  private int longestSilenceOfMoves(LiveConnection connection) throws Exception {
    await("a reply", this::isReached); // a stream counts from its first packet
    try (var stream = EchoStream.startIn(pod, ADDRESS, Duration.ofMillis(1))) {
      await("replies", () -> stream.received() > 100);
      connection.exchange();
      // Told by gratuitous ARP.
      machine.plug(1);
      machine.announce();
      awaitRows(1);
      nodes.get(1).awaitAnswer("endpoints", hosts -> has(hosts, ADDRESS.toString()));
      int before = stream.received();
      await("replies after it has moved", () -> stream.received() > before + 100);
      connection.exchange();
      // Told by nothing but a frame: its addresses are asked for.
      machine.plug(0);
      machine.speak();
      awaitRows(0);
      nodes.get(0).awaitAnswer("endpoints", hosts -> has(hosts, ADDRESS.toString()));
      int then = stream.received();
      await("replies after it is back", () -> stream.received() > then + 100);
      connection.exchange();
      return stream.stop(Duration.ofSeconds(1)).longestSilence();
    }
  }

  private boolean isReached() {
    try (var echo = IcmpEcho.openIn(pod, ADDRESS)) {
      return echo.ping(56, Duration.ofSeconds(1)) instanceof EchoResult.Reply;
    }
  }

  /** The sender's node does not hear of the move: its agent stands still. */
  @Test
  void whatStillComesToTheOldNodeIsSentOnForAMoment() throws Exception {
    machine.plug(0);
    machine.announce();
    awaitRows(0);
    var sender = nodes.get(2).process();
    try (var stream = EchoStream.startIn(pod, ADDRESS, Duration.ofMillis(2))) {
      await("replies", () -> stream.received() > 50);
      stop(sender, true);
      machine.plug(1);
      machine.announce();
      await("the old node knows where it is", () -> rows(0).size() == 2);
      int before = stream.received();
      await("replies over the old node", () -> stream.received() > before + 100);
      assertThat(rows(2).stream().flatMap(row -> row.destination().stream()))
          .as("where the sender's node sends")
          .containsExactly(IpAddress.parse("10.99.0.1"));
    } finally {
      stop(sender, false);
    }
    awaitRows(1);
  }

  private static void stop(Process process, boolean stopped) throws Exception {
    var signal = stopped ? "-STOP" : "-CONT";
    assertThat(new ProcessBuilder("kill", signal, "" + process.pid()).start().waitFor()).isZero();
  }

  @Test
  void aFloodOfMacsIsBounded() throws Exception {
    machine.plug(0);
    nodes
        .get(0)
        .awaitAnswer(
            "endpoints",
            hosts -> {
              machine.announce(); // the first may come before somebody listens
              return has(hosts, ADDRESS.toString());
            });
    machine.flood(5_000);
    await("256 MACs of the port", () -> rowsInBridge(FdbKind.STATIC) >= 256);
    int dynamic = rowsInBridge(FdbKind.DYNAMIC);
    assumeTrue(dynamic < 4_000, "needs Linux 6.7");
    assertThat(dynamic).isLessThanOrEqualTo(1_024);
    assertThat(rowsInBridge(FdbKind.STATIC)).isLessThan(300);
    nodes.get(0).awaitAnswer("endpoints", hosts -> has(hosts, ADDRESS.toString()));
    await("a reply", this::isReached);
  }

  private int rowsInBridge(FdbKind kind) {
    try (var tenant = Rtnetlink.openIn(nodes.getFirst().prefix() + "red")) {
      return tenant.fdb(row -> row.table() == FdbTable.MASTER && row.kind() == kind).size();
    }
  }
}
