package io.weft.linux.packet;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.TestNamespaces;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.BridgePort;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Neighbour;
import io.weft.linux.netlink.NeighbourState;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netlink.Vxlan;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Two underlay namespaces joined by a veth pair, a tenant and a pod namespace behind each: the
 * overlay that Weft programs, built by hand on the real kernel, and packets across it.
 */
class OverlayByHandTest {
  private static final Duration PATIENCE = Duration.ofSeconds(3);
  private static final Duration SHORT = Duration.ofMillis(300);

  private TestNamespaces namespaces;
  private Node one;
  private Node two;

  /** One node's namespaces, and what is in them. */
  private record Node(
      String underlay,
      Rtnetlink underlayLinks,
      Rtnetlink tenant,
      String pod,
      Rtnetlink podLinks,
      int number) {
    IpAddress vtep() {
      return IpAddress.parse("10.0.0." + number);
    }

    IpAddress podAddress() {
      return IpAddress.parse("192.168.1." + number);
    }

    IpAddress podAddress6() {
      return IpAddress.parse("fd00:1::" + number);
    }

    MacAddress podMac() {
      return MacAddress.parse("02:aa:00:00:00:0" + number);
    }
  }

  @BeforeEach
  void build() {
    namespaces = new TestNamespaces();
    one = node(1);
    two = node(2);
    var up = LinkSettings.UP;
    var wire = one.underlayLinks().createVeth("fabric", up, "fabric", up, two.underlayLinks());
    address(one.underlayLinks(), wire.link(), one.vtep(), 24);
    address(two.underlayLinks(), wire.peer(), two.vtep(), 24);
    overlay(one, two);
    overlay(two, one);
    awaitWay(two.podAddress());
    awaitWay(two.podAddress6());
  }

