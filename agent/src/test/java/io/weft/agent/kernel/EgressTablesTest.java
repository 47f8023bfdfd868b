package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.Table;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject.DeadEnd;
import io.weft.overlay.forwarding.EgressObject.EgressAddress;
import io.weft.overlay.forwarding.EgressObject.EgressFilter;
import io.weft.overlay.forwarding.EgressObject.EgressLink;
import io.weft.overlay.forwarding.EgressObject.EgressPort;
import io.weft.overlay.forwarding.EgressObject.EgressRoute;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.Ipv6Routing;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.PodInterface;
import io.weft.overlay.node.NodeEvent.Observation;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Against the real kernel: two tenants with one subnet, on a node with an address outside, and a
 * server there.
 */
class EgressTablesTest extends TenantKernel {
  private static final Vni VNI = new Vni(100);
  private static final MacAddress GATEWAY = MacAddress.parse("00:00:5e:00:01:01");
  private static final String NODE = "192.0.2.1";
  private static final String WORLD = "192.0.2.2";
  private static final String NODE6 = "2001:db8::1";
  private static final String WORLD6 = "2001:db8::2";
  private static final int PATIENCE = 400;

  private String blue;
  private String world;
  private String redPod;
  private String bluePod;

  @BeforeEach
  void connect() {
    blue = namespaces.prefix() + "blue";
    world = namespaces.create("world");
    redPod = namespaces.create("redpod");
    bluePod = namespaces.create("bluepod");
    var node = namespaces.links(underlay);
    var out = namespaces.links(world);
    var pair =
        node.createVeth("eth0", LinkSettings.UP.withForwarding(true), "eth0", LinkSettings.UP, out);
    node.setLink(node.requireLink("lo").index(), LinkSettings.UP);
    address(underlay, pair.link().index(), NODE, 24);
    address(world, pair.peer().index(), WORLD, 24);
    var everywhere = IpPrefix.parse("0.0.0.0/0");
    node.execute(
        new Request.AddRoute(
            Route.of(everywhere, NextHop.via(IpAddress.parse(WORLD), pair.link().index()))));
  }

  private void address(String namespace, int link, String address, int length) {
    namespaces
        .links(namespace)
        .execute(new Request.AddAddress(Address.of(link, IpAddress.parse(address), length)));
  }

  // ---- what stands ------------------------------------------------------------------------

  private static IpAddress outside(int number) {
    return AddressPlan.egressAddress(number, true);
  }

  /** The way out alone. */
  private List<ForwardingObject> way(String namespace, int number) {
    var port = AddressPlan.egressPortName(namespace);
    return List.of(
        new EgressFilter(namespace, true),
        new EgressLink(namespace, 1450, port),
        new EgressPort(port, namespace, 1450),
        new EgressAddress("", port, outside(number), 31),
        new EgressAddress(namespace, EgressLink.NAME, outside(number).plus(1), 31),
        new EgressRoute(namespace, IpPrefix.parse("0.0.0.0/0"), outside(number)),
        new DeadEnd(namespace, IpPrefix.parse("10.0.1.0/24")));
  }

  private List<ForwardingObject> network(String namespace, String pod) {
    var mac = MacAddress.parse("02:00:00:00:00:0a");
    var name = "a-" + pod; // two endpoints of a node never have one name
    var port = AddressPlan.portName(name);
    return List.of(
        new Bridge(namespace, VNI, GATEWAY, 1450, true),
        new GatewayAddress(namespace, VNI, IpAddress.parse("10.0.0.1"), 24),
        new EndpointPort(
            namespace,
            port,
            VNI,
            name,
            "web",
            mac,
            List.of(IpAddress.parse("10.0.0.10"), IpAddress.parse("fd00:a::10")),
            false,
            1450,
            Optional.of(
                new PodInterface(
                    pod, "eth0", List.of(24, 64), List.of(IpAddress.parse("10.0.0.1"))))),
        new LocalFdbEntry(namespace, VNI, mac, port));
  }

