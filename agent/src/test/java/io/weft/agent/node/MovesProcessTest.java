package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.control.ControlClient;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.Table;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.EchoStream;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An endpoint that moves by calls, with its MAC and address, between real nodes. */
class MovesProcessTest {
  private static final MacAddress MAC = MacAddress.parse("02:00:00:00:00:99");
  private static final String ADDRESS = "192.168.1.50";
  private static final int MOVES = 300;
  private static final String TABLE = "weft-moved-100";

  @TempDir private Path directory;
  private ThreeNodes nodes;

  @BeforeEach
  void open() throws Exception {
    nodes = new ThreeNodes(directory, "{moves: 1000, seconds: 1, recoverSeconds: 1}", List.of());
  }

  @AfterEach
  void close() throws Exception {
    if (nodes != null) {
      signal(3, "CONT");
      nodes.close();
    }
  }

  private void signal(int node, String name) throws Exception {
    long pid = nodes.node(node).process().pid();
    assertThat(new ProcessBuilder("kill", "-" + name, "" + pid).start().waitFor()).isZero();
  }

  private void attach(int node, String pod) throws Exception {
    var request = NodeProcess.attaching("vm", "web", pod, ADDRESS).put("mac", MAC.toString());
    var answer = nodes.node(node).callOnceReady(request);
    assertThat(answer.path("ok").asBoolean()).as("%s", answer).isTrue();
  }

  private void detach(int node) throws IOException {
    var answer = nodes.node(node).call(ControlClient.request("detach").put("endpoint", "vm"));
    assertThat(answer.path("ok").asBoolean()).as("%s", answer).isTrue();
  }

