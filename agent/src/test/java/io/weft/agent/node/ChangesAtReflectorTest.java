package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.RouteTargetMembership;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The YAML of two running nodes behind a running reflector is edited in place. How many UPDATEs the
 * second node gets of it is counted there; of which networks they are, by a neighbour of the
 * reflector that wants to hear everything; and other networks stay as they are on both.
 */
class ChangesAtReflectorTest {
  private static final String FABRIC =
      """
      kind: Fabric
      metadata: {name: default}
      spec:
        vtep: {cidr: 10.99.0.0/24}
        reflectors: {addresses: [10.99.0.9]}
      """;
  private static final String OTHERS =
      """
      kind: Tenant
      metadata: {name: red}
      spec: {l3vni: 5001}
      ---
      kind: Tenant
      metadata: {name: blue}
      spec: {l3vni: 5002}
      ---
      kind: Network
      metadata: {name: db}
      spec: {tenant: red, vni: 200, subnets: [192.168.2.0/24], gateway: true}
      ---
      kind: Network
      metadata: {name: shop}
      spec: {tenant: blue, vni: 400, subnets: [192.168.4.0/24], gateway: true}
      """;
  private static final String WEB =
      "tenant: red, vni: 100, subnets: [192.168.1.0/24], gateway: true";
  private static final Ipv4Address REFLECTOR = (Ipv4Address) IpAddress.parse("10.99.0.9");
  private static final Ipv4Address LISTENER = (Ipv4Address) IpAddress.parse("10.99.0.8");
  private static final IpAddress MOVED = IpAddress.parse("10.99.0.3");

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private Process reflector;
  private final List<NodeProcess> nodes = new ArrayList<>();
  private final HeardUpdates heard = new HeardUpdates();
  private RoutePeer listener;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    var rack = namespaces.create("rack");
    var links = namespaces.links(rack);
    int bridge = links.createBridge("rack", LinkSettings.UP.withMtu(1500)).index();
    links.setLink(links.requireLink("lo").index(), LinkSettings.UP);
    for (var address : List.of(REFLECTOR, LISTENER)) {
      links.execute(new Request.AddAddress(Address.of(bridge, address, 24)));
    }
    reflector = reflector(rack);
    for (int n = 1; n <= 2; n++) {
      var underlay = namespaces.create("u" + n);
      var inside = namespaces.links(underlay);
      var pair =
          links.createVeth(
              "to" + n,
              LinkSettings.UP.withMtu(1500).withMaster(bridge),
              "uplink",
              LinkSettings.UP.withMtu(1500),
              inside);
      var vtep = IpAddress.parse("10.99.0." + n);
      inside.execute(new Request.AddAddress(Address.of(pair.peer().index(), vtep, 24)));
      var node = new NodeProcess(namespaces, "a" + n, underlay, directory.resolve("a" + n));
      nodes.add(node);
      node.write("fabric.yaml", FABRIC);
      node.write("others.yaml", OTHERS);
      node.write("web.yaml", web(WEB));
      node.start().awaitStatus(ChangesAtReflectorTest::isConnected);
      attach(node, "web", "192.168.1.1" + n, n);
      attach(node, "db", "192.168.2.1" + n, n);
      attach(node, "shop", "192.168.4.1" + n, n);
    }
    listener = RoutePeer.connect(rack, LISTENER, REFLECTOR, heard);
    listener.announce(
        PathAttributes.originated(LISTENER, List.of(), Optional.empty()),
        List.of(RouteTargetMembership.DEFAULT));
    assertThat(heard.distinguishers()).containsExactly("100", "200", "400", "5001", "5002");
  }

  private Process reflector(String namespace) throws IOException {
    return NetworkNamespaces.<Process, IOException>callIn(
        namespace,
        () ->
            new ProcessBuilder(
                    NodeProcess.launcher().toString(),
                    "reflector",
                    "--listen=" + REFLECTOR + ":179",
                    "--asn=65000",
                    "--router-id=" + REFLECTOR,
                    "--clients=10.99.0.0/24",
                    "--socket=" + directory.resolve("rr.sock"))
                .redirectErrorStream(true)
                .redirectOutput(
                    ProcessBuilder.Redirect.appendTo(directory.resolve("rr.log").toFile()))
                .start());
  }

  private void attach(NodeProcess node, String network, String address, int n) throws Exception {
    var pod = namespaces.create(network + n);
    var answer = node.attach(network + "-" + n, network, pod, address);
    assertThat(answer.path("ok").asBoolean()).as("%s", answer).isTrue();
  }

  private static boolean isConnected(JsonNode status) {
    return NodeProcess.isSettled(status) && status.path("peers").path("established").asInt() == 1;
  }

  private static String web(String spec) {
    return "kind: Network\nmetadata: {name: web}\nspec: {" + spec + "}\n";
  }

  @AfterEach
  void close() throws Exception {
    if (listener != null) {
      listener.close();
    }
    for (var node : nodes) {
      node.close();
    }
    if (reflector != null) {
      reflector.destroyForcibly().waitFor();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  /** What a change was to others. */
  private record Touched(long updates, Set<String> numbers) {}

  /** Something that is done to the fabric. */
  private interface Change {
    void carryOut() throws Exception;
  }

  private Touched touched(String name, Change change) throws Exception {
    long before = updates();
    change.carryOut();
    var numbers = heard.distinguishers();
    for (var node : nodes) {
      node.awaitStatus(ChangesAtReflectorTest::isConnected);
    }
    var touched = new Touched(updates() - before, numbers);
    System.out.println(name + ": " + touched.updates() + " UPDATEs to the second node");
    return touched;
  }

  /** UPDATEs that the second node has got from the reflector. */
  private long updates() throws Exception {
    return nodes
        .get(1)
        .call(ControlClient.request("peers"))
        .path("peers")
        .path(0)
        .path("updates")
        .asLong();
  }

  /** The same edit on both nodes. */
  private Touched edit(String name, String spec) throws Exception {
    var others = others();
    var touched =
        touched(
            name,
            () -> {
              for (var node : nodes) {
                long writes = node.writes();
                node.write("web.yaml", web(spec));
                node.awaitStatus(status -> status.path("kernel").path("writes").asLong() > writes);
              }
            });
    assertThat(others()).as(name + ": what is of db and shop").isEqualTo(others);
    return touched;
  }

  /** Devices and rows of the networks that nobody edits, on both nodes. */
  private Set<String> others() {
    var lines = new TreeSet<String>();
    for (int n = 1; n <= 2; n++) {
      for (var tenant : List.of("red", "blue")) {
        try (var netlink = Rtnetlink.openIn(nodes.get(n - 1).prefix() + tenant)) {
          for (var link : netlink.links()) {
            if (link.name().matches("(br|vx)(200|400)")) {
              var where = n + " " + link.name() + " " + link.index() + " ";
              netlink.fdb().stream()
                  .filter(row -> row.link() == link.index())
                  .forEach(row -> lines.add(where + row));
              netlink.neighbours().stream()
                  .filter(row -> row.link() == link.index() && row.externLearned())
                  .forEach(row -> lines.add(where + row));
            }
          }
        }
      }
    }
    return lines;
  }

  @Test
  void aChangedNetworkIsAllThatASecondNodeHearsOf() throws Exception {
    assertThat(others()).isNotEmpty();
    var mtu = edit("MTU", WEB + ", mtu: 1300");
    assertThat(mtu).isEqualTo(new Touched(0, Set.of()));
    edit("MTU back", WEB);

    var gateway = edit("gateway", WEB.replace("true", "[192.168.1.254]"));
    assertThat(gateway).isEqualTo(new Touched(0, Set.of()));
    edit("gateway back", WEB);

    var vni = edit("VNI", WEB.replace("100", "101"));
    assertThat(vni.numbers()).isSubsetOf("100", "101", "5001").contains("100", "101");
    assertThat(vni.updates()).isBetween(1L, 8L);
    edit("VNI back", WEB);

    var subnet =
        edit(
            "subnet",
            WEB.replace("192.168.1.0/24", "192.168.0.0/23").replace("true", "[192.168.1.1]"));
    assertThat(subnet.numbers()).isSubsetOf("100", "5001").contains("5001");
    assertThat(subnet.updates()).isBetween(1L, 8L);
    edit("subnet back", WEB);

    var targets =
        edit("targets", WEB + ", routeTargets: {import: ['65000:77'], export: ['65000:77']}");
    assertThat(targets.numbers()).isSubsetOf("100", "5001").contains("100");
    assertThat(targets.updates()).isBetween(1L, 8L);
    edit("targets back", WEB);

    var tenant = edit("tenant", WEB.replace("red", "blue"));
    assertThat(tenant.numbers()).isSubsetOf("100", "5001", "5002").contains("100");
    assertThat(tenant.updates()).isBetween(1L, 12L);
    edit("tenant back", WEB);

    var vtep = touched("VTEP", this::move);
    assertThat(vtep.numbers()).contains("100", "200", "400", "5001", "5002");
    assertThat(locals()).as("nothing of the first address is left").containsExactly("10.99.0.3");
  }

  /** The first node is told to use another of its addresses; the former still stands. */
  private void move() throws Exception {
    var inside = namespaces.links("x" + namespaces.prefix() + "u1");
    int uplink = inside.requireLink("uplink").index();
    inside.execute(new Request.AddAddress(Address.of(uplink, MOVED, 24)));
    var node = nodes.getFirst();
    node.write("fabric.yaml", FABRIC.replace("cidr: 10.99.0.0/24", "cidr: " + MOVED + "/32"));
    node.awaitStatus(status -> status.path("vtep").asText().equals(MOVED.toString()));
    nodes.get(1).awaitStatus(_ -> locals().equals(Set.of(MOVED.toString())));
  }

  /** Where the second node sends to. */
  private Set<String> locals() {
    var vteps = new TreeSet<String>();
    for (var tenant : List.of("red", "blue")) {
      try (var netlink = Rtnetlink.openIn(nodes.get(1).prefix() + tenant)) {
        netlink
            .fdb()
            .forEach(row -> row.destination().ifPresent(vtep -> vteps.add(vtep.toString())));
      }
    }
    return vteps;
  }
}