  @Override
  List<ForwardingObject> everything() {
    var objects = new ArrayList<ForwardingObject>();
    objects.add(new TenantNamespace(tenant));
    objects.add(new TenantNamespace(blue));
    objects.add(new EgressFilter("", true));
    objects.addAll(way(tenant, 7));
    objects.addAll(way(blue, 8));
    objects.addAll(network(tenant, redPod));
    objects.addAll(network(blue, bluePod));
    return objects;
  }

  private static List<ForwardingObject> sorted(List<ForwardingObject> objects) {
    return objects.stream()
        .map(ForwardingObject::observable)
        .sorted(Comparator.comparing(ForwardingObject::key))
        .toList();
  }

  @Test
  void aDumpShowsExactlyWhatWasPutAndARestartAdoptsIt() {
    standing();
    assertThat(sorted(tables.dump())).isEqualTo(sorted(everything()));
    try (var restarted = agent()) {
      assertThat(sorted(restarted.dump())).isEqualTo(sorted(everything()));
      assertThat(restarted.drain(true)).isEmpty();
    }
    assertThat(put(everything())).as("again").isEmpty();
    assertThat(tables.drain(true)).isEmpty();
  }

  @Test
  void removalLeavesNothing() {
    standing();
    var ways = new ArrayList<ForwardingObject>();
    ways.add(new EgressFilter("", true));
    ways.addAll(way(tenant, 7));
    ways.addAll(way(blue, 8));
    assertThat(remove(ways)).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    var rest = new ArrayList<>(everything());
    rest.removeAll(ways);
    assertThat(sorted(tables.dump())).isEqualTo(sorted(rest));
    assertThat(remove(ways)).as("gone already is fine").isEmpty();
    assertThat(namespaces.links(underlay).links()).extracting("name").containsOnly("lo", "eth0");
    for (var namespace : List.of(underlay, tenant, blue)) {
      try (var nftables = Nftables.openIn(namespace)) {
        assertThat(nftables.table("weft")).isEmpty();
        assertThat(nftables.table(EgressPorts.tableName(namespaces.prefix()))).isEmpty();
      }
    }
    assertThat(ping(redPod, WORLD)).isFalse();
  }

  @Test
  void withoutItsFilterThereIsNoWayOut() {
    var objects = new ArrayList<>(everything());
    objects.remove(new EgressFilter("", true));
    assertThat(put(objects))
        .extracting(refusal -> refusal.key().kind().name())
        .contains("EGRESS_LINK", "EGRESS_PORT", "EGRESS_ROUTE");
    assertThat(inTenant().link(EgressLink.NAME)).isEmpty();
    assertThat(put(everything())).isEmpty();
    assertThat(ping(redPod, WORLD)).isTrue();
  }

  /** Whether a host routes is not ours to decide: it is said, and all else goes on. */
  @Test
  void aHostThatDoesNotRouteIsToldSo() {
    var node = namespaces.links(underlay);
    node.setLink(node.requireLink("eth0").index(), LinkSettings.NONE.withForwarding(false));
    var refusals = put(everything());
    assertThat(refusals)
        .hasSize(2)
        .extracting("reason")
        .allSatisfy(
            reason -> assertThat(reason.toString()).contains("net.ipv4.conf.eth0.forwarding=1"));
    node.setLink(node.requireLink("eth0").index(), LinkSettings.NONE.withForwarding(true));
    assertThat(put(everything())).isEmpty();
    assertThat(ping(redPod, WORLD)).isTrue();
  }

  // ---- what passes ------------------------------------------------------------------------

  @Test
  void tenantsWithEqualSubnetsReachTheWorldWithTheNodesAddress() throws Exception {
    standing();
    try (var server = Connections.listen(world, WORLD, 8080)) {
      for (var pod : List.of(redPod, bluePod)) {
        assertThat(Connections.source(server, pod, WORLD)).as(pod).contains(NODE);
        assertThat(ping(pod, WORLD)).as(pod).isTrue();
      }
    }
    assertThat(ping(redPod, "10.0.0.1")).as("the gateway still answers").isTrue();
  }

