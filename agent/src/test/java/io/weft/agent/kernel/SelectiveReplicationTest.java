package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.RoutedNodes.Node;
import io.weft.agent.kernel.RoutedNodes.Segment;
import io.weft.linux.netlink.MdbEntry;
import io.weft.linux.netlink.Request;
import io.weft.linux.packet.PacketCapture;
import io.weft.net.IpAddress;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.MulticastEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.MulticastChannel;
import io.weft.overlay.node.NodeEvent.GroupsSeen;
import io.weft.overlay.node.NodeEvent.Observation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Copies of a group's frames go to its VTEPs alone, on the real kernel (Linux 6.4). */
class SelectiveReplicationTest {
  private static final Segment SEGMENT = new Segment(100, 1, 1450);
  private static final IpAddress GROUP = IpAddress.parse("239.1.2.3");
  private static final IpAddress ANY = IpAddress.parse("0.0.0.0");

  private TestNamespaces namespaces;
  private Node first;
  private Node second;
  private Node third;

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    var nodes = new RoutedNodes(namespaces);
    first = nodes.node();
    second = nodes.node();
    third = nodes.node();
    first.network(SEGMENT, second, third);
    first.put(
        new Bridge(first.tenant, SEGMENT.id(), AddressPlan.GATEWAY_MAC, SEGMENT.mtu(), true, true));
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private ForwardingObject row(IpAddress group, Node to) {
    return new MulticastEntry(
        first.tenant, SEGMENT.id(), group, to.vtep, Optional.of(SEGMENT.id()));
  }

  private ForwardingObject nobody(IpAddress group) {
    return new MulticastEntry(first.tenant, SEGMENT.id(), group, first.vtep, Optional.empty());
  }

  @Test
  void copiesGoWhereTheGroupWasJoined() {
    first.put(nobody(ANY), nobody(IpAddress.parse("::")), row(GROUP, second));
    var sender = first.attach(SEGMENT, 10);
    try (var joined = PacketCapture.openIn(second.underlay, "eth0");
        var other = PacketCapture.openIn(third.underlay, "eth0")) {
      for (int i = 0; i < 5; i++) {
        MulticastSockets.send(sender, "239.1.2.3");
        MulticastSockets.send(sender, "239.9.9.9"); // nobody joined it
        MulticastSockets.send(sender, "ff15::9");
      }
      MulticastSockets.send(sender, "224.0.0.251"); // link-local: to all, and last
      assertThat(groupsUntilTheLast(joined)).containsOnly("01005e010203").hasSize(5);
      assertThat(groupsUntilTheLast(other)).isEmpty();
    }
  }

  private ForwardingObject row(IpAddress group, int source, Node to) {
    return new MulticastEntry(
        first.tenant,
        SEGMENT.id(),
        group,
        Optional.of(group.isIpv4() ? SEGMENT.address(source) : SEGMENT.address6(source)),
        to.vtep,
        Optional.of(SEGMENT.id()));
  }

  /** The second node wants what one host sends, the third what all send. */
  @Test
  void aSourceGoesToWhoWantsIt() throws Exception {
    var group6 = IpAddress.parse("ff15::123");
    first.put(
        nobody(ANY),
        nobody(IpAddress.parse("::")),
        row(GROUP, 10, second),
        row(GROUP, 10, third),
        row(GROUP, third),
        row(group6, 10, second));
    assertThat(first.agent().drain(true)).isEmpty();
    assertThat(first.agent().dump()).contains(row(GROUP, 10, second), row(GROUP, third));
    var wanted = first.attach(SEGMENT, 10);
    var other = first.attach(SEGMENT, 11);
    TimeUnit.SECONDS.sleep(2); // duplicate address detection
    try (var one = PacketCapture.openIn(second.underlay, "eth0");
        var all = PacketCapture.openIn(third.underlay, "eth0")) {
      for (int i = 0; i < 5; i++) {
        for (var sender : List.of(wanted, other)) {
          MulticastSockets.send(sender, "239.1.2.3");
          MulticastSockets.send(sender, "ff15::123");
        }
      }
      MulticastSockets.send(other, "224.0.0.251");
      var v4 = "01005e010203";
      var v6 = "333300000123";
      assertThat(groupsUntilTheLast(one)).containsOnly(v4, v6).hasSize(10);
      assertThat(groupsUntilTheLast(all)).containsOnly(v4).hasSize(10);
    }
    assertThat(first.agent().apply(List.of(new KernelChange.Remove(row(GROUP, 10, second)))))
        .isEmpty();
    assertThat(first.agent().drain(true)).isEmpty();
    assertThat(first.agent().dump()).doesNotContain(row(GROUP, 10, second));
  }

  @Test
  void aSourceThatAPortJoinsIsTold() throws Exception {
    for (var group : List.of("239.1.2.3", "ff15::123")) {
      boolean ipv4 = group.startsWith("239");
      var host = first.attach(SEGMENT, ipv4 ? 20 : 21);
      var port = "ep00010000002" + (ipv4 ? 0 : 1);
      var source = ipv4 ? SEGMENT.address(10) : SEGMENT.address6(10);
      var address = IpAddress.parse(group);
      var only = new MulticastChannel(address, Optional.of(source));
      try (var _ = MulticastSockets.join(host, group, source.toString())) {
        await(
            told -> told.keySet().stream().filter(c -> c.group().equals(address)).toList(),
            List.of(only));
        try (var _ = MulticastSockets.join(host, group)) {
          await(told -> told.containsKey(MulticastChannel.of(address)), true);
        }
        await(told -> told.getOrDefault(only, new TreeSet<>()), new TreeSet<>(List.of(port)));
        await(told -> told.containsKey(MulticastChannel.of(address)), false);
      }
      await(
          told -> told.keySet().stream().filter(c -> c.group().equals(address)).toList(),
          List.of());
    }
  }