  /**
   * On a busy machine the first packets over links just made were lost in about one run of ten;
   * probably the kernel had not yet told the bridges and queues of the carriers (linkwatch).
   */
  private void awaitWay(IpAddress to) {
    var deadline = new Deadline(Duration.ofSeconds(20));
    EchoResult result;
    do {
      result = ping(one, to, 56, SHORT);
    } while (!(result instanceof EchoResult.Reply) && !deadline.isOver());
    assertThat(result).as("the way to %s", to).isInstanceOf(EchoResult.Reply.class);
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private Node node(int number) {
    var underlay = namespaces.create();
    var pod = namespaces.create();
    var node =
        new Node(
            underlay,
            namespaces.links(underlay),
            namespaces.links(namespaces.create()),
            pod,
            namespaces.links(pod),
            number);
    int loopback = node.podLinks().requireLink("lo").index();
    node.podLinks().setLink(loopback, LinkSettings.UP);
    return node;
  }

  private static void address(Rtnetlink in, Link link, IpAddress address, int length) {
    in.execute(new Request.AddAddress(Address.of(link.index(), address, length)));
  }

  private static void overlay(Node node, Node remote) {
    var tenant = node.tenant();
    var settings = LinkSettings.UP.withMtu(1450).withLinkLocal(false);
    var bridge = tenant.createBridge("br100", settings);
    var port = settings.withMaster(bridge.index());
    var vxlan =
        node.underlayLinks()
            .createVxlan("vx100", Vxlan.of(new Vni(100), node.vtep()), port, tenant);
    tenant.setBridgePort(vxlan.index(), BridgePort.TUNNEL);
    var veth =
        tenant.createVeth(
            "pod",
            port,
            "eth0",
            LinkSettings.UP.withMtu(1450).withMac(node.podMac()),
            node.podLinks());
    tenant.setBridgePort(veth.link().index(), BridgePort.PINNED);
    address(node.podLinks(), veth.peer(), node.podAddress(), 24);
    address(node.podLinks(), veth.peer(), node.podAddress6(), 64);
    tenant.execute(new Request.PutFdb(FdbEntry.pinned(veth.link().index(), node.podMac())));
    tenant.execute(
        new Request.PutFdb(FdbEntry.remote(vxlan.index(), remote.podMac(), remote.vtep())));
    tenant.execute(new Request.AppendFdb(FdbEntry.flood(vxlan.index(), remote.vtep())));
    for (var address : new IpAddress[] {remote.podAddress(), remote.podAddress6()}) {
      tenant.execute(
          new Request.PutNeighbour(
              Neighbour.remote(bridge.index(), address, remote.podMac(), Route.BGP)));
    }
  }

  private static EchoResult ping(Node from, IpAddress to, int payload, Duration timeout) {
    try (var echo = IcmpEcho.openIn(from.pod(), to)) {
      return echo.ping(payload, timeout);
    }
  }

  @Test
  void podsReachEachOtherUpToTheMtu() {
    int largest = IcmpEcho.payloadFor(1450, two.podAddress());
    assertThat(ping(one, two.podAddress(), 56, PATIENCE)).isInstanceOf(EchoResult.Reply.class);
    assertThat(ping(two, one.podAddress(), largest, PATIENCE)).isInstanceOf(EchoResult.Reply.class);
    assertThat(ping(one, two.podAddress(), largest + 1, PATIENCE))
        .isEqualTo(new EchoResult.TooBig(OptionalInt.of(1450)));
  }

  @Test
  void podsReachEachOtherOverIpv6() {
    int largest = IcmpEcho.payloadFor(1450, two.podAddress6());
    assertThat(ping(one, two.podAddress6(), largest, PATIENCE))
        .isInstanceOf(EchoResult.Reply.class);
    assertThat(ping(one, two.podAddress6(), largest + 1, PATIENCE))
        .isInstanceOf(EchoResult.TooBig.class);
  }

  @Test
  void onTheFabricItIsVxlan() {
    try (var capture = PacketCapture.openIn(one.underlay(), "fabric")) {
      assertThat(ping(one, two.podAddress(), 56, PATIENCE)).isInstanceOf(EchoResult.Reply.class);
      Frame frame;
      do {
        frame = capture.next(PATIENCE).orElseThrow();
      } while (!isVxlan(frame));
      var octets = frame.octets();
      assertThat(octets.at(34 + 2) << 8 | octets.at(34 + 3)).as("UDP port").isEqualTo(4789);
      assertThat(octets.at(46) << 16 | octets.at(47) << 8 | octets.at(48)).as("VNI").isEqualTo(100);
      // The inner frame begins behind 14 + 20 + 8 + 8 octets.
      var inner = java.util.Arrays.copyOfRange(octets.toArray(), 50, 62);
      assertThat(MacAddress.of(java.util.Arrays.copyOf(inner, 6))).isIn(one.podMac(), two.podMac());
      assertThat(octets.length()).isEqualTo(50 + 14 + 20 + 8 + 56);
    }
  }

  /** IPv4, UDP to 4789, with an IPv4 packet inside. */
  private static boolean isVxlan(Frame frame) {
    var octets = frame.octets();
    return octets.length() > 64
        && octets.at(12) == 0x08
        && octets.at(13) == 0
        && octets.at(23) == 17
        && octets.at(62) == 0x08
        && octets.at(63) == 0;
  }

  @Test
  void aQuietInterfaceGivesNoFrame() {
    try (var capture = PacketCapture.openIn(one.pod(), "lo")) {
      assertThat(capture.next(Duration.ofMillis(20))).isEmpty();
    }
  }

  @Test
  void whatIsNotThereDoesNotAnswer() {
    assertThat(ping(one, IpAddress.parse("192.168.1.99"), 56, SHORT))
        .isEqualTo(new EchoResult.NoReply());
    // Not routed at all, and then refused by an unreachable route.
    assertThat(ping(one, IpAddress.parse("172.16.0.1"), 56, SHORT))
        .isInstanceOfSatisfying(
            EchoResult.Failed.class,
            failed -> assertThat(failed.reason()).contains("172.16.0.1", "ENETUNREACH"));
    one.podLinks().execute(new Request.AddRoute(Route.unreachable(IpPrefix.parse("0.0.0.0/0"))));
    assertThat(ping(one, IpAddress.parse("172.16.0.1"), 56, SHORT))
        .isInstanceOf(EchoResult.Failed.class);
  }

  @Test
  void theWayToItselfTakesMoreThanTheWayToOthers() {
    assertThat(ping(one, one.podAddress(), 20_000, PATIENCE)).isInstanceOf(EchoResult.Reply.class);
    assertThat(ping(one, two.podAddress(), 20_000, PATIENCE)).isInstanceOf(EchoResult.TooBig.class);
  }

  @Test
  void aStreamCountsNoLossWhereThereIsNone() throws Exception {
    try (var stream = EchoStream.startIn(one.pod(), two.podAddress(), Duration.ofMillis(10))) {
      awaitReplies(stream, 20);
      var quiet = stream.stop(PATIENCE);
      assertThat(quiet.lost()).isZero();
      assertThat(quiet.longestSilence()).isZero();
      assertThat(quiet.sent()).isGreaterThanOrEqualTo(20);
    }
  }

  @Test
  void aStreamCountsLosses() throws Exception {
    int port = two.tenant().requireLink("pod").index();
    try (var stream = EchoStream.startIn(one.pod(), two.podAddress(), Duration.ofMillis(10))) {
      awaitReplies(stream, 5);
      two.tenant().setLink(port, LinkSettings.NONE.withUp(false));
      Thread.sleep(500); // the length of the outage: on a busy machine too some are sent in it
      two.tenant().setLink(port, LinkSettings.UP);
      awaitReplies(stream, stream.received() + 5);
      var lossy = stream.stop(SHORT);
      assertThat(lossy.lost()).isBetween(5, lossy.sent() - 5);
      assertThat(lossy.longestSilence()).isBetween(5, lossy.lost());
    }
  }

  @Test
  void aLockedPortDropsEveryOtherSource() {
    var posing = MacAddress.parse("02:aa:00:00:00:99");
    int link = one.podLinks().requireLink("eth0").index();
    one.podLinks().setLink(link, LinkSettings.NONE.withMac(posing));
    // Known for good: ARP and its one-second pauses would decide when something is sent.
    one.podLinks()
        .execute(
            new Request.PutNeighbour(
                new Neighbour(
                    link,
                    two.podAddress(),
                    Optional.of(two.podMac()),
                    NeighbourState.PERMANENT,
                    false,
                    false,
                    0)));
    try (var capture = PacketCapture.openIn(two.pod(), "eth0")) {
      ping(one, two.podAddress(), 56, SHORT);
      assertThat(hears(capture, posing)).isFalse();
      int port = one.tenant().requireLink("pod").index();
      one.tenant().setBridgePort(port, BridgePort.PINNED.withLocked(false));
      ping(one, two.podAddress(), 56, SHORT);
      assertThat(hears(capture, posing)).isTrue();
    }
  }

  private static boolean hears(PacketCapture capture, MacAddress source) {
    for (var frame = capture.next(SHORT); frame.isPresent(); frame = capture.next(SHORT)) {
      var octets = frame.get().octets().toArray();
      if (MacAddress.of(java.util.Arrays.copyOfRange(octets, 6, 12)).equals(source)) {
        return true;
      }
    }
    return false;
  }

  private static void awaitReplies(EchoStream stream, int count) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (stream.received() < count && System.nanoTime() < deadline) {
      Thread.sleep(5);
    }
  }
}