  /** As where routing goes on the host, and links have addresses that nobody knows. */
  @Test
  void theSourceOfTheNodesDefaultRouteIsTheNodesAddress() throws Exception {
    standing();
    var loopback = "198.51.100.7";
    var node = namespaces.links(underlay);
    address(underlay, node.requireLink("lo").index(), loopback, 32);
    var out = namespaces.links(world);
    out.execute(
        new Request.AddRoute(
            Route.of(
                IpPrefix.parse(loopback + "/32"),
                NextHop.via(IpAddress.parse(NODE), out.requireLink("eth0").index()))));
    var hop = NextHop.via(IpAddress.parse(WORLD), node.requireLink("eth0").index());
    var everywhere = Route.of(IpPrefix.parse("0.0.0.0/0"), hop);
    var filter = new EgressFilter("", true);
    node.execute(new Request.ReplaceRoute(everywhere.withSource(IpAddress.parse(loopback))));
    assertThat(tables.drain(true))
        .containsExactly(new Observation(filter.key(), Optional.of(new EgressFilter("", false))));
    assertThat(put(List.of(filter))).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    try (var server = Connections.listen(world, WORLD, 8080)) {
      assertThat(Connections.source(server, redPod, WORLD)).contains(loopback);
      node.execute(new Request.ReplaceRoute(everywhere));
      assertThat(tables.drain(true)).hasSize(1);
      assertThat(put(List.of(filter))).isEmpty();
      assertThat(Connections.source(server, redPod, WORLD)).contains(NODE);
    }
  }

  @Test
  void ipv6GoesOutAsIpv4Does() throws Exception {
    standing();
    assertThat(put(way6(tenant, 7)))
        .singleElement()
        .satisfies(
            refusal -> assertThat(refusal.reason()).contains("net.ipv6.conf.all.forwarding=1"));
    NetworkNamespaces.<Path, IOException>callIn(
        underlay, () -> Files.writeString(Path.of("/proc/sys/net/ipv6/conf/all/forwarding"), "1"));
    var node = namespaces.links(underlay);
    int uplink = node.requireLink("eth0").index();
    address(underlay, uplink, NODE6, 64);
    address(world, namespaces.links(world).requireLink("eth0").index(), WORLD6, 64);
    node.execute(
        new Request.AddRoute(
            Route.of(IpPrefix.parse("::/0"), NextHop.via(IpAddress.parse(WORLD6), uplink))));
    var objects = new ArrayList<>(way6(tenant, 7));
    objects.addAll(way6(blue, 8));
    assertThat(put(objects)).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(tables.dump()).containsAll(objects);
    for (var pod : List.of(redPod, bluePod)) {
      var inside = namespaces.links(pod);
      int eth0 = inside.requireLink("eth0").index();
      inside.execute(
          new Request.AddRoute(
              Route.of(IpPrefix.parse("::/0"), NextHop.via(IpAddress.parse("fd00:a::1"), eth0))));
    }
    // What is around the node must be ready before: its link to the world finds neighbours first.
    assertThat(IntStream.range(0, 50).anyMatch(_ -> ping(underlay, WORLD6))).isTrue();
    try (var server = Connections.listen(world, WORLD6, 8080);
        var bgp = Connections.listen(world, WORLD6, 179);
        var own = Connections.listen(underlay, NODE6, 8081)) {
      for (var pod : List.of(redPod, bluePod)) {
        assertThat(ping(pod, WORLD6)).as(pod).isTrue();
        assertThat(Connections.source(server, pod, WORLD6).map(InetAddress::ofLiteral))
            .contains(InetAddress.ofLiteral(NODE6));
        assertThat(Connections.refused(bgp, pod, WORLD6)).isTrue();
        assertThat(Connections.refused(own, pod, NODE6)).isTrue();
      }
    }
    var other = AddressPlan.egressAddress(8, false).plus(1).toString();
    try (var inBlue = Connections.listen(blue, other, 8082)) {
      assertThat(Connections.refused(inBlue, redPod, other)).as("blue's end of its link").isTrue();
    }
  }

