package io.weft.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.linux.KernelFeatures;
import io.weft.linux.TestNamespaces;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.packet.NeighbourSocket;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;
import io.weft.net.Vni;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against the real kernel: what is put is what a dump shows, and what is refused says why. */
class RtnetlinkTest {
  private static final IpAddress LOCAL = IpAddress.parse("10.0.0.1");
  private static final IpAddress VTEP = IpAddress.parse("10.0.0.2");
  private static final IpAddress OTHER = IpAddress.parse("10.0.0.3");
  private static final MacAddress MAC = MacAddress.parse("02:aa:00:00:00:01");

  private TestNamespaces namespaces;
  private String namespace;
  private Rtnetlink links;

  @BeforeEach
  void open() {
    namespaces = new TestNamespaces();
    namespace = namespaces.create();
    links = namespaces.links(namespace);
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private Link bridge() {
    return links.createBridge("br100", LinkSettings.UP);
  }

  private Link vxlan(Link bridge) {
    return links.createVxlan(
        "vx100",
        Vxlan.of(new Vni(100), LOCAL),
        LinkSettings.UP.withMaster(bridge.index()).withLinkLocal(false));
  }

  @Test
  void bridgeIsAsAsked() {
    var settings =
        LinkSettings.UP
            .withMac(MacAddress.parse("02:00:00:00:01:00"))
            .withMtu(1450)
            .withAlias("weft:red-web");
    var bridge = links.createBridge("br100", settings);
    assertThat(bridge.kind()).isEqualTo("bridge");
    assertThat(bridge.mac()).isEqualTo(settings.mac());
    assertThat(bridge.mtu()).isEqualTo(1450);
    assertThat(bridge.alias()).contains("weft:red-web");
    assertThat(bridge.up()).isTrue();
    assertThat(links.link("br100")).contains(bridge);
    assertThat(links.link(bridge.index())).contains(bridge);
    assertThat(links.links()).contains(bridge);
    assertThat(links.deleteLink(bridge.index())).isTrue();
    assertThat(links.deleteLink(bridge.index())).isFalse();
    assertThat(links.link("br100")).isEmpty();
  }

  @Test
  void aBridgeLearnsNoMoreThanItMay() {
    var release = Runtime.Version.parse(System.getProperty("os.version").split("[^0-9.]", 2)[0]);
    assumeTrue(release.compareTo(Runtime.Version.parse("6.7")) >= 0, "needs Linux 6.7");
    var bridge = bridge();
    links.execute(new Request.SetBridgeLearned(bridge.index(), 20));
    var port =
        links
            .createVeth(
                "port", LinkSettings.UP.withMaster(bridge.index()), "far", LinkSettings.UP, links)
            .link();
    send("far", 100);
    assertThat(links.fdb(row -> row.kind() == FdbKind.DYNAMIC)).hasSize(20);
    var heard = links.fdb(row -> row.kind() == FdbKind.DYNAMIC).getFirst().mac();
    links.execute(new Request.PutFdb(FdbEntry.pinned(port.index(), heard)));
    send("far", 100); // what it is told does not count
    assertThat(links.fdb(row -> row.kind() == FdbKind.DYNAMIC)).hasSize(20);
    assertThat(links.fdbAges(port.index(), 5)).hasSizeBetween(5, 7);
    assertThat(links.fdbAges(port.index(), 1_000)).hasSizeBetween(21, 22);
  }

  /** A frame of each of so many MACs. */
  private void send(String link, int macs) {
    try (var socket = NeighbourSocket.openIn(namespace, link)) {
      for (int i = 0; i < macs; i++) {
        var frame = new OctetWriter();
        frame.bytes(new MacAddress(0xffff_ffff_ffffL).octets());
        frame.bytes(new MacAddress(0x0200_0000_0000L + i).octets()).u16(0x88b5);
        for (int j = 0; j < 6; j++) {
          frame.u64(0);
        }
        assertThat(socket.send(Octets.of(frame.toArray()))).isZero();
      }
    }
  }

  @Test
  void vxlanIsMadeInAnotherNamespace() {
    var tenant = namespaces.links(namespaces.create());
    var settings = LinkSettings.UP.withMtu(1450).withMac(MAC).withAlias("weft:tunnel");
    var vxlan =
        links.createVxlan("vx100", Vxlan.of(new Vni(100), LOCAL).withPort(4790), settings, tenant);
    assertThat(vxlan.vxlan()).contains(new Vxlan(new Vni(100), Optional.of(LOCAL), 4790, false));
    assertThat(vxlan.alias()).contains("weft:tunnel");
    assertThat(tenant.link("vx100")).contains(vxlan);
    assertThat(links.link("vx100")).isEmpty();
    // Not in that namespace either: the VNI is taken where the socket is, in ours.
    assertThatThrownBy(
            () ->
                links.createVxlan("other", Vxlan.of(new Vni(100), LOCAL).withPort(4790), settings))
        .isInstanceOf(LinuxException.class)
        .hasMessageContaining("VNI");
  }

  @Test
  void vxlanOverIpv6() {
    var local = IpAddress.parse("fd00::1");
    var vxlan = links.createVxlan("vx6", Vxlan.of(new Vni(16_777_215), local), LinkSettings.NONE);
    assertThat(vxlan.vxlan()).contains(Vxlan.of(new Vni(16_777_215), local));
  }

  @Test
  void vethEndsAreInTwoNamespaces() {
    var far = namespaces.links(namespaces.create());
    var pair =
        links.createVeth(
            "host0",
            LinkSettings.UP.withMtu(1450).withAlias("pod 1"),
            "eth0",
            LinkSettings.UP.withMtu(1450).withMac(MAC),
            far);
    assertThat(pair.link().kind()).isEqualTo("veth");
    assertThat(pair.link().mtu()).isEqualTo(1450);
    assertThat(pair.link().alias()).contains("pod 1");
    assertThat(pair.link().peer()).hasValue(pair.peer().index());
    assertThat(pair.link().peerNamespaceId()).isPresent();
    assertThat(pair.peer().mac()).contains(MAC);
    assertThat(pair.peer().mtu()).isEqualTo(1450);
    assertThat(far.link("eth0").orElseThrow().running()).isTrue();
    assertThat(links.link("eth0")).isEmpty();
    links.deleteLink(pair.link().index());
    assertThat(far.link("eth0")).isEmpty();
  }

  @Test
  void aLinkWithoutLinkLocalAddressSaysNothing() {
    var far = namespaces.links(namespaces.create());
    var silent = LinkSettings.UP.withLinkLocal(false);
    var pair = links.createVeth("a", silent, "b", LinkSettings.UP, far);
    assertThat(links.addresses(pair.link().index())).isEmpty();
    assertThat(far.addresses(pair.peer().index())).hasSize(1);
  }

  @Test
  void linksAreRenamedAndMoved() {
    var far = namespaces.links(namespaces.create());
    var pair = links.createVeth("a", LinkSettings.NONE, "b", LinkSettings.NONE, links);
    links.execute(new Request.RenameLink(pair.peer().index(), "c"));
    links.setLink(pair.peer().index(), LinkSettings.NONE.withNamespace(far.namespace()));
    assertThat(far.link("c")).isPresent();
    assertThat(links.link("c")).isEmpty();
  }

  @Test
  void bridgePortFlagsShowInTheDump() {
    var bridge = bridge();
    var vxlan = vxlan(bridge);
    assertThat(vxlan.master()).hasValue(bridge.index());
    assertThat(vxlan.bridgePort()).contains(BridgePort.DEFAULT);
    links.setBridgePort(vxlan.index(), BridgePort.TUNNEL);
    assertThat(links.requireLink("vx100").bridgePort()).contains(BridgePort.TUNNEL);
    links.setBridgePort(vxlan.index(), BridgePort.PINNED.withIsolated(true));
    assertThat(links.links())
        .filteredOn(link -> link.name().equals("vx100"))
        .singleElement()
        .extracting(Link::bridgePort)
        .isEqualTo(Optional.of(BridgePort.PINNED.withIsolated(true)));
    links.setLink(vxlan.index(), LinkSettings.NONE.withMaster(0));
    assertThat(links.requireLink("vx100").bridgePort()).isEmpty();
  }

  @Test
  void fdbShowsWhatWasPut() {
    var bridge = bridge();
    int vxlan = vxlan(bridge).index();
    var remote = FdbEntry.remote(vxlan, MAC, VTEP);
    var floods = List.of(FdbEntry.flood(vxlan, VTEP), FdbEntry.flood(vxlan, OTHER));
    links.execute(new Request.PutFdb(remote));
    links.execute(new Request.PutFdb(remote));
    floods.forEach(flood -> links.execute(new Request.AppendFdb(flood)));
    assertThat(links.fdb(vxlan))
        .contains(remote.in(FdbTable.SELF), remote.in(FdbTable.MASTER))
        .containsAll(floods);
    assertThat(links.fdb()).containsAll(links.fdb(vxlan));

    var moved = FdbEntry.remote(vxlan, MAC, OTHER);
    links.execute(new Request.PutFdb(moved));
    assertThat(links.fdb(vxlan))
        .contains(moved.in(FdbTable.SELF))
        .doesNotContain(remote.in(FdbTable.SELF));

    links.execute(new Request.DeleteFdb(moved));
    links.execute(new Request.DeleteFdb(floods.getFirst()));
    assertThat(links.fdb(vxlan)).contains(floods.getLast());
    assertThat(links.fdb(vxlan)).filteredOn(FdbEntry::isFlood).hasSize(1);
    assertThat(links.fdb(vxlan)).extracting(FdbEntry::mac).doesNotContain(MAC);
  }

  @Test
  void aRowMayNameAnotherVniThanTheDevices() {
    int vxlan = vxlan(bridge()).index();
    var flood = FdbEntry.flood(vxlan, VTEP).withDestinationVni(new Vni(7));
    var remote = FdbEntry.remote(vxlan, MAC, VTEP).withDestinationVni(new Vni(0xffffff));
    links.execute(new Request.AppendFdb(flood));
    links.execute(new Request.PutFdb(remote));
    assertThat(links.fdb(vxlan)).contains(flood, remote.in(FdbTable.SELF));
    links.execute(new Request.DeleteFdb(flood));
    assertThat(links.fdb(vxlan)).filteredOn(FdbEntry::isFlood).isEmpty();
  }

  @Test
  void pinnedAndStickyRowsOfABridgePort() {
    var bridge = bridge();
    var pair =
        links.createVeth(
            "p", LinkSettings.UP.withMaster(bridge.index()), "q", LinkSettings.UP, links);
    var pinned = FdbEntry.pinned(pair.link().index(), MAC);
    var sticky =
        new FdbEntry(
            pair.link().index(),
            MacAddress.parse("02:aa:00:00:00:02"),
            FdbTable.MASTER,
            Optional.empty(),
            FdbKind.STATIC,
            true);
    links.execute(new Request.PutFdb(pinned));
    links.execute(new Request.PutFdb(sticky));
    assertThat(links.fdb(pair.link().index())).contains(pinned, sticky);
  }

  @Test
  void neighboursShowWhatWasPut() {
    int bridge = bridge().index();
    var neighbours =
        List.of(
            Neighbour.remote(bridge, IpAddress.parse("192.168.1.5"), MAC, Route.BGP),
            Neighbour.remote(bridge, IpAddress.parse("fd00:1::5"), MAC, Route.BGP));
    for (var neighbour : neighbours) {
      links.execute(new Request.PutNeighbour(neighbour));
    }
    assertThat(links.neighbours(bridge)).containsAll(neighbours);
    for (var neighbour : neighbours) {
      links.execute(new Request.DeleteNeighbour(neighbour));
    }
    assertThat(links.neighbours(bridge)).doesNotContainAnyElementsOf(neighbours);
  }

  @Test
  void addressesAndRoutesShowWhatWasPut() {
    int bridge = bridge().index();
    var addresses =
        List.of(
            Address.of(bridge, IpAddress.parse("192.168.1.1"), 24),
            Address.of(bridge, IpAddress.parse("fd00:1::1"), 64));
    addresses.forEach(address -> links.execute(new Request.AddAddress(address)));
    assertThat(links.addresses(bridge)).containsAll(addresses);
    var routes =
        List.of(
            Route.of(
                    IpPrefix.parse("10.5.0.0/16"),
                    NextHop.via(IpAddress.parse("192.168.1.9"), bridge))
                .withMtu(1400)
                .withSource(IpAddress.parse("192.168.1.1")),
            Route.of(IpPrefix.parse("10.7.7.7/32"), NextHop.onlink(VTEP, bridge))
                .withProtocol(Route.BGP),
            Route.of(IpPrefix.parse("10.8.0.0/16"), NextHop.on(bridge)),
            Route.unreachable(IpPrefix.parse("0.0.0.0/0")).withMetric(4_000_000),
            Route.of(
                IpPrefix.parse("10.9.0.0/16"),
                NextHop.via(IpAddress.parse("192.168.1.2"), bridge),
                NextHop.via(IpAddress.parse("192.168.1.3"), bridge)),
            Route.of(
                IpPrefix.parse("10.10.0.0/16"), NextHop.via(IpAddress.parse("fd00:1::9"), bridge)),
            Route.of(
                    IpPrefix.parse("fd00:5::/64"),
                    NextHop.via(IpAddress.parse("fd00:1::9"), bridge))
                .withMetric(1024));
    routes.forEach(route -> links.execute(new Request.AddRoute(route)));
    assertThat(links.routes()).containsAll(routes);

    var way = links.routeTo(IpAddress.parse("10.5.1.1"));
    assertThat(way.link()).isEqualTo(OptionalInt.of(bridge));
    assertThat(way.source()).contains(IpAddress.parse("192.168.1.1"));
    assertThat(links.mtuTo(IpAddress.parse("10.5.1.1"))).hasValue(1400);
    assertThat(links.mtuTo(IpAddress.parse("192.168.1.77"))).hasValue(1500);
    assertThatThrownBy(() -> links.routeTo(IpAddress.parse("172.16.0.1")))
        .isInstanceOfSatisfying(
            LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EHOSTUNREACH));

    routes.forEach(route -> links.execute(new Request.DeleteRoute(route)));
    assertThat(links.routes()).doesNotContainAnyElementsOf(routes);
    addresses.forEach(address -> links.execute(new Request.DeleteAddress(address)));
    assertThat(links.addresses(bridge)).doesNotContainAnyElementsOf(addresses);
  }

