package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.advertise.RouterAdvertiser;
import io.weft.agent.kernel.RoutedNodes.Node;
import io.weft.agent.kernel.RoutedNodes.Segment;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.linux.packet.PacketCapture;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.PodInterface;
import io.weft.overlay.node.AdvertisedNetwork;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Router advertisements on the real kernel: two nodes with one network, and endpoints that are
 * given no IPv6 at all and believe what they hear (accept_ra is 1 in a new namespace).
 */
class RouterAdvertisementTest {
  private static final Segment WEB = new Segment(100, 1, 1450);
  private static final IpPrefix EVERYWHERE = IpPrefix.parse("::/0");
  private static final int ETHERNET = 14;
  private static final int VXLAN = ETHERNET + 20 + 8 + 8;

  private TestNamespaces namespaces;
  private Node one;
  private Node two;

  /** What each node advertises: {@code one}'s MTU is 1400, {@code two}'s 1380. */
  private final TreeMap<Integer, List<AdvertisedNetwork>> said = new TreeMap<>();

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    var fabric = new RoutedNodes(namespaces);
    one = fabric.node();
    two = fabric.node();
    one.network(WEB, two);
    one.networkIpv6(WEB);
    two.network(WEB, one);
    two.networkIpv6(WEB);
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private static String port(int last) {
    return "ep%012d".formatted(last);
  }

  private String attach(Node node, int last) {
    var pod = namespaces.create("vm" + last);
    var mac = WEB.mac(last);
    var address = WEB.address(last);
    node.put(
        new EndpointPort(
            node.tenant,
            port(last),
            WEB.id(),
            pod,
            "web",
            mac,
            List.of(address),
            false,
            WEB.mtu(),
            Optional.of(new PodInterface(pod, "eth0", List.of(24)))),
        new LocalFdbEntry(node.tenant, WEB.id(), mac, port(last)),
        new NeighbourEntry(node.tenant, WEB.id(), address, mac));
    return pod;
  }

  /** Two prefixes, one too long to form addresses of; from now on the node says so. */
  private void advertise(int mtu, Node node, boolean autonomous, int... lasts) {
    var ports = new TreeMap<MacAddress, String>();
    for (int last : lasts) {
      ports.put(WEB.mac(last), port(last));
    }
    var prefixes = List.of(IpPrefix.parse("fd00:1::/64"), IpPrefix.parse("fd00:77::/80"));
    say(mtu, List.of(new AdvertisedNetwork("web", node.tenant, mtu, prefixes, autonomous, ports)));
  }

  private void say(int who, List<AdvertisedNetwork> networks) {
    synchronized (said) {
      said.put(who, networks);
    }
  }

  private void start(int who) {
    namespaces.closing(
        new RouterAdvertiser(
            () -> {
              synchronized (said) {
                return Optional.of(said.getOrDefault(who, List.of()));
              }
            }));
  }

  private static void within(int seconds, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    while (!condition.getAsBoolean() && System.nanoTime() - end < 0) {
      Thread.sleep(50);
    }
    assertThat(condition.getAsBoolean()).as("within %s s", seconds).isTrue();
  }

  private static boolean hasRouter(Rtnetlink pod) {
    return pod.routes().stream()
        .filter(route -> route.prefix().equals(EVERYWHERE))
        .flatMap(route -> route.nextHops().stream())
        .anyMatch(hop -> hop.via().equals(Optional.of(AddressPlan.GATEWAY_LINK_LOCAL)));
  }

  private static List<IpAddress> formed(Rtnetlink pod) {
    return pod.addresses().stream()
        .map(address -> address.address())
        .filter(address -> address.toString().startsWith("fd00:"))
        .toList();
  }

  private static String setting(String pod, String name) throws IOException {
    var file = Path.of("/proc/sys/net/ipv6/conf/eth0", name);
    // In one read: the kernel gives nothing more after a first, short one.
    return NetworkNamespaces.<String, IOException>callIn(
        pod,
        () -> {
          try (var in = Files.newInputStream(file)) {
            var octets = new byte[64];
            return new String(octets, 0, in.read(octets), StandardCharsets.US_ASCII).strip();
          }
        });
  }

  @Test
  void anEndpointGetsRouterPrefixAndMtu() throws Exception {
    var pod = attach(one, 10); // before anybody advertises
    advertise(1400, one, false, 10);
    start(1400);
    var links = namespaces.links(pod);
    within(10, () -> hasRouter(links));
    assertThat(setting(pod, "mtu")).isEqualTo("1400");
    assertThat(links.routeTo(WEB.address6(99)).nextHops())
        .as("on the link")
        .allMatch(hop -> hop.via().isEmpty());
    assertThat(formed(links)).as("nobody told it to form an address").isEmpty();
    say(1400, List.of());
    within(10, () -> !hasRouter(links));
  }

