package io.weft.agent.kernel;

import static io.weft.agent.kernel.PortFrames.ELSEWHERE;
import static io.weft.agent.kernel.PortFrames.EVERYBODY;
import static io.weft.agent.kernel.PortFrames.IPV4;
import static io.weft.agent.kernel.PortFrames.NEXT;
import static io.weft.agent.kernel.PortFrames.NEXT_ADDRESS;
import static io.weft.agent.kernel.PortFrames.NEXT_ADDRESS6;
import static io.weft.agent.kernel.PortFrames.UDP;
import static io.weft.agent.kernel.PortFrames.attacks;
import static io.weft.agent.kernel.PortFrames.from;
import static io.weft.agent.kernel.PortFrames.rightful;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.BridgePort;
import io.weft.linux.netlink.Request;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.Table;
import io.weft.linux.packet.Frame;
import io.weft.linux.packet.PacketCapture;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.PodInterface;
import io.weft.overlay.forwarding.TenantHop;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Against the real kernel: what a pod with CAP_NET_RAW sends under another's name does not reach
 * the pod beside it, and is counted; without the guard it does. What it may send arrives.
 */
class PortGuardTest extends SegmentKernel {
  private static final String NEXT_PORT = "epffffffffffff";

  private static final Duration WAIT = Duration.ofSeconds(60);
  private static final byte[] LAST = "what comes behind it".getBytes(StandardCharsets.US_ASCII);

  private String next;

  @BeforeEach
  void makeNext() {
    next = namespaces.create("next");
    var objects = new ArrayList<ForwardingObject>(everything());
    objects.add(
        new EndpointPort(
            tenant,
            NEXT_PORT,
            VNI,
            "web-2",
            "red-web",
            NEXT,
            List.of(NEXT_ADDRESS, NEXT_ADDRESS6),
            false,
            1450,
            Optional.of(new PodInterface(next, "eth0", List.of(24, 64)))));
    objects.add(new LocalFdbEntry(tenant, VNI, NEXT, NEXT_PORT));
    assertThat(put(objects)).isEmpty();
    assertThat(tables.guards().problems()).isEmpty();
    awaitForwarding();
  }

  /** A bridge forwards by a port some time after its link is up. */
  private void awaitForwarding() {
    var frame = from(LOCAL, 0x88b6, LAST);
    try (var there = PacketCapture.openIn(next, "eth0");
        var here = PacketCapture.openIn(pod, "eth0")) {
      boolean came = false;
      for (int attempt = 0; attempt < 200 && !came; attempt++) {
        here.send(frame);
        came = there.next(Duration.ofMillis(100)).filter(got -> ends(got, frame)).isPresent();
      }
      assertThat(came).isTrue();
    }
  }

  /** True when the frame, sent by the pod, comes to the pod beside it. */
  private boolean arrives(Octets frame) {
    try (var there = PacketCapture.openIn(next, "eth0");
        var here = PacketCapture.openIn(pod, "eth0")) {
      here.send(frame);
      // Behind it one that passes always: when that is there, the frame is lost or was before it.
      var last = from(LOCAL, 0x88b6, LAST);
      here.send(last);
      boolean seen = false;
      var got = there.next(WAIT);
      while (got.isPresent() && !ends(got.get(), last)) {
        seen |= ends(got.get(), frame);
        got = there.next(WAIT);
      }
      assertThat(got).as("what comes behind %s", frame).isPresent();
      return seen;
    }
  }

  /** Equal in what follows MACs and type; VLAN tags are shown apart. */
  private static boolean ends(Frame got, Octets sent) {
    var octets = got.octets().toArray();
    var whole = sent.toArray();
    int tail = Math.min(octets.length, whole.length) - 14 - (whole[12] == (byte) 0x81 ? 4 : 0);
    return octets.length - tail >= 0
        && Arrays.equals(
            octets, octets.length - tail, octets.length, whole, whole.length - tail, whole.length);
  }

  private EnumMap<StopReason, Long> stopped() {
    return tables.guards().stopped().getOrDefault(PORT, new EnumMap<>(StopReason.class));
  }