  /** Of VXLAN packets that come in: the inner destinations, until the link-local one. */
  private static List<String> groupsUntilTheLast(PacketCapture capture) {
    var seen = new ArrayList<String>();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() < deadline) {
      var frame = capture.next(Duration.ofMillis(100));
      if (frame.isPresent() && !frame.get().outgoing() && frame.get().octets().length() > 56) {
        // 14 Ethernet, 20 IPv4, 8 UDP, 8 VXLAN
        var inner = HexFormat.of().formatHex(frame.get().octets().toArray(), 50, 56);
        if (inner.equals("01005e0000fb")) {
          return seen;
        }
        if (inner.startsWith("01005e0") && !inner.startsWith("01005e0000")
            || inner.equals("333300000009")
            || inner.equals("333300000123")) {
          seen.add(inner);
        }
      }
    }
    throw new AssertionError("the last frame has not come, after " + seen);
  }

  @Test
  void rowsAreReadAgainAndForeignHandsSeen() {
    var rows = List.of(nobody(ANY), row(GROUP, second), row(GROUP, third));
    first.put(rows);
    assertThat(first.agent().drain(true)).isEmpty();
    assertThat(first.agent().dump()).containsAll(rows);

    var links = first.links();
    int device = links.requireLink("vx100").index();
    links.execute(
        new Request.DeleteMdb(MdbEntry.remote(device, GROUP, second.vtep, Optional.empty())));
    var stranger = IpAddress.parse("239.7.7.7");
    links.execute(
        new Request.PutMdb(MdbEntry.remote(device, stranger, third.vtep, Optional.empty())));
    assertThat(first.agent().drain(true))
        .containsExactlyInAnyOrder(
            new Observation(row(GROUP, second).key(), Optional.empty()),
            new Observation(row(stranger, third).key(), Optional.of(row(stranger, third))));

    first.put(row(GROUP, second));
    assertThat(
            first
                .agent()
                .apply(
                    List.of(
                        new KernelChange.Remove(row(stranger, third)),
                        new KernelChange.Remove(nobody(ANY)))))
        .isEmpty();
    assertThat(first.agent().drain(true)).isEmpty();
    assertThat(first.agent().dump()).doesNotContain(nobody(ANY)).contains(row(GROUP, second));
  }

  @Test
  void whatAPortJoinsAndLeavesIsTold() throws Exception {
    var host = first.attach(SEGMENT, 10);
    var port = "ep000100000010";
    try (var _ = MulticastSockets.join(host, "239.1.2.3")) {
      await(GROUP, Optional.of(port));
    }
    await(GROUP, Optional.empty());
  }

  /** Else they were thought of for ever, and a network of that name began with them. */
  @Test
  void withItsNamespaceTheGroupsOfAPortGo() throws Exception {
    var host = first.attach(SEGMENT, 10);
    try (var _ = MulticastSockets.join(host, "239.1.2.3")) {
      await(GROUP, Optional.of("ep000100000010"));
      var namespace = new TenantNamespace(first.tenant);
      assertThat(first.agent().apply(List.of(new KernelChange.Remove(namespace)))).isEmpty();
      var segment = new io.weft.overlay.forwarding.Segment(first.tenant, SEGMENT.id().value());
      assertThat(first.agent().groups()).contains(new GroupsSeen(segment, new TreeMap<>()));
      assertThat(first.agent().groups()).as("told once").isEmpty();
    }
  }

  /** Each change of what is told are routes at all other nodes. */
  @Test
  void aHostThatJoinsAndLeavesIsToldOfOnceASecond() throws Exception {
    var host = first.attach(SEGMENT, 10);
    long begin = System.nanoTime();
    int told = 0;
    for (int i = 0; i < 30; i++) {
      try (var _ = MulticastSockets.join(host, "239.5.0." + i)) {
        TimeUnit.MILLISECONDS.sleep(30);
        told += news();
      }
    }
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin);
    assertThat(told).isBetween(1, (int) seconds + 2);
  }

  private int news() {
    first.agent().drain(true);
    return first.agent().groups().size();
  }

  /** Until this is told of the group; other groups may come and go. */
  private void await(IpAddress group, Optional<String> port) throws InterruptedException {
    var wanted = new TreeSet<String>();
    port.ifPresent(wanted::add);
    await(told -> told.getOrDefault(MulticastChannel.of(group), new TreeSet<>()), wanted);
  }

  private final TreeMap<MulticastChannel, SortedSet<String>> told = new TreeMap<>();

  /** Until this is so of what was told last, after anything was told. */
  private <T> void await(Function<TreeMap<MulticastChannel, SortedSet<String>>, T> what, T wanted)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    boolean any = false;
    while (System.nanoTime() < deadline) {
      first.agent().drain(true);
      for (GroupsSeen seen : first.agent().groups()) {
        told.clear();
        told.putAll(seen.ports());
        any = true;
      }
      any |= !told.isEmpty();
      if (any && what.apply(told).equals(wanted)) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    throw new AssertionError("told of " + told + ", not " + wanted);
  }
}
