package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.lab.process.LabFailure;
import io.weft.lab.process.RunningLab;
import io.weft.lab.run.Lab;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.PacketCapture;
import io.weft.net.IpAddress;
import io.weft.net.Vni;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A selective network (RFC 9251) of two nodes of ours and one of FRR, which does not say what it
 * wants: it gets every group, and passes over the routes of Type 6.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MulticastInteroperabilityTest {
  private static final Vni VNI = new Vni(100);
  private static final String GROUP = "239.1.1.1";
  private static final String GROUP_MAC = "01005e010101";
  private static final String TOPOLOGY =
      """
      kind: Fabric
      metadata: {name: default}
      spec: {vtep: {cidr: 10.255.0.0/16}}
      ---
      kind: Tenant
      metadata: {name: red}
      ---
      kind: Network
      metadata: {name: red-net}
      spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24], multicast: selective}
      ---
      kind: Topology
      metadata: {name: interop-mc}
      spec:
        racks: [{name: a}, {name: b}]
        nodes:
        - {name: a1, rack: a}
        - {name: a2, rack: a}
        - {name: a3, rack: a}
        - {name: b2, rack: b, speaker: external}
        reflectors:
        - {name: rr1, rack: a}
        endpoints:
        - {name: red-1, node: a1, network: red-net, addresses: [192.168.1.11]}
        - {name: red-2, node: a2, network: red-net, addresses: [192.168.1.12]}
        - {name: red-3, node: a3, network: red-net, addresses: [192.168.1.13]}
        - {name: red-4, node: b2, network: red-net, addresses: [192.168.1.14]}
      """;

  @TempDir private static Path directory;

  private Lab lab;
  private RunningLab running;
  private FrrNode frr;

  @BeforeAll
  void build() throws IOException, LabFailure, InterruptedException {
    var file = ForeignLab.file(directory, TOPOLOGY, FrrDaemons.BGPD);
    lab = Lab.open(file, Lab.read(file));
    lab.clear();
    running = lab.build();
    var plan = running.plan();
    frr =
        FrrNode.start(
            plan.namespace("b2").name(),
            directory.resolve("frr"),
            plan.loopback("b2"),
            List.of(plan.loopback("rr1")));
    frr.addNetwork(VNI, plan.loopback("b2"));
    frr.addEndpoint(VNI, plan.namespace("red-4").name(), IpAddress.parse("192.168.1.14"), 24);
    running.start();
    running.awaitSessions();
    for (var endpoint : running.topology().endpoints()) {
      if (running.topology().node(endpoint.node()).isWeft()) {
        running.attach(endpoint);
      }
    }
  }

  @AfterAll
  void remove() throws IOException, InterruptedException {
    if (frr != null) {
      frr.close();
    }
    if (lab != null) {
      lab.remove();
      lab.close();
    }
  }

  @Test
  void whoDoesNotSayWhatItWantsGetsEveryGroup() throws Exception {
    await("FRR has the reflector", frr::establishedPeers, 1L);
    await("a1 knows FRR's flood route", () -> everyGroup().contains("10.255.0.4"), true);
    long dropped = dropped();
    try (var _ = join(pod("red-2"));
        var receiver = PacketCapture.openIn(pod("red-2"), "eth0");
        var frrs = PacketCapture.openIn(pod("red-4"), "eth0");
        var other = PacketCapture.openIn(running.plan().namespace("a3").name(), "eth0")) {
      await("a1 knows that a2 has joined", () -> groups().contains(GROUP), true);
      await("its kernel is told of it", this::isWritten, true);
      while (other.next(Duration.ofMillis(20)).isPresent()) {
        // what came before counts for nothing
      }
      for (int i = 0; i < 5; i++) {
        send(pod("red-1"));
      }
      assertThat(count(receiver, Duration.ofSeconds(10))).isEqualTo(5);
      assertThat(count(frrs, Duration.ofSeconds(10))).isEqualTo(5);
      assertThat(count(other, Duration.ofSeconds(1)))
          .as("copies at a node that has not joined")
          .isZero();
    }
    await("a1 has forgotten the group", () -> groups().contains(GROUP), false);
    assertThat(frr.establishedPeers()).isEqualTo(1);
    assertThat(dropped()).as("sessions that FRR has lost").isEqualTo(dropped);
  }

  private String pod(String name) {
    return running.plan().namespace(name).name();
  }

  private boolean isWritten() throws IOException {
    try (var agent = running.agent("a1")) {
      return agent.status().at("/kernel/pending").asInt() == 0;
    }
  }

  private List<String> groups() throws IOException {
    try (var agent = running.agent("a1")) {
      return agent.multicast("red-net");
    }
  }

  private List<String> everyGroup() throws IOException {
    try (var agent = running.agent("a1")) {
      return agent.everyGroup("red-net");
    }
  }

  private long dropped() throws IOException, InterruptedException {
    long dropped = 0;
    for (var peer : frr.vtysh("show bgp l2vpn evpn summary json").path("peers")) {
      dropped += peer.path("connectionsDropped").asLong();
    }
    return dropped;
  }

  /** Frames to the group that come, in VXLAN too: until five are there, and a moment longer. */
  private static int count(PacketCapture capture, Duration patience) {
    int count = 0;
    long until = System.nanoTime() + patience.toNanos();
    long left = patience.toNanos();
    while (left > 0) {
      var frame = capture.next(Duration.ofNanos(left));
      boolean counts =
          frame
              .filter(each -> each.octets().toString().contains(GROUP_MAC) && !each.outgoing())
              .isPresent();
      if (counts && ++count == 5) {
        until = System.nanoTime() + Duration.ofMillis(500).toNanos();
      }
      left = until - System.nanoTime();
    }
    return count;
  }

  private static DatagramChannel open() throws IOException {
    var channel = DatagramChannel.open(StandardProtocolFamily.INET);
    channel.setOption(StandardSocketOptions.IP_MULTICAST_IF, NetworkInterface.getByName("eth0"));
    channel.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 4);
    return channel;
  }

  private static DatagramChannel join(String namespace) {
    return NetworkNamespaces.callIn(
        namespace,
        () -> {
          try {
            var channel = open();
            channel.join(InetAddress.getByName(GROUP), NetworkInterface.getByName("eth0"));
            return channel;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static void send(String namespace) {
    NetworkNamespaces.callIn(
        namespace,
        () -> {
          try (var channel = open()) {
            return channel.send(
                ByteBuffer.wrap(new byte[] {1}),
                new InetSocketAddress(InetAddress.getByName(GROUP), 5004));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static <T> void await(String what, Callable<T> question, T expected) throws Exception {
    long deadline = System.nanoTime() + FrrNode.patienceNanos();
    T answer = question.call();
    while (!expected.equals(answer) && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(50);
      answer = question.call();
    }
    assertThat(answer).as(what).isEqualTo(expected);
  }
}