  private void unguard() {
    try (var nftables = Nftables.openIn(tenant)) {
      assertThat(nftables.delete(Table.Family.BRIDGE, PortRules.TABLE)).isTrue();
    }
    int port = inTenant().requireLink(PORT).index();
    inTenant().execute(new Request.SetBridgePort(port, BridgePort.PINNED.withLocked(false)));
    int beside = inTenant().requireLink(NEXT_PORT).index();
    inTenant().execute(new Request.SetBridgePort(beside, BridgePort.DEFAULT.withLearning(false)));
  }

  @Test
  void whatIsSentUnderAnothersNameIsStoppedAndCounted() {
    attacks()
        .forEach(
            (name, attack) -> {
              long before = stopped().getOrDefault(attack.reason(), 0L);
              assertThat(arrives(attack.frame())).as(name).isFalse();
              assertThat(stopped().getOrDefault(attack.reason(), 0L))
                  .as(name)
                  .isEqualTo(before + 1);
            });
    assertThat(tables.guards().stopped())
        .as("the pod beside did nothing")
        .doesNotContainKey(NEXT_PORT);
  }

  @Test
  void withoutTheGuardAllOfItArrives() {
    unguard();
    attacks().forEach((name, attack) -> assertThat(arrives(attack.frame())).as(name).isTrue());
  }

  @Test
  void whatItMaySendArrives() {
    rightful().forEach((name, frame) -> assertThat(arrives(frame)).as(name).isTrue());
    assertThat(stopped()).isEmpty();
  }

  @Test
  void aRouterSendsFromWhatIsBehindItButNotForItsNeighbours() {
    var frame = from(LOCAL, IPV4, RawFrames.ip(ELSEWHERE, NEXT_ADDRESS, UDP, RawFrames.udp(7, 7)));
    var neighbour =
        from(
            LOCAL,
            IPV4,
            RawFrames.ip(IpAddress.parse("192.168.1.12"), NEXT_ADDRESS, UDP, RawFrames.udp(7, 7)));
    var gateway = new GatewayAddress(tenant, VNI, IpAddress.parse("192.168.1.1"), 24);
    var everything =
        new EndpointRoute(
            tenant, IpPrefix.parse("0.0.0.0/0"), List.of(TenantHop.over(VNI, ADDRESS)));
    assertThat(arrives(frame)).isFalse();
    assertThat(put(List.of(gateway, everything))).isEmpty();
    assertThat(arrives(frame)).as("behind it").isTrue();
    assertThat(arrives(neighbour)).as("on the link").isFalse();
    assertThat(remove(List.of(everything))).isEmpty();
    assertThat(arrives(frame)).as("no longer behind it").isFalse();
  }

  @Test
  void whatAnotherSpeakerSaysIsBehindAnEndpointIsSentFromAsLongAsItSaysSo() {
    var gateway = new GatewayAddress(tenant, VNI, IpAddress.parse("192.168.1.1"), 24);
    assertThat(put(List.of(gateway))).isEmpty();
    var frame = from(LOCAL, IPV4, RawFrames.ip(ELSEWHERE, NEXT_ADDRESS, UDP, RawFrames.udp(7, 7)));
    assertThat(arrives(frame)).isFalse();
    assertThat(put(List.of(routed("10.9.0.0/16", ADDRESS)))).isEmpty();
    assertThat(arrives(frame)).as("behind it").isTrue();
    assertThat(put(List.of(routed("10.9.0.0/16", NEXT_ADDRESS)))).isEmpty();
    assertThat(arrives(frame)).as("behind the pod beside").isFalse();
    assertThat(put(List.of(routed("10.9.0.0/16", ADDRESS)))).isEmpty();
    assertThat(arrives(frame)).as("behind it again").isTrue();
    assertThat(remove(List.of(routed("10.9.0.0/16", ADDRESS)))).isEmpty();
    assertThat(arrives(frame)).as("withdrawn").isFalse();
    assertThat(tables.guards().problems()).isEmpty();
  }

