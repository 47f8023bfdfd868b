package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.netlink.NetlinkSocket;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.Table;
import io.weft.linux.packet.PacketCapture;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.PodInterface;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * What the guard of ports costs, in the test's output; the limits only notice what grows out of all
 * proportion. {@code -Dweft.scale.full=true} asks for 500 networks.
 */
class GuardCostTest extends SegmentKernel {
  private static final int NETWORKS = Boolean.getBoolean("weft.scale.full") ? 500 : 20;
  private static final int PORTS = 110;
  private static final int FRAMES = 50_000;
  private static final int ROUNDS = 5;

  private static EndpointPort port(int number) {
    var addresses =
        List.of(IpAddress.parse("10.0.0." + number), IpAddress.parse("fd00::" + number));
    return new EndpointPort(
        "none",
        "ep%012x".formatted(number),
        VNI,
        "e" + number,
        "web",
        new MacAddress(0x0a00_0000_0000L + number),
        addresses,
        false,
        1450,
        Optional.empty());
  }

  /**
   * What the action takes of the processor, in the agent and, within its system calls, in the
   * kernel; in ms. Not the time until it is done: what it waits for a lock of the kernel's, and
   * what other programs of a busy machine take meanwhile, is not in it.
   */
  private static double millis(Runnable action) {
    var clock = ManagementFactory.getThreadMXBean();
    long begin = clock.getCurrentThreadCpuTime();
    action.run();
    return (clock.getCurrentThreadCpuTime() - begin) / 1e6;
  }

  private static double median(List<Double> values) {
    Collections.sort(values);
    return values.get(values.size() / 2);
  }

  @Test
  void aPortCostsOneSmallTransaction() {
    var first = new ArrayList<Double>();
    var more = new ArrayList<Double>();
    var spaces = new ArrayList<Descriptor>();
    var guards = new ArrayList<PortGuard>();
    try (var buffers = new NetlinkSocket.Buffers()) {
      for (int i = 0; i < NETWORKS; i++) {
        spaces.add(NetworkNamespaces.createUnnamed());
        guards.add(new PortGuard("none", spaces.getLast(), buffers, new TreeMap<>()));
      }
      guards.forEach(guard -> first.add(millis(() -> guard.expect(port(1)))));
      for (int i = 2; i <= PORTS; i++) {
        var each = port(i);
        more.add(millis(() -> guards.getFirst().expect(each)));
      }
      double look = millis(() -> guards.forEach(PortGuard::check));
      double counters = millis(() -> guards.forEach(PortGuard::stopped));
      System.out.printf(
          "%d networks: first port %.2f ms, each of %d more %.3f ms (medians);"
              + " a look at all %.1f ms, their counters %.1f ms%n",
          NETWORKS, median(first), PORTS, median(more), look, counters);
      assertThat(guards).allSatisfy(guard -> assertThat(guard.problem()).isEmpty());
      assertThat(median(more)).isLessThan(10);
    } finally {
      guards.forEach(PortGuard::close);
      spaces.forEach(Descriptor::close);
    }
  }

  @Test
  void aFrameIsLookedAtQuickly() {
    var next = namespaces.create("next");
    var mac = MacAddress.parse("0a:58:c0:a8:01:0b");
    var address = IpAddress.parse("192.168.1.11");
    var objects = new ArrayList<ForwardingObject>(everything());
    objects.add(
        new EndpointPort(
            tenant,
            "epffffffffffff",
            VNI,
            "web-2",
            "red-web",
            mac,
            List.of(address),
            false,
            1450,
            Optional.of(new PodInterface(next, "eth0", List.of(24)))));
    objects.add(new LocalFdbEntry(tenant, VNI, mac, "epffffffffffff"));
    assertThat(put(objects)).isEmpty();
    var frame =
        RawFrames.ethernet(
            mac,
            LOCAL,
            0x0800,
            RawFrames.ip(ADDRESS, address, 17, RawFrames.udp(7, 9, new byte[64])));
    try (var here = PacketCapture.openIn(pod, "eth0");
        var nftables = Nftables.openIn(tenant)) {
      double guarded = nanosOf(here, frame);
      nftables.delete(Table.Family.BRIDGE, PortRules.TABLE);
      double bare = nanosOf(here, frame);
      System.out.printf(
          "a frame from pod to pod: %.0f ns with the guard, %.0f ns with the port's lock alone%n",
          guarded, bare);
      assertThat(guarded - bare).isLessThan(20_000);
    }
  }

  /** Time of the processor; the least of some rounds, because the machine may be busy. */
  private static double nanosOf(PacketCapture from, Octets frame) {
    var clock = ManagementFactory.getThreadMXBean();
    double least = Double.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      long begin = clock.getCurrentThreadCpuTime();
      for (int i = 0; i < FRAMES; i++) {
        from.send(frame);
      }
      least = Math.min(least, (double) (clock.getCurrentThreadCpuTime() - begin) / FRAMES);
    }
    return least;
  }
}