  private List<ForwardingObject> way6(String namespace, int number) {
    var port = AddressPlan.egressPortName(namespace);
    var outside = AddressPlan.egressAddress(number, false);
    return List.of(
        new EgressAddress("", port, outside, 127),
        new EgressAddress(namespace, EgressLink.NAME, outside.plus(1), 127),
        new EgressRoute(namespace, IpPrefix.parse("::/0"), outside),
        new Ipv6Routing(namespace, EgressLink.NAME),
        Ipv6Routing.of(namespace, VNI),
        new GatewayAddress(namespace, VNI, IpAddress.parse("fd00:a::1"), 64));
  }

  @Test
  void nobodyReachesNodesPortsOrTheNodeOrTheOtherTenant() throws Exception {
    standing();
    assertThat(udp(redPod, 5000)).as("any other port").isTrue();
    for (int port : new int[] {4789, 14789, 8472, 6081, 3784, 4784}) {
      assertThat(udp(redPod, port)).as("UDP " + port).isFalse();
    }
    try (var bgp = Connections.listen(world, WORLD, 179)) {
      assertThat(Connections.refused(bgp, redPod, WORLD)).isTrue();
    }
    try (var own = Connections.listen(underlay, "0.0.0.0", 8081)) {
      for (var address : List.of(NODE, outside(7).toString(), outside(8).toString())) {
        assertThat(Connections.refused(own, redPod, address)).as("the node at " + address).isTrue();
      }
    }
    try (var other = Connections.listen(blue, "0.0.0.0", 8082)) {
      assertThat(Connections.refused(other, redPod, outside(8).plus(1).toString()))
          .as("blue")
          .isTrue();
    }
  }

  @Test
  void nobodyOutsideBegins() throws Exception {
    standing();
    var node = namespaces.links(underlay);
    var out = namespaces.links(world);
    // Somebody outside knows all about the inside, and the node has been told the way there.
    int uplink = out.requireLink("eth0").index();
    for (var range : List.of("169.254.192.0/18", "10.0.0.0/24")) {
      out.execute(
          new Request.AddRoute(
              Route.of(IpPrefix.parse(range), NextHop.via(IpAddress.parse(NODE), uplink))));
    }
    int red = node.requireLink(AddressPlan.egressPortName(tenant)).index();
    node.execute(
        new Request.AddRoute(
            Route.of(IpPrefix.parse("10.0.0.0/24"), NextHop.via(outside(7).plus(1), red))));
    try (var inside = Connections.listen(tenant, "0.0.0.0", 8083);
        var pod = Connections.listen(redPod, "0.0.0.0", 8084)) {
      var link = outside(7).plus(1).toString();
      assertThat(Connections.refused(inside, world, link)).isTrue();
      assertThat(Connections.refused(pod, world, "10.0.0.10")).isTrue();
      assertThat(Connections.refused(inside, underlay, link)).as("nor the node itself").isTrue();
      // The same without the filters gets through: it is they that keep it out.
      try (var host = Nftables.openIn(underlay);
          var tenants = Nftables.openIn(tenant)) {
        host.delete(EgressPorts.tableName(namespaces.prefix()));
        tenants.delete("weft");
      }
      assertThat(Connections.source(inside, world, link)).contains(WORLD);
      assertThat(Connections.source(pod, world, "10.0.0.10")).contains(WORLD);
      tables.drain(true);
      assertThat(put(everything())).isEmpty();
      assertThat(Connections.refused(pod, world, "10.0.0.10")).isTrue();
    }
  }

  /** What nobody has been heard of stays inside all the same. */
  @Test
  void aSubnetOfTheTenantsDoesNotGoOut() throws Exception {
    standing();
    var out = namespaces.links(world);
    address(world, out.requireLink("lo").index(), "10.0.1.5", 32);
    out.setLink(out.requireLink("lo").index(), LinkSettings.UP);
    address(world, out.requireLink("lo").index(), "10.0.2.5", 32);
    assertThat(ping(redPod, "10.0.2.5")).as("routed out").isTrue();
    assertThat(ping(redPod, "10.0.1.5")).isFalse();
  }

  // ---- others -----------------------------------------------------------------------------