  @Test
  void prefixesBehindAnEndpointMayLieInEachOtherButNotOnALink() {
    var gateway = new GatewayAddress(tenant, VNI, IpAddress.parse("192.168.1.1"), 24);
    var beside = IpAddress.parse("192.168.1.12");
    assertThat(
            put(
                List.of(
                    gateway, routed("10.9.0.0/16", ADDRESS), routed("192.168.1.12/32", ADDRESS))))
        .isEmpty();
    var frame = from(LOCAL, IPV4, RawFrames.ip(ELSEWHERE, NEXT_ADDRESS, UDP, RawFrames.udp(7, 7)));
    var spoofed = from(LOCAL, IPV4, RawFrames.ip(beside, NEXT_ADDRESS, UDP, RawFrames.udp(7, 7)));
    assertThat(arrives(frame)).isTrue();
    assertThat(arrives(spoofed)).as("a host on the link").isFalse();
    assertThat(put(List.of(routed("10.0.0.0/8", ADDRESS), routed("0.0.0.0/0", ADDRESS)))).isEmpty();
    assertThat(tables.guards().problems()).isEmpty();
    assertThat(arrives(frame)).as("in three prefixes").isTrue();
    assertThat(arrives(spoofed)).as("a host on the link").isFalse();
    assertThat(remove(List.of(routed("10.0.0.0/8", ADDRESS), routed("0.0.0.0/0", ADDRESS))))
        .isEmpty();
    assertThat(arrives(frame)).as("in the narrowest still").isTrue();
    assertThat(tables.guards().problems()).isEmpty();
  }

  @Test
  void anAddressThatTheClusterKnowsAnotherEndpointByIsInNoPrefixBehindOne() {
    var gateway = new GatewayAddress(tenant, VNI, IpAddress.parse("192.168.1.1"), 24);
    var hop = List.of(TenantHop.over(VNI, ADDRESS));
    var everything = new EndpointRoute(tenant, IpPrefix.parse("0.0.0.0/0"), hop);
    var host = IpPrefix.parse(ELSEWHERE + "/32");
    var cluster = new EndpointRoute(tenant, host, List.of(TenantHop.over(VNI, NEXT_ADDRESS)));
    assertThat(put(List.of(gateway, everything))).isEmpty();
    var frame = from(LOCAL, IPV4, RawFrames.ip(ELSEWHERE, NEXT_ADDRESS, UDP, RawFrames.udp(7, 7)));
    assertThat(arrives(frame)).isTrue();
    assertThat(put(List.of(cluster))).isEmpty();
    assertThat(arrives(frame)).as("it is the pod beside now").isFalse();
    assertThat(remove(List.of(cluster))).isEmpty();
    assertThat(arrives(frame)).as("it is nobody's again").isTrue();
    assertThat(tables.guards().problems()).isEmpty();
  }

  private ForwardingObject routed(String prefix, IpAddress gateway) {
    return new TenantRoute(tenant, IpPrefix.parse(prefix), List.of(TenantHop.over(VNI, gateway)));
  }

  @Test
  void aFloodIsCutAndThePodBesideIsNot() {
    var broadcast =
        RawFrames.ethernet(
            RawFrames.ALL, LOCAL, IPV4, RawFrames.ip(ADDRESS, EVERYBODY, UDP, RawFrames.udp(9, 9)));
    int sent = 0;
    try (var here = PacketCapture.openIn(pod, "eth0")) {
      // Again where the machine was too busy to be too quick.
      while (sent < 100_000 && !stopped().containsKey(StopReason.FLOOD)) {
        for (int i = 0; i < 5 * PortElements.FLOOD_PER_SECOND; i++) {
          here.send(broadcast);
        }
        sent += 5 * PortElements.FLOOD_PER_SECOND;
      }
    }
    assertThat(stopped().getOrDefault(StopReason.FLOOD, 0L)).isPositive().isLessThan(sent);
    assertThat(tables.guards().stopped()).doesNotContainKey(NEXT_PORT);
    rightful()
        .forEach(
            (name, frame) -> {
              if ((frame.at(0) & 1) == 0) {
                assertThat(arrives(frame)).as(name).isTrue();
              }
            });
  }

