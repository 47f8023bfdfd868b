package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.ffi.Errno;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.ElementSet.Element;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.Table;
import io.weft.linux.packet.PacketCapture;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Against the real kernel: what guards ports neither outlives them nor stays away. */
class PortGuardRepairTest extends SegmentKernel {
  /** Octets in which one of the table's sets is asked for: two headers and two short names. */
  private static final int QUESTION = 48;

  private static void await(String what, BooleanSupplier condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      Thread.sleep(20);
    }
  }

  /** Names of ports that anything of the table is about. */
  private Set<String> guarded() {
    var names = new TreeSet<String>();
    try (var nftables = Nftables.openIn(tenant)) {
      for (var set : PortRules.table().sets()) {
        nftables.elements(Table.Family.BRIDGE, PortRules.TABLE, set).stream()
            .map(Element::key)
            .map(PortElements::port)
            .forEach(names::add);
      }
    }
    return names;
  }

  /** The pod sends a frame that is stopped and counted. */
  private void offend() throws Exception {
    var frame =
        RawFrames.ethernet(REMOTE, MacAddress.parse("02:66:66:66:66:66"), 0x88b5, new byte[46]);
    try (var here = PacketCapture.openIn(pod, "eth0")) {
      await(
          "a counted frame",
          () -> {
            here.send(frame);
            return tables.guards().stopped().containsKey(PORT);
          });
    }
  }

  private void endPod() throws Exception {
    NetworkNamespaces.deleteIfExists(pod);
    await("the end of the pod's link", () -> inTenant().link(PORT).isEmpty());
  }

  @Test
  void nothingIsLeftOfAPodThatVanished() throws Exception {
    standing();
    offend();
    endPod();
    await("news of it", () -> !tables.drain(true).isEmpty());
    assertThat(guarded()).isEmpty();
    assertThat(tables.guards().stopped()).isEmpty();
  }

  @Test
  void nothingIsLeftOfAPortThatCouldNotBeMade() {
    assertThat(put(List.of(everything().get(0), bridge(), vxlan(VTEP)))).isEmpty();
    assertThat(put(List.of(port("nowhere", "eth0")))).hasSize(1);
    assertThat(guarded()).isEmpty();
  }

  @Test
  void aPortThatCouldNotBeChangedIsGuardedAsItIs() {
    standing();
    var before = elements();
    var tooLong = "x".repeat(400);
    var port = (EndpointPort) everything().get(3);
    var changed =
        new EndpointPort(
            port.namespace(),
            port.port(),
            port.vni(),
            tooLong,
            port.network(),
            REMOTE,
            port.addresses(),
            port.sticky(),
            port.mtu(),
            port.pod());
    assertThat(put(List.of(changed))).hasSize(1);
    assertThat(elements()).isEqualTo(before);
  }

  private List<Octets> elements() {
    try (var nftables = Nftables.openIn(tenant)) {
      return nftables.elements(Table.Family.BRIDGE, PortRules.TABLE, PortRules.MACS).stream()
          .map(Element::key)
          .toList();
    }
  }

  @Test
  void aNewAgentTakesAwayWhatIsLeftOfPodsThatVanishedBefore() throws Exception {
    standing();
    offend();
    endPod();
    assertThat(guarded()).containsExactly(PORT);
    try (var restarted = agent()) {
      restarted.dump();
      assertThat(guarded()).isEmpty();
      assertThat(restarted.guards().stopped()).isEmpty();
    }
  }

  @Test
  void aRepairThatFailedHalfWayIsFinished() throws Exception {
    standing();
    try (var nftables = Nftables.openIn(tenant)) {
      assertThat(nftables.delete(Table.Family.BRIDGE, PortRules.TABLE)).isTrue();
      var refused = RefusedCalls.sending(QUESTION, Errno.ENOBUFS);
      assertThat(refused.during(() -> tables.lookAround())).isEmpty();
      assertThat(tables.guards().problems().toString()).contains("ENOBUFS");
      assertThat(nftables.table(Table.Family.BRIDGE, PortRules.TABLE)).isPresent();
      assertThat(guarded()).as("half a repair").isEmpty();
    }
    assertThat(tables.lookAround()).isEmpty();
    assertThat(guarded()).containsExactly(PORT);
    assertThat(tables.guards().problems()).isEmpty();
  }
}
