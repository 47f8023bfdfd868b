package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NetlinkSocket;
import io.weft.linux.netlink.Request;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.Table;
import io.weft.linux.packet.PacketCapture;
import io.weft.net.IpAddress;
import io.weft.net.Octets;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Against the real kernel: VXLAN packets of addresses that are no VTEP's end in the underlay, and
 * are counted; those of VTEPs come in from before the first row that leads to them.
 */
class VtepGuardTest extends SegmentKernel {
  private static final IpAddress STRANGER = IpAddress.parse("127.0.0.9");
  private static final IpAddress VTEP6 = IpAddress.parse("fd00:aa::2");
  private static final IpAddress FAR6 = IpAddress.parse("fd00:aa::3");
  private static final IpAddress STRANGER6 = IpAddress.parse("fd00:aa::9");
  private static final IpAddress INSIDE = IpAddress.parse("192.168.1.20");
  private static final Duration WAIT = Duration.ofSeconds(60);

  private static final String HEADER = RawFrames.ethernet(LOCAL, REMOTE, 0x0800).toString();

  private int sent;

  @BeforeEach
  void makeUnderlay() {
    var links = namespaces.links(underlay);
    int loopback = links.requireLink("lo").index();
    links.execute(new Request.SetLink(loopback, LinkSettings.UP));
    for (var address : List.of(VTEP6, FAR6, STRANGER6)) {
      links.execute(new Request.AddAddress(Address.of(loopback, address, 128)));
    }
  }

  private Octets inner() {
    sent++;
    var number = ByteBuffer.allocate(4).putInt(sent).array();
    return RawFrames.ethernet(
        LOCAL, REMOTE, 0x0800, RawFrames.ip(INSIDE, ADDRESS, 17, RawFrames.udp(7, 7, number)));
  }

  /** RFC 7348 §5. */
  private void send(IpAddress from, IpAddress to, int vni, Octets frame) throws IOException {
    var packet =
        ByteBuffer.allocate(8 + frame.length())
            .putInt(0x0800_0000)
            .putInt(vni << 8)
            .put(frame.toArray())
            .array();
    try (var socket =
        NetworkNamespaces.<DatagramSocket, IOException>callIn(
            underlay, () -> new DatagramSocket(new InetSocketAddress(address(from), 0)))) {
      socket.send(new DatagramPacket(packet, packet.length, address(to), 4789));
    }
  }

  private static InetAddress address(IpAddress address) throws IOException {
    return InetAddress.getByAddress(address.octets());
  }

  /** True when it comes to the pod; one that passes always is sent behind it. */
  private boolean arrives(IpAddress from, IpAddress behind, IpAddress to) throws IOException {
    try (var there = PacketCapture.openIn(pod, "eth0")) {
      awaitForwarding(there, behind, to);
      var frame = inner();
      var last = inner();
      send(from, to, VNI.value(), frame);
      send(behind, to, VNI.value(), last);
      boolean seen = false;
      var got = there.next(WAIT);
      while (got.isPresent() && !isEqual(got.get().octets(), last)) {
        seen |= isEqual(got.get().octets(), frame);
        got = there.next(WAIT);
      }
      assertThat(got).as("what comes behind").isPresent();
      return seen;
    }
  }

  /** A bridge forwards by a port some time after its link is up. */
  private void awaitForwarding(PacketCapture there, IpAddress from, IpAddress to)
      throws IOException {
    boolean came = false;
    for (int attempt = 0; attempt < 200 && !came; attempt++) {
      send(from, to, VNI.value(), inner());
      came =
          there
              .next(Duration.ofMillis(100))
              .filter(got -> got.octets().toString().startsWith(HEADER))
              .isPresent();
    }
    assertThat(came).as("a VTEP's packet").isTrue();
  }

  private static boolean isEqual(Octets got, Octets sent) {
    return Arrays.equals(got.toArray(), sent.toArray());
  }

  private String table() {
    return EgressPorts.tableName(namespaces.prefix()) + "-vteps";
  }

  @Test
  void packetsOfStrangersEndInTheUnderlay() throws Exception {
    standing();
    assertThat(arrives(FAR, FAR, VTEP)).as("of a VTEP").isTrue();
    assertThat(arrives(STRANGER, FAR, VTEP)).as("of a stranger").isFalse();
    assertThat(arrives(FARTHER, FAR, VTEP)).as("of a VTEP of the flood list").isTrue();
    send(STRANGER, VTEP, 7_000_000, inner());
    var view = tables.guards();
    assertThat(view.vxlan()).as("what is in no VNI of ours is not ours to stop").isEqualTo(1);
    assertThat(view.strangers()).containsExactly(java.util.Map.entry(STRANGER, 1L));
    try (var nftables = Nftables.openIn(underlay)) {
      assertThat(nftables.delete(table())).isTrue();
    }
    assertThat(arrives(STRANGER, FAR, VTEP)).as("without the guard").isTrue();
    assertThat(tables.lookAround()).isEmpty();
    assertThat(arrives(STRANGER, FAR, VTEP)).as("mended").isFalse();
    assertThat(tables.guards().repairs()).isEqualTo(1);
  }