  @Test
  void seesAndMendsWhatOthersDo() {
    standing();
    var node = namespaces.links(underlay);
    var port = AddressPlan.egressPortName(tenant);
    var host = EgressPorts.tableName(namespaces.prefix());
    damage(
        () -> {
          try (var nftables = Nftables.openIn(underlay)) {
            nftables.delete(host);
          }
        },
        new EgressFilter("", true));
    damage(
        () -> {
          try (var nftables = Nftables.openIn(tenant)) {
            nftables.replace(new Table("weft", List.of()));
          }
        },
        new EgressFilter(tenant, true));
    damage(
        () -> node.setLink(node.requireLink(port).index(), LinkSettings.NONE.withUp(false)),
        new EgressPort(port, tenant, 1450));
    int inside = inTenant().requireLink(EgressLink.NAME).index();
    damage(
        () -> inTenant().setLink(inside, LinkSettings.NONE.withUp(false)),
        new EgressLink(tenant, 1450, AddressPlan.egressPortName(tenant)),
        new EgressRoute(tenant, IpPrefix.parse("0.0.0.0/0"), outside(7)));
    var everywhere = IpPrefix.parse("0.0.0.0/0");
    damage(
        () ->
            inTenant()
                .execute(
                    new Request.DeleteRoute(Route.of(everywhere).withMetric(Rows.EGRESS_METRIC))),
        new EgressRoute(tenant, everywhere, outside(7)));
    damage(
        () ->
            inTenant()
                .execute(
                    new Request.DeleteRoute(
                        Route.unreachable(IpPrefix.parse("10.0.1.0/24"))
                            .withMetric(Rows.DEAD_END_METRIC))),
        new DeadEnd(tenant, IpPrefix.parse("10.0.1.0/24")));
    damage(
        () ->
            node.execute(
                new Request.DeleteAddress(
                    Address.of(node.requireLink(port).index(), outside(7), 31))),
        new EgressAddress("", port, outside(7), 31));
    damage(
        () -> node.deleteLink(node.requireLink(port).index()),
        way(tenant, 7).subList(1, 6).toArray(ForwardingObject[]::new));
  }

  /** What is done touches these at least, and nothing of the other tenant's; then it is mended. */
  private void damage(Runnable hand, ForwardingObject... touched) {
    hand.run();
    var news = tables.drain(true);
    assertThat(news)
        .extracting(Observation::key)
        .contains(
            List.of(touched).stream().map(ForwardingObject::key).toArray(ForwardingKey[]::new))
        .noneMatch(key -> key.namespace().equals(blue));
    var keys = news.stream().map(Observation::key).toList();
    assertThat(put(everything().stream().filter(o -> keys.contains(o.key())).toList())).isEmpty();
    assertThat(sorted(tables.dump())).isEqualTo(sorted(everything()));
    // A link that comes up again carries nothing until the kernel's next look at carriers.
    boolean answered = false;
    for (int i = 0; i < 10 && !answered; i++) {
      answered = ping(redPod, WORLD);
    }
    assertThat(answered).isTrue();
    assertThat(tables.drain(true)).isEmpty();
  }

  // ---- sockets ----------------------------------------------------------------------------

  private static boolean ping(String from, String to) {
    try (var echo = IcmpEcho.openIn(from, IpAddress.parse(to))) {
      return echo.ping(56, Duration.ofMillis(PATIENCE)) instanceof EchoResult.Reply;
    }
  }

  /** True when a datagram comes out at the server. */
  private boolean udp(String from, int port) throws Exception {
    var to = new InetSocketAddress(InetAddress.ofLiteral(WORLD), port);
    try (var server =
        NetworkNamespaces.<DatagramSocket, Exception>callIn(world, () -> new DatagramSocket(to))) {
      server.setSoTimeout(PATIENCE);
      NetworkNamespaces.<Boolean, Exception>callIn(
          from,
          () -> {
            try (var client = new DatagramSocket()) {
              client.send(new DatagramPacket(new byte[] {1}, 1, to));
            }
            return true;
          });
      server.receive(new DatagramPacket(new byte[1], 1));
      return true;
    } catch (SocketTimeoutException _) {
      return false;
    }
  }
}
