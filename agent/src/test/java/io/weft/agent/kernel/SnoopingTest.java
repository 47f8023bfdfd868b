package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.RoutedNodes.Node;
import io.weft.agent.kernel.RoutedNodes.Segment;
import io.weft.linux.netlink.BridgeMulticast;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.Table;
import io.weft.linux.packet.Frame;
import io.weft.linux.packet.PacketCapture;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Multicast within one network of two nodes, on the real kernel. */
class SnoopingTest {
  private static final Segment SEGMENT = new Segment(100, 1, 1450);
  private static final String GROUP = "239.1.2.3";
  private static final String GROUP6 = "ff15::1:2:3";

  private TestNamespaces namespaces;
  private Node first;
  private Node second;

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    var nodes = new RoutedNodes(namespaces);
    first = nodes.node();
    second = nodes.node();
    first.network(SEGMENT, second);
    second.network(SEGMENT, first);
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private static Bridge bridge(Node node, boolean snooping) {
    return new Bridge(
        node.tenant, SEGMENT.id(), AddressPlan.GATEWAY_MAC, SEGMENT.mtu(), true, snooping);
  }

  private static void snoop(Node node) {
    var querier = AddressPlan.linkLocal(AddressPlan.GATEWAY_MAC);
    node.put(bridge(node, true), new GatewayAddress(node.tenant, SEGMENT.id(), querier, 64));
  }

  /** In place, and again: what stands is what was asked for. */
  @Test
  void aGroupReachesOnlyThosePortsThatJoinedIt() throws Exception {
    snoop(first);
    snoop(second);
    var sender = first.attach(SEGMENT, 10);
    var receiver = second.attach(SEGMENT, 20);
    var bystander = second.attach(SEGMENT, 30);
    try (var heard = MulticastSockets.join(receiver, GROUP);
        var heard6 = MulticastSockets.join(receiver, GROUP6);
        var capture = PacketCapture.openIn(bystander, "eth0")) {
      awaitSnooping(sender, capture);
      while (capture.next(Duration.ofMillis(1)).isPresent()) {
        // what came before counts for nothing
      }
      MulticastSockets.received(heard);
      MulticastSockets.received(heard6);
      for (int i = 0; i < 5; i++) {
        MulticastSockets.send(sender, GROUP);
        MulticastSockets.send(sender, GROUP6);
      }
      MulticastSockets.send(sender, "224.0.0.251");
      // Link-local comes to all, and last: before it the others must have come, if ever.
      var seen = until(capture, frame -> isTo(frame, "01:00:5e:00:00:fb"));
      assertThat(seen).noneMatch(frame -> isTo(frame, "01:00:5e:01:02:03"));
      assertThat(seen).noneMatch(frame -> isTo(frame, "33:33:00:02:00:03"));
      assertThat(MulticastSockets.received(heard)).isEqualTo(5);
      assertThat(MulticastSockets.received(heard6)).isEqualTo(5);
    }
    assertThat(first.agent().dump()).contains(bridge(first, true));
    assertThat(second.agent().drain(true)).isEmpty();
  }

  /** A bridge that has just begun floods, until it knows who has joined. */
  private static void awaitSnooping(String sender, PacketCapture bystander) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    boolean flooded = true;
    while (flooded && System.nanoTime() < deadline) {
      MulticastSockets.send(sender, GROUP);
      MulticastSockets.send(sender, GROUP6);
      MulticastSockets.send(sender, "224.0.0.251");
      flooded =
          until(bystander, frame -> isTo(frame, "01:00:5e:00:00:fb")).stream()
              .anyMatch(
                  frame -> isTo(frame, "01:00:5e:01:02:03") || isTo(frame, "33:33:00:02:00:03"));
    }
  }

  private static List<Frame> until(PacketCapture capture, Predicate<Frame> last) {
    var seen = new ArrayList<Frame>();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() < deadline) {
      var frame = capture.next(Duration.ofMillis(100));
      frame.ifPresent(seen::add);
      if (frame.filter(last).isPresent()) {
        return seen;
      }
    }
    throw new AssertionError("the last frame has not come, after " + seen);
  }

  private static boolean isTo(Frame frame, String mac) {
    return !frame.outgoing() && frame.octets().toString().startsWith(mac.replace(":", ""));
  }

  /** Else they would choose one of them, and the hosts of the others depend on that one. */
  @Test
  void whatABridgeAsksStaysOnItsNode() {
    second.put(bridge(second, false));
    var host = second.attach(SEGMENT, 20);
    try (var capture = PacketCapture.openIn(host, "eth0")) {
      snoop(first);
      var own = first.attach(SEGMENT, 10);
      try (var there = PacketCapture.openIn(own, "eth0")) {
        first.put(bridge(first, false));
        first.put(bridge(first, true)); // asks at once, on all ports
        until(there, frame -> isTo(frame, "01:00:5e:00:00:01"));
      }
      MulticastSockets.send(own, "224.0.0.251");
      assertThat(until(capture, frame -> isTo(frame, "01:00:5e:00:00:fb")))
          .noneMatch(frame -> isTo(frame, "01:00:5e:00:00:01"))
          .noneMatch(frame -> isQuery6(frame));
    }
  }

  /** To ff02::1: a query of MLD behind a hop-by-hop header, with type 130. */
  private static boolean isQuery6(Frame frame) {
    return isTo(frame, "33:33:00:00:00:01") && frame.octets().toArray()[62] == (byte) 130;
  }

  @Test
  void whatOthersChangeIsSeenAndMended() {
    snoop(first);
    first.agent().drain(true);
    var links = first.links();
    int index = links.requireLink("br100").index();
    links.setBridgeMulticast(index, new BridgeMulticast(true, false, 1000, false));
    assertThat(first.agent().drain(true))
        .anyMatch(seen -> !seen.object().equals(Optional.of(bridge(first, true))));
    first.put(bridge(first, true));
    assertThat(links.requireLink("br100").multicast()).contains(BridgeMulticast.SNOOPING);

    try (var nftables = Nftables.openIn(first.tenant)) {
      assertThat(nftables.delete(Table.Family.BRIDGE, QueryFilter.TABLE)).isTrue();
      assertThat(first.agent().drain(true))
          .anyMatch(seen -> seen.object().equals(Optional.of(bridge(first, false))));
      first.put(bridge(first, true));
      assertThat(nftables.table(Table.Family.BRIDGE, QueryFilter.TABLE)).isPresent();
    }
    assertThat(first.agent().drain(true)).isEmpty();
    assertThat(first.agent().dump()).contains(bridge(first, true));
  }
}
