package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.RoutedNodes.Node;
import io.weft.agent.kernel.RoutedNodes.Segment;
import io.weft.linux.netlink.Request;
import io.weft.linux.packet.PacketCapture;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.UnknownUnicast;
import io.weft.overlay.node.NodeEvent.Observation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Frames to MACs that nobody is known to have, as they leave a node of the real kernel. */
class UnknownUnicastTest {
  private static final Segment SEGMENT = new Segment(100, 1, 1450);
  private static final String UNKNOWN = "027777777777";
  private static final String BROADCAST = "ffffffffffff";
  private static final String GROUP = "01005e010203";
  private static final String LAST = "01005e0000fb";

  private TestNamespaces namespaces;
  private Node node;
  private Node other;
  private Node third;
  private String pod;

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    var nodes = new RoutedNodes(namespaces);
    node = nodes.node();
    other = nodes.node();
    third = nodes.node();
    node.network(SEGMENT, other, third);
    node.remote(SEGMENT, 20, other);
    pod = node.attach(SEGMENT, 10);
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private ForwardingObject flooded() {
    return new UnknownUnicast(node.tenant, SEGMENT.id(), false);
  }

  private static Octets frame(String destination) {
    var mac = new MacAddress(Long.parseLong(destination, 16));
    return RawFrames.ethernet(mac, SEGMENT.mac(10), 0x88b5, new byte[50]);
  }

  /** The inner destinations of what comes to a VTEP, of a frame of each kind. */
  private List<String> arrive(Node at) {
    var known = SEGMENT.mac(20).toString().replace(":", "");
    try (var there = PacketCapture.openIn(at.underlay, "eth0");
        var here = PacketCapture.openIn(pod, "eth0")) {
      for (var destination : List.of(UNKNOWN, known, BROADCAST, GROUP)) {
        here.send(frame(destination));
      }
      return untilTheLast(here, there);
    }
  }

  /**
   * A bridge forwards by a port some time after its link is up: the last is sent until it comes.
   */
  private static List<String> untilTheLast(PacketCapture here, PacketCapture there) {
    var seen = new ArrayList<String>();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() < deadline) {
      here.send(frame(LAST));
      var got = there.next(Duration.ofMillis(200));
      while (got.isPresent()) {
        var packet = got.get();
        // 14 Ethernet, 20 IPv4, 8 UDP, 8 VXLAN, then destination, source and type
        if (!packet.outgoing() && packet.octets().length() > 64) {
          var inner = HexFormat.of().formatHex(packet.octets().toArray(), 50, 64);
          if (inner.endsWith("88b5")) {
            if (inner.startsWith(LAST)) {
              return seen;
            }
            seen.add(inner.substring(0, 12));
          }
        }
        got = there.next(Duration.ofMillis(200));
      }
    }
    throw new AssertionError("the last frame has not come, after " + seen);
  }

  private void awaitForwarding() {
    try (var there = PacketCapture.openIn(third.underlay, "eth0");
        var here = PacketCapture.openIn(pod, "eth0")) {
      untilTheLast(here, there);
    }
  }

  @Test
  void theyLeaveOnlyWhereSomebodyWantsThemAndAllElseLeavesAsBefore() {
    awaitForwarding();
    var known = SEGMENT.mac(20).toString().replace(":", "");
    assertThat(arrive(other)).containsExactly(known, BROADCAST, GROUP);
    assertThat(arrive(third)).containsExactly(BROADCAST, GROUP);

    node.put(flooded());
    assertThat(arrive(other)).containsExactly(UNKNOWN, known, BROADCAST, GROUP);
    assertThat(arrive(third)).containsExactly(UNKNOWN, BROADCAST, GROUP);

    assertThat(node.agent().apply(List.of(new KernelChange.Remove(flooded())))).isEmpty();
    assertThat(arrive(third)).containsExactly(BROADCAST, GROUP);
  }

  @Test
  void itIsReadAgainAndStaysWhenThePortIsMended() {
    assertThat(node.agent().dump()).doesNotContain(flooded());
    node.put(flooded());
    assertThat(node.agent().drain(true)).isEmpty();
    assertThat(node.agent().dump()).contains(flooded());
    var port =
        node.agent().dump().stream().filter(VxlanPort.class::isInstance).findFirst().orElseThrow();
    node.put(port);
    assertThat(node.agent().drain(true)).isEmpty();
    assertThat(node.agent().dump()).contains(flooded(), port);

    var links = node.links();
    int index = links.requireLink("vx100").index();
    links.execute(new Request.SetUnicastFlood(index, false));
    assertThat(node.agent().drain(true))
        .containsExactly(new Observation(flooded().key(), Optional.empty()));
    assertThat(node.agent().dump()).contains(port);
  }
}
