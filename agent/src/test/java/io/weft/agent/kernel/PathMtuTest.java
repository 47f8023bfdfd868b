package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.RoutedNodes.Node;
import io.weft.agent.kernel.RoutedNodes.Segment;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.linux.packet.PacketCapture;
import io.weft.net.IpAddress;
import io.weft.overlay.attachment.AddressPlan;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** "Fragmentation needed" reaches the endpoint, whichever node's router says it (RFC 1191). */
class PathMtuTest {
  private static final Segment WEB = new Segment(100, 1, 1450);
  private static final Segment DB = new Segment(200, 2, 1300);

  private TestNamespaces namespaces;
  private RoutedNodes fabric;
  private Node one;
  private Node two;

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    fabric = new RoutedNodes(namespaces);
    one = fabric.node();
    two = fabric.node();
    one.routed(two);
    two.routed(one);
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

  private static EchoResult tooBig(IpAddress router) {
    return new EchoResult.TooBig(OptionalInt.of(DB.mtu()), Optional.of(router));
  }

  @Test
  void theGatewayAnswersForASmallerNetworkOnTheSameNode() {
    one.network(WEB);
    one.network(DB);
    var pod = one.attach(WEB, 10);
    one.attach(DB, 10);
    assertThat(ping(pod, WEB.address(10), DB.address(10), 1300))
        .isInstanceOf(EchoResult.Reply.class);
    assertThat(ping(pod, WEB.address(10), DB.address(10), 1301)).isEqualTo(tooBig(WEB.address(1)));
    assertThat(namespaces.links(pod).routeTo(DB.address(10)).mtu())
        .as("what TCP goes by from now on")
        .hasValue(1300);
  }

  @Test
  void theOtherNodesRouterAnswersForANetworkThatIsOnlyThere() {
    one.network(WEB);
    two.network(DB);
    crossing("192.168.2.0/24");
  }

  @Test
  void theOtherNodesRouterAnswersThoughBothNodesHaveBothGateways() {
    one.network(WEB);
    one.network(DB);
    two.network(WEB);
    two.network(DB);
    crossing("192.168.2.10/32");
  }

  /** Its packets come in where no route leads back to it, which is no reason to drop them. */
  @Test
  void aHostThatNobodyHasHeardOfMaySendFromAnotherNode() {
    one.network(WEB);
    one.network(DB);
    two.network(DB);
    var pod = one.attach(WEB, 10);
    var silent = two.attach(DB, 11);
    two.route("192.168.1.10/32", one);
    try (var capture = PacketCapture.openIn(pod, "eth0")) {
      ping(silent, DB.address(11), WEB.address(10), 100);
      var seen = capture.next(Duration.ofSeconds(2));
      while (seen.isPresent() && seen.get().octets().length() != 114) {
        seen = capture.next(Duration.ofSeconds(2));
      }
      assertThat(seen).as("the echo request").isPresent();
    }
  }

  private void crossing(String destination) {
    var pod = one.attach(WEB, 10);
    two.attach(DB, 10);
    one.route(destination, two);
    two.route("192.168.1.10/32", one);
    assertThat(ping(pod, WEB.address(10), DB.address(10), 1300))
        .isInstanceOf(EchoResult.Reply.class);
    assertThat(ping(pod, WEB.address(10), DB.address(10), 1301))
        .isEqualTo(tooBig(AddressPlan.ROUTER_ADDRESS));
    assertThat(namespaces.links(pod).routeTo(DB.address(10)).mtu()).hasValue(1300);
  }
}