  @Test
  void aStreamToAGroupMayBeQuicker() {
    var group = IpAddress.parse("239.1.2.3");
    var stream =
        RawFrames.ethernet(
            MacAddress.parse("01:00:5e:01:02:03"),
            LOCAL,
            IPV4,
            RawFrames.ip(ADDRESS, group, UDP, RawFrames.udp(9, 9)));
    try (var here = PacketCapture.openIn(pod, "eth0")) {
      for (int i = 0; i < 2 * PortElements.FLOOD_PER_SECOND; i++) {
        here.send(stream);
      }
      assertThat(stopped()).isEmpty();
    }
  }

  @Test
  void whatNobodyKnowsDoesNotComeToThePodBeside() {
    var unknown = MacAddress.parse("02:77:77:77:77:77");
    var frame =
        RawFrames.ethernet(
            unknown, LOCAL, IPV4, RawFrames.ip(ADDRESS, NEXT_ADDRESS, UDP, RawFrames.udp(7, 7)));
    assertThat(arrives(frame)).isFalse();
    int port = inTenant().requireLink(NEXT_PORT).index();
    inTenant().execute(new Request.SetBridgePort(port, BridgePort.DEFAULT));
    assertThat(arrives(frame)).as("by a port as the kernel makes it").isTrue();
  }

  @Test
  void aFloodOfMacsLeavesNoTrace() {
    int rows = inTenant().fdb().size();
    try (var here = PacketCapture.openIn(pod, "eth0")) {
      for (int i = 0; i < 20_000; i++) {
        var mac = new MacAddress(0x0266_0000_0000L + i);
        here.send(from(mac, IPV4, RawFrames.ip(ADDRESS, NEXT_ADDRESS, UDP, RawFrames.udp(7, 7))));
      }
    }
    assertThat(stopped().getOrDefault(StopReason.SOURCE_MAC, 0L))
        .as("all that the queue of the pod's link took")
        .isBetween(1_000L, 20_000L);
    assertThat(inTenant().fdb()).hasSize(rows);
  }

  @Test
  void aRestartedAgentFindsItAndItsCounts() {
    var attack = attacks().get("another IPv4 address");
    assertThat(arrives(attack.frame())).isFalse();
    try (var nftables = Nftables.openIn(tenant)) {
      int generation = nftables.generation();
      try (var restarted = agent()) {
        restarted.dump();
        assertThat(restarted.guards().stopped().get(PORT))
            .containsEntry(StopReason.SOURCE_ADDRESS, 1L);
      }
      assertThat(nftables.generation()).as("nothing was written").isEqualTo(generation);
    }
  }

  @Test
  void whatSomebodyElseChangesIsMendedAndCounted() {
    var attack = attacks().get("another IPv4 address");
    assertThat(arrives(attack.frame())).isFalse();
    assertThat(stopped()).containsEntry(StopReason.SOURCE_ADDRESS, 1L);
    try (var nftables = Nftables.openIn(tenant)) {
      nftables.delete(Table.Family.BRIDGE, PortRules.TABLE);
      assertThat(tables.lookAround()).isEmpty();
      assertThat(arrives(attack.frame())).as("the table is back").isFalse();
      assertThat(stopped()).as("and went on counting").containsEntry(StopReason.SOURCE_ADDRESS, 2L);
      nftables.replace(new Table(Table.Family.BRIDGE, PortRules.TABLE, List.of()));
      assertThat(tables.lookAround()).isEmpty();
      assertThat(arrives(attack.frame())).as("its rules are back").isFalse();
      var mine = nftables.elements(Table.Family.BRIDGE, PortRules.TABLE, PortRules.PORTS);
      assertThat(mine).hasSize(2);
    }
    assertThat(tables.guards().repairs()).isEqualTo(2);
  }

  @Test
  void nothingOfAPortThatWentIsLeft() {
    assertThat(arrives(attacks().get("another IPv4 address").frame())).isFalse();
    assertThat(remove(List.of(port(pod, "eth0"), new LocalFdbEntry(tenant, VNI, LOCAL, PORT))))
        .isEmpty();
    assertThat(tables.guards().stopped()).isEmpty();
    try (var nftables = Nftables.openIn(tenant)) {
      for (var set : PortRules.table().sets()) {
        assertThat(nftables.elements(Table.Family.BRIDGE, PortRules.TABLE, set))
            .as(set.name())
            .noneMatch(element -> PortElements.port(element.key()).equals(PORT));
      }
    }
  }
}