  @Test
  void whatIsNotThereAndWhatIsThereAlreadyAreToldApart() {
    var bridge = bridge();
    int vxlan = vxlan(bridge).index();
    var route = Route.of(IpPrefix.parse("10.5.0.0/16"), NextHop.on(bridge.index()));
    var address = Address.of(bridge.index(), LOCAL, 24);
    var neighbour = Neighbour.remote(bridge.index(), VTEP, MAC, 0);
    var notThere =
        links.execute(
            List.of(
                new Request.DeleteLink(4711),
                new Request.DeleteRoute(route),
                new Request.DeleteAddress(address),
                new Request.DeleteNeighbour(neighbour),
                new Request.DeleteFdb(FdbEntry.remote(vxlan, MAC, VTEP)),
                new Request.DeleteFdb(FdbEntry.flood(vxlan, VTEP))));
    assertThat(notThere).allSatisfy(o -> assertThat(o.orElseThrow().notThere()).isTrue());

    var first = List.of(new Request.AddRoute(route), new Request.AddAddress(address));
    assertThat(links.execute(first)).containsOnly(Optional.empty());
    assertThat(links.execute(first))
        .allSatisfy(o -> assertThat(o.orElseThrow().alreadyThere()).isTrue());
    assertThatThrownBy(() -> links.createBridge("br100", LinkSettings.NONE))
        .isInstanceOfSatisfying(
            LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST))
        .hasMessageContaining("br100");
  }

  @Test
  void theKernelsOwnWordsAreInTheError() {
    links.createVxlan("vx100", Vxlan.of(new Vni(100), LOCAL), LinkSettings.NONE);
    assertThatThrownBy(
            () -> links.createVxlan("again", Vxlan.of(new Vni(100), LOCAL), LinkSettings.NONE))
        .isInstanceOfSatisfying(
            LinuxException.class,
            e -> {
              assertThat(e.errno()).isEqualTo(Errno.EEXIST);
              assertThat(e.kernelText()).contains("A VXLAN device with the specified VNI");
            });
  }

  @Test
  void oneBadInTenThousandIsReportedInItsPlace() {
    int vxlan = vxlan(bridge()).index();
    var requests = new ArrayList<Request>();
    for (int i = 0; i < 10_000; i++) {
      var mac = new MacAddress(0x02aa_0000_0000L + i);
      requests.add(new Request.PutFdb(FdbEntry.remote(vxlan, mac, new Ipv4Address(0x0a00_0002))));
    }
    int bad = 4_321;
    requests.set(bad, new Request.PutFdb(FdbEntry.remote(4711, MAC, VTEP)));
    var outcomes = links.execute(requests);
    assertThat(outcomes).hasSize(10_000);
    for (int i = 0; i < outcomes.size(); i++) {
      assertThat(outcomes.get(i).isPresent()).as("outcome %d", i).isEqualTo(i == bad);
    }
    assertThat(outcomes.get(bad).orElseThrow().request()).isEqualTo(requests.get(bad));
    assertThat(outcomes.get(bad).orElseThrow().errno()).isEqualTo(Errno.ENODEV);
    assertThat(links.fdb(vxlan))
        .filteredOn(entry -> entry.kind() == FdbKind.EXTERN_LEARNED)
        .hasSize(2 * 9_999);
  }

  @Test
  void everyOneOfManyFailuresIsReported() {
    var requests = new ArrayList<Request>();
    for (int i = 0; i < 3_000; i++) {
      requests.add(new Request.DeleteLink(10_000 + i));
    }
    assertThat(links.execute(requests)).hasSize(3_000).allMatch(Optional::isPresent);
  }

  @Test
  void thisKernelHasWhatWeftNeeds() {
    assertThat(KernelFeatures.probe().missing()).isEmpty();
    assertThat(KernelFeatures.probe().optional()).isEmpty();
  }

  @Test
  void noDescriptorIsLeftOpen() {
    long before = openDescriptors();
    for (int i = 0; i < 50; i++) {
      try (var other = Rtnetlink.openIn(namespace);
          var monitor = NetlinkMonitor.openIn(namespace)) {
        assertThat(other.link("none")).isEmpty();
        assertThat(monitor.drain()).isEmpty();
      }
    }
    assertThat(openDescriptors()).isLessThan(before + 20);
  }

  private static long openDescriptors() {
    return new java.io.File("/proc/self/fd").list().length;
  }
}
