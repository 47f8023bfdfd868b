package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.EchoStream;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Three real nodes on one Layer 2 underlay, the first of which reflects, with a network of a tenant
 * that routes: {@code web}, 192.168.1.0/24, VNI 100.
 */
final class ThreeNodes {
  /** How often traffic sends. */
  static final Duration INTERVAL = Duration.ofMillis(1);

  private static final String FABRIC =
      """
    kind: Fabric
    metadata: {name: default}
    spec:
      vtep: {cidr: 10.99.0.0/24}
      reflectors: {addresses: [10.99.0.1]}
      duplicates: %s
    ---
    kind: Tenant
    metadata: {name: red}
    spec: {l3vni: 5001}
    ---
    kind: Network
    metadata: {name: web}
    spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24], gateway: true}
    """;

  final TestNamespaces namespaces;
  private final List<NodeProcess> nodes = new ArrayList<>();

  ThreeNodes(Path directory, String... more) throws Exception {
    this(directory, "{moves: 3, seconds: 120, recoverSeconds: 10}", List.of(more));
  }

  /**
   * With other limits of what is a duplicate.
   *
   * @param duplicates as the resource has them
   */
  ThreeNodes(Path directory, String duplicates, List<String> more) throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    try {
      var wires = namespaces.links(namespaces.create("wires"));
      int bridge = wires.createBridge("wires", LinkSettings.UP.withMtu(1500)).index();
      for (int i = 1; i <= 3; i++) {
        var underlay = namespaces.create("underlay" + i);
        var links = namespaces.links(underlay);
        var up = LinkSettings.UP;
        var wire = links.createVeth("eth0", up, "n" + i, up.withMaster(bridge), wires);
        links.execute(
            new Request.AddAddress(
                Address.of(wire.link().index(), IpAddress.parse("10.99.0." + i), 24)));
        var node = new NodeProcess(namespaces, "n" + i, underlay, directory.resolve("n" + i));
        node.write("fabric.yaml", FABRIC.formatted(duplicates));
        nodes.add(node);
        node.start(more.toArray(String[]::new));
      }
      for (var node : nodes) {
        node.awaitStatus(NodeProcess::isSettled);
        node.awaitStatus(status -> status.at("/peers/established").asInt() > 0);
      }
    } catch (Exception | Error e) {
      close();
      throw e;
    }
  }

  /** 1 to 3. */
  NodeProcess node(int number) {
    return nodes.get(number - 1);
  }

  /** A new pod at a node, by the number of its address; gives its namespace. */
  String pod(int node, int address, String... prefixes) throws Exception {
    var pod = namespaces.create("pod" + address);
    attach(node, pod, address, prefixes);
    return pod;
  }

  void attach(int node, String pod, int address, String... prefixes) throws Exception {
    var request = NodeProcess.attaching("web-" + address, "web", pod, "192.168.1." + address);
    var array = request.putArray("prefixes");
    List.of(prefixes).forEach(array::add);
    var answer = node(node).callOnceReady(request);
    assertThat(answer.path("ok").asBoolean()).as("%s", answer).isTrue();
    try (var inside = Rtnetlink.openIn(pod)) {
      int lo = inside.requireLink("lo").index();
      for (var prefix : prefixes) {
        var first = prefix.replaceAll("\\.0/\\d+$", ".");
        for (int i = 1; i <= 8; i++) {
          inside.execute(new Request.AddAddress(Address.of(lo, IpAddress.parse(first + i), 32)));
        }
      }
    }
  }

  JsonNode call(int node, String name) throws IOException {
    return node(node).call(ControlClient.request(name));
  }

  /** A stream of echoes, once the first one is answered. */
  EchoStream traffic(String pod, String address) throws Exception {
    return traffic(pod, address, INTERVAL);
  }

  EchoStream traffic(String pod, String address, Duration interval) throws Exception {
    var stream = EchoStream.startIn(pod, IpAddress.parse(address), interval);
    awaitAnswers(stream, 1);
    // What was lost until routes were there is not what is measured.
    stream.close();
    var measured = EchoStream.startIn(pod, IpAddress.parse(address), interval);
    awaitAnswers(measured, 50);
    return measured;
  }

  static void awaitAnswers(EchoStream stream, int more) throws Exception {
    int before = stream.received();
    long until = System.nanoTime() + NodeProcess.TIMEOUT_NANOS;
    while (stream.received() < before + more) {
      assertThat(System.nanoTime()).as("answers, %d so far", stream.received()).isLessThan(until);
      Thread.sleep(5);
    }
  }

  /**
   * As a reboot does it: nothing of the kernel's is left, but for the interfaces of the machine.
   */
  void reboot(int number) throws Exception {
    node(number).kill();
    for (var name : NetworkNamespaces.list()) {
      if (name.startsWith(node(number).prefix())
          && (number != 1 || !name.startsWith(namespaces.prefix() + "n"))) {
        NetworkNamespaces.delete(name);
      }
    }
  }

  void close() throws Exception {
    for (var node : nodes) {
      node.close();
    }
    namespaces.close();
  }
}
