package io.weft.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.linux.TestNamespaces;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.Vni;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against the real kernel: who listens to which group, by bridges and VXLAN devices. */
class MulticastTest {
  private static final IpAddress VTEP = IpAddress.parse("10.0.0.2");
  private static final IpAddress GROUP = IpAddress.parse("239.1.2.3");
  private static final IpAddress GROUP6 = IpAddress.parse("ff0e::1:2");

  private TestNamespaces namespaces;
  private String namespace;
  private Rtnetlink links;
  private Link bridge;
  private Link vxlan;

  @BeforeEach
  void open() {
    namespaces = new TestNamespaces();
    namespace = namespaces.create();
    links = namespaces.links(namespace);
    bridge = links.createBridge("br100", LinkSettings.UP);
    vxlan =
        links.createVxlan(
            "vx100",
            Vxlan.of(new Vni(100), IpAddress.parse("10.0.0.1")),
            LinkSettings.UP.withMaster(bridge.index()));
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  @Test
  void aBridgeSnoopsAndAsks() {
    assertThat(bridge.multicast()).contains(BridgeMulticast.FLOODING);
    links.setBridgeMulticast(bridge.index(), BridgeMulticast.SNOOPING);
    assertThat(links.requireLink("br100").multicast()).contains(BridgeMulticast.SNOOPING);
    links.setBridgePort(vxlan.index(), BridgePort.TUNNEL);
    assertThat(links.requireLink("vx100").bridgePort()).contains(BridgePort.TUNNEL);
    links.setBridgeMulticast(bridge.index(), BridgeMulticast.FLOODING);
    assertThat(links.requireLink("br100").multicast()).contains(BridgeMulticast.FLOODING);
  }

  @Test
  void copiesOfAGroupGoToItsVteps() {
    var first = MdbEntry.remote(vxlan.index(), GROUP, VTEP, Optional.empty());
    var second =
        MdbEntry.remote(
            vxlan.index(), GROUP, IpAddress.parse("10.0.0.3"), Optional.of(new Vni(200)));
    var rest = MdbEntry.discard(vxlan.index(), IpAddress.parse("::"), IpAddress.parse("10.0.0.1"));
    var third = MdbEntry.remote(vxlan.index(), GROUP6, VTEP, Optional.empty());
    var all = List.of(first, second, rest, third);
    all.forEach(row -> links.execute(new Request.PutMdb(row)));
    assertThat(links.mdb()).containsExactlyInAnyOrderElementsOf(all);

    var elsewhere = MdbEntry.remote(vxlan.index(), GROUP, VTEP, Optional.of(new Vni(300)));
    links.execute(new Request.PutMdb(elsewhere));
    assertThat(links.mdb()).hasSize(4).contains(elsewhere);

    all.forEach(row -> links.execute(new Request.DeleteMdb(row)));
    assertThat(links.mdb()).isEmpty();
    assertThat(links.executeIfThere(new Request.DeleteMdb(first))).isFalse();
  }

  @Test
  void linkLocalGroupsCannotBeSelected() {
    var row =
        MdbEntry.remote(vxlan.index(), IpAddress.parse("224.0.0.251"), VTEP, Optional.empty());
    assertThatThrownBy(() -> links.execute(new Request.PutMdb(row)))
        .isInstanceOf(LinuxException.class)
        .hasMessageContaining("local multicast");
  }

  @Test
  void hearsWhatAHostJoinsAndLeaves() throws Exception {
    var host = namespaces.create();
    var pair =
        links.createVeth(
            "port1",
            LinkSettings.UP.withMaster(bridge.index()),
            "e0",
            LinkSettings.UP,
            namespaces.links(host));
    namespaces
        .links(host)
        .execute(
            new Request.AddAddress(
                Address.of(pair.peer().index(), IpAddress.parse("192.168.1.1"), 24)));
    links.setBridgeMulticast(bridge.index(), BridgeMulticast.SNOOPING);
    var member = MdbEntry.member(bridge.index(), pair.link().index(), GROUP);
    try (var monitor = NetlinkMonitor.openIn(namespace)) {
      try (var _ = NetworkNamespaces.callIn(host, MulticastTest::join)) {
        awaitNotice(monitor, new KernelNotice.MdbChanged(member, false));
        assertThat(links.mdb()).contains(member);
      }
      // Nobody asks for it any more when it goes.
      var left =
          new MdbEntry(
              member.device(),
              member.port(),
              GROUP,
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              OptionalInt.empty(),
              false);
      awaitNotice(monitor, new KernelNotice.MdbChanged(left, true));
    }
  }

  /** The kernel ends the snooping of a bridge with too many groups: for all of its ports. */
  @Test
  void onePortCannotEndTheSnoopingForAll() throws Exception {
    var port =
        links.createVeth(
            "port1",
            LinkSettings.UP.withMaster(bridge.index()),
            "e0",
            LinkSettings.UP,
            namespaces.links(namespaces.create()));
    links.setBridgeMulticast(bridge.index(), BridgeMulticast.SNOOPING);
    links.setBridgePort(port.link().index(), BridgePort.PINNED);
    assertThat(said("ip", "-n", namespace, "-d", "link", "show", "br100"))
        .contains("mcast_hash_max 16384 ");
    int joined = 0;
    Optional<String> refusal = Optional.empty();
    while (refusal.isEmpty() && joined < 5_000) {
      var group = IpAddress.parse("239.9.0.0").plus(joined);
      var row = MdbEntry.member(bridge.index(), port.link().index(), group);
      try {
        links.execute(new Request.PutMdb(row));
        joined++;
      } catch (LinuxException e) {
        refusal = Optional.of(e.getMessage());
      }
    }
    assertThat(refusal.orElse("")).contains("mcast_max_groups=256");
    assertThat(joined).isEqualTo(256);
    assertThat(links.requireLink("br100").multicast()).contains(BridgeMulticast.SNOOPING);
  }

  private static String said(String... command) throws Exception {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static DatagramChannel join() {
    try {
      var channel = DatagramChannel.open(StandardProtocolFamily.INET);
      channel.join(InetAddress.getByName(GROUP.toString()), NetworkInterface.getByName("e0"));
      return channel;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void awaitNotice(NetlinkMonitor monitor, KernelNotice wanted) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() < deadline) {
      if (monitor.drain().contains(wanted)) {
        return;
      }
      monitor.await(Duration.ofMillis(100));
    }
    throw new AssertionError("not heard: " + wanted);
  }
}