  /** decisions/0013: a socket of the kernel that would take any VNI's packets of anybody. */
  @Test
  void nobodySendsToDevicesThatOnlySend() throws Exception {
    standing();
    for (int port : new int[] {14790, 14789}) {
      try (var there =
              NetworkNamespaces.<DatagramSocket, IOException>callIn(
                  underlay, () -> new DatagramSocket(new InetSocketAddress(address(VTEP), port)));
          var from =
              NetworkNamespaces.<DatagramSocket, IOException>callIn(
                  underlay, () -> new DatagramSocket(new InetSocketAddress(address(FAR), 0)))) {
        there.setSoTimeout(port == 14789 ? 400 : (int) WAIT.toMillis());
        from.send(new DatagramPacket(new byte[1], 1, address(VTEP), port));
        var got = new DatagramPacket(new byte[1], 1);
        if (port == 14789) {
          assertThatExceptionOfType(SocketTimeoutException.class)
              .isThrownBy(() -> there.receive(got));
        } else {
          there.receive(got);
        }
      }
    }
  }

  @Test
  void packetsOfIpv6StrangersToo() throws Exception {
    var port = new VxlanPort(tenant, VNI, VTEP6, VXLAN_MAC, 1430);
    var objects =
        List.<ForwardingObject>of(
            new TenantNamespace(tenant), bridge(), port, port(pod, "eth0"), rows().getFirst());
    assertThat(put(objects)).isEmpty();
    assertThat(put(List.of(new FloodEntry(tenant, VNI, FAR6, VNI)))).isEmpty();
    assertThat(arrives(STRANGER6, FAR6, VTEP6)).isFalse();
    assertThat(tables.guards().strangers()).containsExactly(java.util.Map.entry(STRANGER6, 1L));
  }

  @Test
  void aNewVtepIsLetInWithItsFirstRow() throws Exception {
    standing();
    assertThat(arrives(STRANGER, FAR, VTEP)).isFalse();
    assertThat(put(List.of(new FloodEntry(tenant, VNI, STRANGER, VNI)))).isEmpty();
    assertThat(arrives(STRANGER, FAR, VTEP)).isTrue();
    assertThat(remove(List.of(new FloodEntry(tenant, VNI, STRANGER, VNI)))).isEmpty();
    tables.sweepVteps();
    assertThat(arrives(STRANGER, FAR, VTEP)).as("its last packets are under way").isTrue();
  }

  @Test
  void whoHasGoneIsLetInForAWhile() {
    try (var buffers = new NetlinkSocket.Buffers();
        var space = NetworkNamespaces.open(underlay);
        var guard = new VtepGuard("weft-vteps", space, buffers);
        var nftables = Nftables.openIn(underlay)) {
      var row = List.<ForwardingObject>of(new FloodEntry(tenant, VNI, STRANGER, VNI));
      guard.sweep(0, List.of(row));
      guard.sweep(1, List.of(List.of()));
      guard.sweep(VtepGuard.GRACE_NANOS, List.of(List.of()));
      assertThat(vteps(nftables)).containsExactly(Octets.of(STRANGER.octets()));
      guard.sweep(VtepGuard.GRACE_NANOS + 2, List.of(List.of()));
      assertThat(vteps(nftables)).isEmpty();
    }
  }

  private static List<Octets> vteps(Nftables nftables) {
    return nftables.elements(Table.Family.INET, "weft-vteps", VtepRules.IPV4).stream()
        .map(element -> element.key())
        .toList();
  }

  @Test
  void aRestartedAgentWritesNothingAndRemovalLeavesNothing() throws Exception {
    standing();
    try (var nftables = Nftables.openIn(underlay)) {
      int generation = nftables.generation();
      try (var restarted = agent()) {
        restarted.dump();
        assertThat(nftables.generation()).isEqualTo(generation);
        assertThat(restarted.guards().problems()).isEmpty();
      }
      tables.removeGuards();
      assertThat(nftables.table(Table.Family.INET, table())).isEmpty();
    }
    assertThat(Set.copyOf(NetworkNamespaces.list())).contains(tenant);
  }
}