  @Test
  void anEndpointFormsItsAddressAndIsReachedInItsSegment() throws Exception {
    var pod = attach(one, 10);
    var beside = one.attach(WEB, 20);
    var away = two.attach(WEB, 30);
    advertise(1400, one, true, 10);
    start(1400);
    var links = namespaces.links(pod);
    within(10, () -> !formed(links).isEmpty());
    var own = IpAddress.parse("fd00:1::00ff:fe00:010a");
    assertThat(formed(links)).as("of the MAC 02:00:00:00:01:0a, once").containsExactly(own);
    two.put(
        new NeighbourEntry(two.tenant, WEB.id(), WEB.address6(30), WEB.mac(30)),
        new VxlanFdbEntry(two.tenant, WEB.id(), WEB.mac(10), one.vtep, WEB.id()),
        new BridgeFdbEntry(two.tenant, WEB.id(), WEB.mac(10)));
    one.remote(WEB, 30, two);
    assertThat(ping(pod, own, WEB.address6(1))).as("the gateway").isTrue();
    assertThat(ping(pod, own, WEB.address6(20))).as(beside).isTrue();
    assertThat(ping(pod, own, WEB.address6(30))).as("another node's").isTrue();
    assertThat(ping(away, WEB.address6(30), own)).as("asked for across the fabric").isTrue();
  }

  /** The address may still be looked for among the neighbours, and cannot be used until then. */
  private static boolean ping(String pod, IpAddress from, IpAddress to)
      throws InterruptedException {
    for (int i = 0; i < 16; i++) {
      try (var echo = NetworkNamespaces.callIn(pod, () -> IcmpEcho.openHere(from, to))) {
        if (echo.ping(56, Duration.ofMillis(500)) instanceof EchoResult.Reply) {
          return true;
        }
      } catch (LinuxException _) {
        Thread.sleep(250);
      }
    }
    return false;
  }

  /** The next one unasked would come 16 s after the first. */
  @Test
  void whoAsksIsAnsweredAtOnce() throws Exception {
    var pod = attach(one, 10);
    advertise(1400, one, false, 10);
    start(1400);
    var links = namespaces.links(pod);
    within(10, () -> hasRouter(links));
    int eth0 = links.requireLink("eth0").index();
    links.setLink(eth0, LinkSettings.NONE.withUp(false));
    assertThat(hasRouter(links)).isFalse();
    links.setLink(eth0, LinkSettings.UP);
    within(12, () -> hasRouter(links));
  }

  @Test
  void eachEndpointHearsOneRouterAndNothingCrossesTheFabric() throws Exception {
    var here = attach(one, 10);
    var there = attach(two, 20);
    try (var first = PacketCapture.openIn(here, "eth0");
        var second = PacketCapture.openIn(there, "eth0");
        var fabric = PacketCapture.openIn(one.underlay, "eth0")) {
      advertise(1400, one, false, 10);
      advertise(1380, two, false, 20);
      start(1400);
      start(1380);
      var links = namespaces.links(there);
      within(10, () -> hasRouter(links));
      within(10, () -> hasRouter(namespaces.links(here)));
      var stranger = attach(two, 30); // asks, which crosses the fabric, and is told nothing
      Thread.sleep(4_000);
      assertThat(hasRouter(namespaces.links(stranger))).isFalse();
      assertThat(mtus(first)).isNotEmpty().containsOnly(1400).hasSizeLessThan(3);
      assertThat(mtus(second)).isNotEmpty().containsOnly(1380).hasSizeLessThan(3);
      var seen = frames(fabric);
      assertThat(seen).anyMatch(frame -> isRouterMessage(frame, VXLAN, 133));
      assertThat(seen).noneMatch(frame -> isRouterMessage(frame, VXLAN, 134));
    }
  }

  private static List<Octets> frames(PacketCapture capture) {
    var frames = new ArrayList<Octets>();
    var next = capture.next(Duration.ofMillis(300));
    while (next.isPresent()) {
      frames.add(next.get().octets());
      next = capture.next(Duration.ofMillis(10));
    }
    return frames;
  }

  /** The MTU option is the second, behind the source's link-layer address. */
  private static List<Integer> mtus(PacketCapture capture) {
    return frames(capture).stream()
        .filter(frame -> isRouterMessage(frame, 0, 134))
        .map(frame -> frame.at(ETHERNET + 40 + 16 + 8 + 6) << 8 | frame.at(ETHERNET + 40 + 31))
        .toList();
  }

  private static boolean isRouterMessage(Octets frame, int begin, int type) {
    int ip = begin + ETHERNET;
    return frame.length() > ip + 40
        && frame.at(ip - 2) == 0x86
        && frame.at(ip - 1) == 0xdd
        && frame.at(ip + 6) == 58
        && frame.at(ip + 40) == type;
  }
}
