package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.RoutedNodes.Node;
import io.weft.agent.kernel.RoutedNodes.Segment;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two nodes whose VTEPs are IPv6, over links of 1,500 octets: 70 of them are the tunnel's. */
class Ipv6UnderlayTest {
  private static final int MTU = 1430;
  private static final Segment WEB = new Segment(100, 1, MTU);
  private static final Segment DB = new Segment(200, 2, MTU);

  private TestNamespaces namespaces;
  private Node one;
  private Node two;

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    var fabric = RoutedNodes.overIpv6(namespaces);
    one = fabric.node();
    two = fabric.node();
    one.routed(two);
    two.routed(one);
    one.routedIpv6(two);
    two.routedIpv6(one);
    one.network(WEB, two);
    one.networkIpv6(WEB);
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private static void answers(String pod, IpAddress from, IpAddress to) {
    try (var echo = NetworkNamespaces.callIn(pod, () -> IcmpEcho.openHere(from, to))) {
      EchoResult result = new EchoResult.NoReply();
      for (int i = 0; i < 5 && result instanceof EchoResult.NoReply; i++) {
        result = echo.ping(IcmpEcho.payloadFor(MTU, to), Duration.ofMillis(500));
      }
      assertThat(result).as(from + " -> " + to).isInstanceOf(EchoResult.Reply.class);
    }
  }

  @Test
  void aSegmentCarriesBothFamiliesAndFullPackets() {
    two.network(WEB, one);
    two.networkIpv6(WEB);
    var pod = one.attach(WEB, 10);
    two.attach(WEB, 11);
    one.remote(WEB, 11, two);
    two.remote(WEB, 10, one);
    answers(pod, WEB.address(10), WEB.address(11));
    answers(pod, WEB.address6(10), WEB.address6(11));
  }

  @Test
  void bothFamiliesAreRoutedOverTheIpv6Vtep() {
    two.network(DB);
    two.networkIpv6(DB);
    one.route("192.168.2.0/24", two);
    one.route("fd00:2::/64", two);
    two.route("192.168.1.10/32", one);
    two.route("fd00:1::10/128", one);
    var pod = one.attach(WEB, 10);
    two.attach(DB, 10);
    answers(pod, WEB.address(10), DB.address(10));
    answers(pod, WEB.address6(10), DB.address6(10));
  }
}