  private static void await(String what, BooleanSupplier condition) throws Exception {
    long until = System.nanoTime() + NodeProcess.TIMEOUT_NANOS;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(until);
      Thread.sleep(2);
    }
  }

  private String tenant(int node) {
    return nodes.node(node).prefix() + "red";
  }

  /** The VTEPs that the node's kernel sends frames for the MAC to. */
  private static List<IpAddress> vteps(Rtnetlink tenant) {
    return tenant.fdb(row -> row.mac().equals(MAC)).stream()
        .map(FdbEntry::destination)
        .flatMap(found -> found.stream())
        .toList();
  }

  private static IpAddress vtep(int node) {
    return IpAddress.parse("10.99.0." + node);
  }

  private boolean sendsOn(int node) {
    if (!NetworkNamespaces.exists(tenant(node))) {
      return false;
    }
    try (var nftables = Nftables.openIn(tenant(node))) {
      var table = nftables.table(Table.Family.NETDEV, TABLE);
      return table.isPresent()
          && !nftables
              .elements(Table.Family.NETDEV, TABLE, table.get().sets().getFirst())
              .isEmpty();
    } catch (LinuxException e) {
      assertThat(e.errno()).as("%s", e).isEqualTo(Errno.ENOENT); // it went while we looked
      return false;
    }
  }

  // ---- what still comes to the old node ---------------------------------------------------

  /** A node does not hear of a move, because its agent stands still; its kernel sends on. */
  @Test
  void theOldNodeSendsOnForAMomentWhatStillComesToIt() throws Exception {
    var sender = nodes.pod(3, 11);
    nodes.pod(1, 12); // so that node 3 lets answers of node 1 in
    attach(2, nodes.namespaces.create("old"));
    try (var during = nodes.traffic(sender, ADDRESS)) {
      signal(3, "STOP");
      attach(1, nodes.namespaces.create("new"));
      try (var tenant = Rtnetlink.openIn(tenant(2))) {
        await("node 2 has heard of it", () -> vteps(tenant).equals(List.of(vtep(1))));
      }
      detach(2); // its last endpoint
      await("node 2 sends on", () -> sendsOn(2));
      try (var after = EchoStream.startIn(sender, IpAddress.parse(ADDRESS), ThreeNodes.INTERVAL)) {
        ThreeNodes.awaitAnswers(after, 100); // there is no other way
        var seen = after.stop(Duration.ofSeconds(1));
        if (sendsOn(2)) {
          assertThat(seen.lost()).as("%s, none of it after the moment", seen).isZero();
        }
      }
      var seen = during.stop(Duration.ofSeconds(1));
      System.out.printf("over the move: %d of %d lost%n", seen.lost(), seen.sent());
    }
    await("node 2 is clean", () -> !NetworkNamespaces.exists(tenant(2)));
    try (var echo = IcmpEcho.openIn(sender, IpAddress.parse(ADDRESS))) {
      assertThat(echo.ping(56, Duration.ofMillis(200)))
          .as("the moment is over, and node 3 has still not heard")
          .isNotInstanceOf(EchoResult.Reply.class);
      signal(3, "CONT");
      await(
          "a reply once node 3 goes on",
          () -> echo.ping(56, Duration.ofMillis(200)) instanceof EchoResult.Reply);
    }
  }

  // ---- many moves -------------------------------------------------------------------------

  /**
   * One endpoint goes around the nodes: attached at the next one, detached at the one before. In
   * the end kernels, routes and brains say the same, and nothing is left of the way.
   */
  @Test
  void threeHundredMovesLeaveKernelsRoutesAndModelsEqual() throws Exception {
    var pods = new ArrayList<String>();
    var senders = new ArrayList<String>();
    var tenants = new ArrayList<Rtnetlink>();
    for (int node = 1; node <= 3; node++) {
      pods.add(nodes.namespaces.create("vm" + node));
      senders.add(nodes.pod(node, 10 + node));
      tenants.add(nodes.namespaces.closing(Rtnetlink.openIn(tenant(node))));
    }
    attach(1, pods.getFirst());
    int at = 1;
    for (int move = 1; move <= MOVES; move++) {
      int from = at;
      int to = at % 3 + 1;
      var next = tenants.get(to - 1);
      await("node " + to + " knows it", () -> vteps(next).equals(List.of(vtep(from))));
      attach(to, pods.get(to - 1));
      detach(from);
      at = to;
    }
    var last = vtep(at);
    var expected = new TreeSet<String>();
    expected.add(MAC + " " + ADDRESS + " " + last + " " + MOVES);
    for (int node = 1; node <= 3; node++) {
      int number = node;
      await("routes of node " + node, () -> routes(number).equals(expected));
      nodes.node(node).awaitStatus(NodeProcess::isSettled);
      await("node " + node + " sends nothing on", () -> !sendsOn(number));
      checkKernel(tenants.get(node - 1), node, at);
      checkModel(node, at);
    }
    for (var sender : senders) {
      try (var echo = IcmpEcho.openIn(sender, IpAddress.parse(ADDRESS))) {
        await("a reply", () -> echo.ping(56, Duration.ofSeconds(1)) instanceof EchoResult.Reply);
      }
    }
  }

  /** MAC, address, next hop and number of each path to the endpoint that the node has. */
  private TreeSet<String> routes(int node) {
    var found = new TreeSet<String>();
    try {
      for (var route : nodes.call(node, "routes").path("routes")) {
        if (route.path("mac").asText().equals(MAC.toString())) {
          found.add(
              "%s %s %s %s"
                  .formatted(
                      MAC,
                      route.path("ip").asText(),
                      route.path("nextHop").asText(),
                      route.path("sequence").asText()));
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return found;
  }

  private void checkKernel(Rtnetlink tenant, int node, int at) {
    var rows = tenant.fdb(row -> row.mac().equals(MAC));
    assertThat(rows).as("rows of node %d", node).hasSize(node == at ? 1 : 2);
    assertThat(vteps(tenant)).isEqualTo(node == at ? List.of() : List.of(vtep(at)));
    assertThat(
            tenant.neighbours().stream()
                .filter(row -> row.address().equals(IpAddress.parse(ADDRESS)))
                .map(row -> row.mac().orElseThrow()))
        .as("neighbours of node %d", node)
        .containsOnly(MAC);
    assertThat(tenant.links().stream().filter(link -> link.kind().equals("veth")))
        .as("ports of node %d", node)
        .hasSize(node == at ? 2 : 1);
  }

  private void checkModel(int node, int at) throws IOException {
    var status = nodes.node(node).status();
    assertThat(status.path("problems")).as("problems of node %d", node).isEmpty();
    assertThat(status.path("duplicates")).as("duplicates of node %d", node).isEmpty();
    var here = new TreeSet<String>();
    for (JsonNode host : nodes.call(node, "endpoints").path("hosts")) {
      assertThat(host.path("here").asBoolean()).isTrue();
      here.add(host.path("endpoint").asText());
    }
    var expected = new TreeSet<String>(List.of("web-1" + node));
    if (node == at) {
      expected.add("vm");
    }
    assertThat(here).as("endpoints of node %d", node).isEqualTo(expected);
  }
}
