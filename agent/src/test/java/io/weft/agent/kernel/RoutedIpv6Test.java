package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.RoutedNodes.Node;
import io.weft.agent.kernel.RoutedNodes.Segment;
import io.weft.linux.netlink.Neighbour;
import io.weft.linux.netlink.Request;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.linux.packet.PacketCapture;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import java.time.Duration;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Gateways for IPv6 on the real kernel: on one node, and across nodes whose VTEPs are IPv4. */
class RoutedIpv6Test {
  static final Segment WEB = new Segment(100, 1, 1450);
  private static final Segment DB = new Segment(200, 2, 1300);
  static final Segment STORAGE = new Segment(300, 3, 1450);
  private static final MacAddress SWITCH = MacAddress.parse("02:00:00:00:03:fe");

  private TestNamespaces namespaces;
  Node one;
  private Node two;

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    var fabric = fabric(namespaces);
    one = fabric.node();
    two = fabric.node();
    one.routed(two);
    two.routed(one);
    one.routedIpv6(two);
    two.routedIpv6(one);
    one.network(WEB);
    one.networkIpv6(WEB);
  }

  RoutedNodes fabric(TestNamespaces spaces) {
    return new RoutedNodes(spaces);
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private static EchoResult ping(String pod, IpAddress from, IpAddress to, int octets) {
    try (var echo = NetworkNamespaces.callIn(pod, () -> IcmpEcho.openHere(from, to))) {
      EchoResult result = new EchoResult.NoReply();
      for (int i = 0; i < 5 && result instanceof EchoResult.NoReply; i++) {
        result = echo.ping(IcmpEcho.payloadFor(octets, to), Duration.ofMillis(500));
      }
      return result;
    }
  }

  @Test
  void theGatewayOfTheNodeRoutes() {
    one.network(DB);
    one.networkIpv6(DB);
    var pod = one.attach(WEB, 10);
    one.attach(DB, 10);
    assertThat(ping(pod, WEB.address6(10), WEB.address6(1), 100))
        .as("the gateway itself")
        .isInstanceOf(EchoResult.Reply.class);
    assertThat(ping(pod, WEB.address6(10), DB.address6(10), 1300))
        .isInstanceOf(EchoResult.Reply.class);
  }

  @Test
  void theOtherNodeIsReachedOverItsIpv4Vtep() {
    two.network(DB);
    two.networkIpv6(DB);
    one.route("fd00:2::/64", two);
    two.route("fd00:1::10/128", one);
    var pod = one.attach(WEB, 10);
    two.attach(DB, 10);
    assertThat(ping(pod, WEB.address6(10), DB.address6(10), 1280))
        .isInstanceOf(EchoResult.Reply.class);
    assertThat(ping(pod, WEB.address6(10), DB.address6(10), 1301))
        .as("the other node's router answers (RFC 4443 §3.2)")
        .isInstanceOfSatisfying(
            EchoResult.TooBig.class,
            tooBig -> assertThat(tooBig.mtu()).isEqualTo(OptionalInt.of(DB.mtu())));
  }

  @Test
  void aNetworkWithoutGatewayIsNoWayIn() throws Exception {
    assertThat(isSeen(intruder(), one.attach(WEB, 10))).isFalse();
  }

  /** An endpoint of a network without gateway, which takes the bridge for a router. */
  String intruder() {
    one.network(STORAGE);
    one.put(new Bridge(one.tenant, STORAGE.id(), SWITCH, STORAGE.mtu(), false));
    var intruder = one.attach(STORAGE, 10);
    var inside = namespaces.links(intruder);
    int link = inside.requireLink("eth0").index();
    inside.execute(
        new Request.PutNeighbour(Neighbour.remote(link, STORAGE.address6(1), SWITCH, 0)));
    return intruder;
  }

  /** True when an echo request of the one, sent to the other, gets there. */
  boolean isSeen(String intruder, String web) throws Exception {
    try (var capture = PacketCapture.openIn(web, "eth0")) {
      ping(intruder, STORAGE.address6(10), WEB.address6(10), 777);
      boolean found = false;
      var seen = capture.next(Duration.ofMillis(300));
      while (seen.isPresent()) {
        found |= seen.get().octets().length() == 14 + 777;
        seen = capture.next(Duration.ofMillis(300));
      }
      return found;
    }
  }

  @Test
  void anEndpointCannotTeachTheNodeARouter() {
    var links = one.links();
    assertThat(links.requireLink("br100").acceptsRouters()).isFalse();
    assertThat(links.requireLink("br100").forwardingIpv6()).isTrue();
    assertThat(links.requireLink("br5001").acceptsRouters()).isFalse();
    assertThat(links.requireLink("lo").forcedIpv6()).isFalse();
  }
}
