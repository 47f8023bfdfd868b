package io.weft.linux.packet;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.TestNamespaces;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.BridgePort;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netlink.Vxlan;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.net.Vni;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * VTEPs of both families by hand (decisions/0023): node 1 has IPv4 only, node 2 IPv6 only, nodes 3
 * and 4 have both, with a vxlan port for each family on one bridge.
 */
class DualStackByHandTest {
  private static final Vni VNI = new Vni(100);
  private static final int MTU = 1430;
  private static final Duration SHORT = Duration.ofMillis(300);

  /** A frame to everybody that nobody answers (EtherType for experiments, IEEE 802). */
  private static final String MARK = "88b5" + "5ca1ab1e".repeat(12);

  private final List<Node> nodes = new ArrayList<>();
  private TestNamespaces namespaces;

  private record Node(
      int number,
      String underlay,
      Rtnetlink links,
      Rtnetlink tenant,
      String pod,
      Rtnetlink podLinks,
      Optional<IpAddress> v4,
      Optional<IpAddress> v6) {
    IpAddress address() {
      return IpAddress.parse("192.168.1." + number);
    }

    MacAddress mac() {
      return MacAddress.parse("02:aa:00:00:00:0" + number);
    }
  }

  @BeforeEach
  void build() {
    namespaces = new TestNamespaces();
    var fabric = namespaces.links(namespaces.create());
    int bridge = fabric.createBridge("fabric", LinkSettings.UP).index();
    for (int number = 1; number <= 4; number++) {
      nodes.add(node(number, fabric, bridge));
    }
    for (var node : nodes) {
      overlay(node);
    }
    for (var node : nodes) {
      for (var other : nodes) {
        if (!node.equals(other)) {
          tell(node, other);
        }
      }
    }
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private Node node(int number, Rtnetlink fabric, int bridge) {
    var underlay = namespaces.create();
    var links = namespaces.links(underlay);
    var up = LinkSettings.UP;
    var wire = links.createVeth("eth0", up, "n" + number, up.withMaster(bridge), fabric);
    Optional<IpAddress> v4 = Optional.empty();
    Optional<IpAddress> v6 = Optional.empty();
    if (number != 2) {
      v4 = Optional.of(address(links, wire.link(), "10.0.0." + number, 24));
    }
    if (number != 1) {
      v6 = Optional.of(address(links, wire.link(), "fd00:ffff::" + number, 64));
    }
    var pod = namespaces.create();
    var tenant = namespaces.links(namespaces.create());
    return new Node(number, underlay, links, tenant, pod, namespaces.links(pod), v4, v6);
  }

  private static IpAddress address(Rtnetlink in, Link link, String text, int length) {
    var address = IpAddress.parse(text);
    in.execute(new Request.AddAddress(Address.of(link.index(), address, length)));
    return address;
  }

  private static void overlay(Node node) {
    var settings = LinkSettings.UP.withMtu(MTU).withLinkLocal(false);
    var bridge = node.tenant().createBridge("br100", settings);
    var port = settings.withMaster(bridge.index());
    node.v4().ifPresent(local -> tunnel(node, "vx100", local, port));
    node.v6().ifPresent(local -> tunnel(node, "vy100", local, port));
    var end = LinkSettings.UP.withMtu(MTU).withMac(node.mac());
    var veth = node.tenant().createVeth("pod", port, "eth0", end, node.podLinks());
    node.tenant().setBridgePort(veth.link().index(), BridgePort.PINNED);
    node.tenant().execute(new Request.PutFdb(FdbEntry.pinned(veth.link().index(), node.mac())));
    address(node.podLinks(), veth.peer(), node.address().toString(), 24);
  }

  private static void tunnel(Node node, String name, IpAddress local, LinkSettings port) {
    var device = node.links().createVxlan(name, Vxlan.of(VNI, local), port, node.tenant());
    node.tenant().setBridgePort(device.index(), BridgePort.TUNNEL.withIsolated(true));
  }

  /** One family for each remote node: IPv4 where both have it. */
  private static void tell(Node node, Node other) {
    boolean v4 = node.v4().isPresent() && other.v4().isPresent();
    var vtep = v4 ? other.v4() : other.v6().filter(_ -> node.v6().isPresent());
    if (vtep.isEmpty()) {
      return;
    }
    int device = node.tenant().requireLink(v4 ? "vx100" : "vy100").index();
    node.tenant().execute(new Request.AppendFdb(FdbEntry.flood(device, vtep.get())));
    node.tenant().execute(new Request.PutFdb(FdbEntry.remote(device, other.mac(), vtep.get())));
  }

  private boolean reaches(int from, int to, int octets) {
    var target = nodes.get(to - 1).address();
    try (var echo = IcmpEcho.openIn(nodes.get(from - 1).pod(), target)) {
      for (int i = 0; i < 10; i++) {
        if (echo.ping(IcmpEcho.payloadFor(octets, target), SHORT) instanceof EchoResult.Reply) {
          return true;
        }
      }
      return false;
    }
  }

  @Test
  void whoHasAFamilyInCommonReachesEachOther() {
    int[][] ways = {{1, 3}, {1, 4}, {2, 3}, {2, 4}, {3, 4}, {4, 3}, {3, 1}, {4, 2}};
    for (var way : ways) {
      assertThat(reaches(way[0], way[1], MTU)).as("%s to %s", way[0], way[1]).isTrue();
    }
    assertThat(reaches(1, 2, 84)).as("a node of both families is no bridge between them").isFalse();
  }

  /** How many copies each node sends, and to whom they come, when a pod says it to everybody. */
  private List<String> copies(int from) {
    var captures = new ArrayList<PacketCapture>();
    try {
      for (var node : nodes) {
        captures.add(PacketCapture.openIn(node.underlay(), "eth0"));
      }
      var pod = nodes.get(from - 1);
      try (var socket = SolicitationSocket.openIn(pod.pod())) {
        var frame = "ffffffffffff" + pod.mac().toString().replace(":", "") + MARK;
        int eth0 = pod.podLinks().requireLink("eth0").index();
        assertThat(socket.send(eth0, Octets.parse(frame))).isZero();
      }
      var seen = new ArrayList<String>();
      for (int i = 0; i < captures.size(); i++) {
        for (var f = captures.get(i).next(SHORT); f.isPresent(); f = captures.get(i).next(SHORT)) {
          var text = f.get().octets().toString();
          if (f.get().outgoing() && text.contains(MARK)) {
            seen.add(i + 1 + " to " + receiver(text));
          }
        }
      }
      return seen;
    } finally {
      captures.forEach(PacketCapture::close);
    }
  }

  /** The last octet of the outer destination, and its family. */
  private static String receiver(String frame) {
    boolean v4 = frame.startsWith("0800", 24);
    int last = v4 ? 14 + 19 : 14 + 39;
    return Integer.parseInt(frame.substring(2 * last, 2 * last + 2), 16) + (v4 ? " v4" : " v6");
  }

  @Test
  void eachNodeGetsOneCopyAndNobodySendsItOn() {
    reaches(3, 1, 84); // the links are up, and the VTEPs have resolved each other
    reaches(3, 2, 84);
    reaches(3, 4, 84);
    reaches(4, 1, 84);
    reaches(4, 2, 84);
    assertThat(copies(3)).containsExactlyInAnyOrder("3 to 1 v4", "3 to 2 v6", "3 to 4 v4");
    assertThat(copies(1)).containsExactlyInAnyOrder("1 to 3 v4", "1 to 4 v4");
    assertThat(copies(2)).containsExactlyInAnyOrder("2 to 3 v6", "2 to 4 v6");
    // It is the isolation that does it: with two such nodes this would go round for ever.
    var three = nodes.get(2).tenant();
    for (var port : List.of("vx100", "vy100")) {
      three.setBridgePort(three.requireLink(port).index(), BridgePort.TUNNEL);
    }
    assertThat(copies(1)).contains("1 to 3 v4", "1 to 4 v4", "3 to 2 v6");
  }
}
