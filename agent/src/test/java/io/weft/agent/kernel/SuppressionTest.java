package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.RoutedNodes.Node;
import io.weft.agent.kernel.RoutedNodes.Segment;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.Request;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.linux.packet.PacketCapture;
import io.weft.net.IpAddress;
import io.weft.net.Octets;
import io.weft.overlay.forwarding.UnknownUnicast;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * ARP and neighbour discovery, seen from the underlay: a question about a known address does not
 * leave the node, one about an unknown address goes to each other node once.
 */
class SuppressionTest {
  private static final Segment WEB = new Segment(100, 1, 1450);
  private static final int HEADERS = 14 + 20 + 8 + 8;
  private static final Duration SHORT = Duration.ofMillis(400);

  private TestNamespaces namespaces;
  private Node one;
  private Node two;
  private Node three;
  private String pod;

  /** A question of a network in a tunnel: who has the target? */
  private record Question(String to, IpAddress target) {}

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    var fabric = new RoutedNodes(namespaces);
    one = fabric.node();
    two = fabric.node();
    three = fabric.node();
    one.network(WEB, two, three);
    two.network(WEB, one, three);
    three.network(WEB, one, two);
    pod = one.attach(WEB, 10);
    one.attach(WEB, 11);
    two.attach(WEB, 20);
    three.attach(WEB, 30);
    one.remote(WEB, 20, two);
    two.remote(WEB, 10, one);
    three.remote(WEB, 10, one);
    awaitIpv6();
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  /** Duplicate address detection takes a second, before which an address cannot be used. */
  private void awaitIpv6() {
    LockSupport.parkNanos(2_000_000_000L);
  }

  private EchoResult ping(IpAddress to) {
    try (var echo = IcmpEcho.openIn(pod, to)) {
      return echo.ping(56, SHORT);
    }
  }

  private List<Question> questions(Runnable action) {
    try (var capture = PacketCapture.openIn(one.underlay, "eth0")) {
      action.run();
      var questions = new ArrayList<Question>();
      var frame = capture.next(Duration.ofMillis(100));
      while (frame.isPresent()) {
        if (frame.get().outgoing()) {
          question(frame.get().octets()).ifPresent(questions::add);
        }
        frame = capture.next(Duration.ofMillis(20));
      }
      return questions;
    }
  }

  /** Offsets: RFC 7348 §5, RFC 826, RFC 4861 §4.3. */
  private static Optional<Question> question(Octets frame) {
    var all = frame.toArray();
    boolean vxlan =
        all.length > HEADERS + 14
            && u16(all, 12) == 0x0800
            && all[23] == 17
            && u16(all, 36) == 4789;
    if (!vxlan) {
      return Optional.empty();
    }
    var to = IpAddress.of(Arrays.copyOfRange(all, 30, 34)).toString();
    var inner = Arrays.copyOfRange(all, HEADERS, all.length);
    if (u16(inner, 12) == 0x0806 && u16(inner, 20) == 1) {
      return Optional.of(new Question(to, IpAddress.of(Arrays.copyOfRange(inner, 38, 42))));
    }
    if (u16(inner, 12) == 0x86dd && inner[20] == 58 && (inner[54] & 0xff) == 135) {
      return Optional.of(new Question(to, IpAddress.of(Arrays.copyOfRange(inner, 62, 78))));
    }
    return Optional.empty();
  }

  private static int u16(byte[] octets, int at) {
    return (octets[at] & 0xff) << 8 | octets[at + 1] & 0xff;
  }

  private void staysHere(IpAddress known) {
    var result = new EchoResult[1];
    assertThat(questions(() -> result[0] = ping(known))).as("crossed the fabric").isEmpty();
    assertThat(result[0]).as("%s", known).isInstanceOf(EchoResult.Reply.class);
  }

  private void crossesOnceEach(IpAddress unknown) {
    assertThat(questions(() -> ping(unknown)))
        .containsExactlyInAnyOrder(
            new Question("10.0.0.2", unknown), new Question("10.0.0.3", unknown));
  }

  @Test
  void whoIsKnownIsAnsweredForHere() {
    staysHere(WEB.address(20));
    staysHere(WEB.address6(20));
  }

  @Test
  void whoIsAttachedHereAnswersAlone() {
    staysHere(WEB.address(11));
    staysHere(WEB.address6(11));
  }

  @Test
  void theGatewayAnswersHere() {
    staysHere(WEB.address(1));
  }

  @Test
  void whoIsUnknownIsAskedForOnEveryOtherNodeOnce() {
    crossesOnceEach(WEB.address(99));
    crossesOnceEach(WEB.address6(99));
  }

  /**
   * A host that nobody has told of yet, on the third node: it is asked for and answers, but frames
   * to it leave only where somebody wants those to unknown MACs.
   */
  @Test
  void anUnknownHostAnswersOverTheFabricWhereUnknownFramesAreWanted() {
    assertThat(ping(WEB.address(30))).isNotInstanceOf(EchoResult.Reply.class);
    one.put(new UnknownUnicast(one.tenant, WEB.id(), false));
    assertThat(ping(WEB.address(30))).isInstanceOf(EchoResult.Reply.class);
    assertThat(ping(WEB.address6(30))).isInstanceOf(EchoResult.Reply.class);
  }

  /**
   * The kernel keeps from a suppressing port what asks from no address (RFC 4862 §5.4, RFC 5227
   * §2.1) and what nobody asked for: a duplicate on another node is not noticed by the endpoint.
   */
  @Test
  void duplicateAddressDetectionDoesNotLeaveTheNode() {
    var inside = namespaces.links(pod);
    int eth0 = inside.requireLink("eth0").index();
    for (int last : new int[] {20, 77}) {
      var seen =
          questions(
              () -> {
                inside.execute(new Request.AddAddress(Address.of(eth0, WEB.address6(last), 64)));
                LockSupport.parkNanos(1_500_000_000L);
              });
      assertThat(seen).as("known or not").isEmpty();
    }
  }
}
