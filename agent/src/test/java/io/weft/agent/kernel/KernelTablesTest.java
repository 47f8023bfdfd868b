package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.FdbKind;
import io.weft.linux.netlink.FdbTable;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Neighbour;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.PodInterface;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against the real kernel: all kinds of objects, adoption, what others do, what fails. */
class KernelTablesTest {
  private static final Vni VNI = new Vni(100);
  private static final MacAddress BRIDGE_MAC = MacAddress.parse("02:00:00:00:00:01");
  private static final MacAddress VXLAN_MAC = MacAddress.parse("02:00:00:00:00:02");
  private static final MacAddress LOCAL = MacAddress.parse("0a:58:c0:a8:01:0a");
  private static final MacAddress REMOTE = MacAddress.parse("0a:58:c0:a8:01:14");
  private static final IpAddress ADDRESS = IpAddress.parse("192.168.1.10");
  private static final IpAddress ADDRESS6 = IpAddress.parse("fd00:1::a");
  private static final IpAddress VTEP = IpAddress.parse("127.0.0.2");
  private static final IpAddress FAR = IpAddress.parse("127.0.0.3");
  private static final IpAddress FARTHER = IpAddress.parse("127.0.0.4");
  private static final String PORT = "ep0123456789ab";

  private TestNamespaces namespaces;
  private String tenant;
  private String pod;
  private String underlay;
  private KernelTables tables;

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    tenant = namespaces.prefix() + "red";
    pod = namespaces.create("pod");
    underlay = namespaces.create("underlay");
    tables = namespaces.closing(agent());
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  /** As in a new agent whose underlay is a namespace of this test: VNIs are unique in it. */
  private KernelTables agent() {
    return NetworkNamespaces.callIn(underlay, () -> new KernelTables(namespaces.prefix()));
  }

  private Bridge bridge() {
    return new Bridge(tenant, VNI, BRIDGE_MAC, 1450);
  }

  private VxlanPort vxlan(IpAddress local) {
    return new VxlanPort(tenant, VNI, local, VXLAN_MAC, 1450);
  }

  private EndpointPort port(String podNamespace, String interfaceName) {
    return new EndpointPort(
        tenant,
        PORT,
        VNI,
        "web-1",
        "red-web",
        LOCAL,
        List.of(ADDRESS, ADDRESS6),
        true,
        1450,
        Optional.of(new PodInterface(podNamespace, interfaceName, List.of(24, 64))));
  }

  private List<ForwardingObject> rows() {
    return List.of(
        new LocalFdbEntry(tenant, VNI, LOCAL, PORT),
        new VxlanFdbEntry(tenant, VNI, REMOTE, FAR, VNI),
        new BridgeFdbEntry(tenant, VNI, REMOTE),
        new FloodEntry(tenant, VNI, FAR, VNI),
        new FloodEntry(tenant, VNI, FARTHER, new Vni(7)),
        new NeighbourEntry(tenant, VNI, IpAddress.parse("192.168.1.20"), REMOTE),
        new NeighbourEntry(tenant, VNI, IpAddress.parse("fd00:1::14"), REMOTE));
  }

  private List<ForwardingObject> everything() {
    var objects = new ArrayList<ForwardingObject>();
    objects.add(new TenantNamespace(tenant));
    objects.add(bridge());
    objects.add(vxlan(VTEP));
    objects.add(port(pod, "eth0"));
    objects.addAll(rows());
    return objects;
  }

  private static List<ForwardingObject> observable(List<ForwardingObject> objects) {
    return objects.stream()
        .map(ForwardingObject::observable)
        .sorted(Comparator.comparing(ForwardingObject::key))
        .toList();
  }

  private List<Refusal> put(List<? extends ForwardingObject> objects) {
    return tables.apply(objects.stream().<KernelChange>map(KernelChange.Put::new).toList());
  }

  private void standing() {
    assertThat(put(everything())).isEmpty();
    assertThat(tables.drain(true)).as("what we did ourselves is no news").isEmpty();
  }

  private Rtnetlink inTenant() {
    return namespaces.links(tenant);
  }

  private ForwardingKey key(ForwardingKey.Kind kind, String discriminator) {
    return new ForwardingKey(
        kind, tenant, kind == ForwardingKey.Kind.PORT ? 0 : 100, discriminator);
  }

  @Test
  void aDumpShowsExactlyWhatWasPut() {
    standing();
    assertThat(observable(tables.dump())).isEqualTo(observable(everything()));
    try (var restarted = agent()) {
      assertThat(observable(restarted.dump()))
          .as("a restarted agent has nothing to write")
          .isEqualTo(observable(everything()));
      assertThat(restarted.drain(true)).isEmpty();
    }
  }

  @Test
  void puttingTwiceChangesNothing() {
    standing();
    assertThat(put(everything())).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(observable(tables.dump())).isEqualTo(observable(everything()));
  }

  @Test
  void removesEveryKindAndAgainWithoutComplaint() {
    standing();
    var removals =
        everything().reversed().stream().<KernelChange>map(KernelChange.Remove::new).toList();
    assertThat(tables.apply(removals)).isEmpty();
    assertThat(NetworkNamespaces.exists(tenant)).isFalse();
    assertThat(namespaces.links(pod).link("eth0")).isEmpty();
    assertThat(tables.apply(removals)).isEmpty();
    assertThat(tables.dump()).isEmpty();
  }

  @Test
  void removesRowsAlone() {
    standing();
    var removals = rows().stream().<KernelChange>map(KernelChange.Remove::new).toList();
    assertThat(tables.apply(removals)).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(observable(tables.dump())).isEqualTo(observable(everything().subList(0, 4)));
    assertThat(tables.apply(removals)).as("gone already is fine").isEmpty();
  }

  @Test
  void theDevicesSayNothingByThemselves() {
    standing();
    assertThat(inTenant().addresses()).as("no link-local address on a device of ours").isEmpty();
  }

  @Test
  void thePodGetsAddressMacAndMtu() {
    standing();
    var inside = namespaces.links(pod);
    var eth0 = inside.requireLink("eth0");
    assertThat(eth0.mac()).contains(LOCAL);
    assertThat(eth0.mtu()).isEqualTo(1450);
    assertThat(eth0.up()).isTrue();
    assertThat(inside.requireLink("lo").up()).isTrue();
    assertThat(inside.addresses())
        .contains(Address.of(eth0.index(), ADDRESS, 24), Address.of(eth0.index(), ADDRESS6, 64));
  }

  @Test
  void aPodWithoutNamespaceIsRefusedAndLeavesNothing() {
    put(List.of(new TenantNamespace(tenant), bridge(), vxlan(VTEP)));
    var refused = put(List.of(port(pod + "-not", "eth0")));
    assertThat(refused)
        .singleElement()
        .satisfies(
            refusal -> {
              assertThat(refusal.key()).isEqualTo(port(pod, "eth0").key());
              assertThat(refusal.reason()).contains(pod + "-not").contains("ENOENT");
            });
    assertThat(inTenant().link(PORT)).isEmpty();
  }

  @Test
  void somethingElseThanANamespaceIsRefused() {
    put(List.of(new TenantNamespace(tenant), bridge(), vxlan(VTEP)));
    assertThat(put(List.of(port("/proc/self/status", "eth0"))))
        .singleElement()
        .satisfies(refusal -> assertThat(refusal.reason()).contains("/proc/self/status"));
    assertThat(inTenant().link(PORT)).isEmpty();
  }

  @Test
  void aTakenInterfaceNameIsRefusedAndWhatStandsThereStays() {
    var taken = namespaces.links(pod).createBridge("eth0", LinkSettings.NONE);
    put(List.of(new TenantNamespace(tenant), bridge(), vxlan(VTEP)));
    assertThat(put(List.of(port(pod, "eth0"))))
        .singleElement()
        .satisfies(refusal -> assertThat(refusal.reason()).contains("eth0").contains("EEXIST"));
    assertThat(inTenant().link(PORT)).isEmpty();
    assertThat(namespaces.links(pod).requireLink("eth0").index()).isEqualTo(taken.index());
  }

  @Test
  void aFailureHalfWayLeavesNothing() {
    put(List.of(new TenantNamespace(tenant), bridge(), vxlan(VTEP)));
    var multicast =
        new EndpointPort(
            tenant,
            PORT,
            VNI,
            "web-1",
            "red-web",
            LOCAL,
            List.of(IpAddress.parse("224.0.0.1")),
            false,
            1450,
            Optional.of(new PodInterface(pod, "eth0", List.of(24))));
    var twice =
        new EndpointPort(
            tenant,
            PORT,
            VNI,
            "web-1",
            "red-web",
            LOCAL,
            List.of(ADDRESS, ADDRESS),
            false,
            1450,
            Optional.of(new PodInterface(pod, "eth0", List.of(24, 24))));
    for (var bad : List.of(multicast, twice)) {
      if (!put(List.of(bad)).isEmpty()) {
        assertThat(inTenant().link(PORT)).isEmpty();
        assertThat(namespaces.links(pod).link("eth0")).isEmpty();
      }
    }
    assertThat(put(List.of(twice))).as("an address given twice is refused").isNotEmpty();
    assertThat(namespaces.links(pod).link("eth0")).isEmpty();
  }

  @Test
  void anEndpointAttachedAnewGetsANewPair() {
    standing();
    var other = namespaces.create("other");
    var moved =
        new EndpointPort(
            tenant,
            PORT,
            VNI,
            "web-1",
            "red-web",
            REMOTE,
            List.of(IpAddress.parse("192.168.1.11")),
            false,
            1450,
            Optional.of(new PodInterface(other, "eth0", List.of(24))));
    assertThat(put(List.of(moved))).isEmpty();
    assertThat(namespaces.links(pod).link("eth0")).isEmpty();
    assertThat(namespaces.links(other).requireLink("eth0").mac()).contains(REMOTE);
    assertThat(tables.drain(true))
        .as("the rows of the old pair went with it")
        .contains(
            new Observation(key(ForwardingKey.Kind.LOCAL_FDB, LOCAL.toString()), Optional.empty()));
  }

  @Test
  void rowsWaitForTheirDevices() {
    assertThat(put(rows())).hasSameSizeAs(rows());
    put(List.of(new TenantNamespace(tenant), bridge()));
    assertThat(put(rows()))
        .extracting(Refusal::key)
        .containsExactlyElementsOf(
            rows().subList(0, 5).stream().map(ForwardingObject::key).toList());
  }

  @Test
  void aChangedVtepMakesTheDeviceAnewAndTellsThatItsRowsWent() {
    standing();
    assertThat(put(List.of(vxlan(FAR)))).isEmpty();
    var gone = tables.drain(true);
    assertThat(gone)
        .extracting(Observation::key)
        .contains(
            key(ForwardingKey.Kind.VXLAN_FDB, REMOTE.toString()),
            key(ForwardingKey.Kind.BRIDGE_FDB, REMOTE.toString()),
            key(ForwardingKey.Kind.FLOOD, FAR.toString()),
            key(ForwardingKey.Kind.FLOOD, FARTHER.toString()));
    assertThat(gone).allSatisfy(observation -> assertThat(observation.object()).isEmpty());
    assertThat(put(rows())).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
  }

  @Test
  void changesOfADestinationReplaceIt() {
    standing();
    var flood = new FloodEntry(tenant, VNI, FARTHER, new Vni(8));
    var remote = new VxlanFdbEntry(tenant, VNI, REMOTE, FARTHER, new Vni(9));
    assertThat(put(List.of(flood, remote))).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(tables.dump())
        .contains(flood, remote)
        .doesNotContain(rows().get(1), rows().get(4))
        .hasSameSizeAs(everything());
  }

  @Test
  void seesWhatOthersDelete() {
    standing();
    var links = inTenant();
    int device = links.requireLink("vx100").index();
    int bridge = links.requireLink("br100").index();
    links.execute(new Request.DeleteFdb(FdbEntry.remote(device, REMOTE, FAR).in(FdbTable.MASTER)));
    links.execute(new Request.DeleteFdb(FdbEntry.flood(device, FAR)));
    links.execute(
        new Request.DeleteNeighbour(
            Neighbour.remote(bridge, IpAddress.parse("192.168.1.20"), REMOTE, Rows.PROTOCOL)));
    assertThat(tables.drain(true))
        .containsExactlyInAnyOrder(
            new Observation(
                key(ForwardingKey.Kind.BRIDGE_FDB, REMOTE.toString()), Optional.empty()),
            new Observation(key(ForwardingKey.Kind.FLOOD, FAR.toString()), Optional.empty()),
            new Observation(key(ForwardingKey.Kind.NEIGHBOUR, "192.168.1.20"), Optional.empty()));
    assertThat(tables.drain(true)).isEmpty();
  }

  @Test
  void seesWhatOthersAddAndRemovesIt() {
    standing();
    var links = inTenant();
    int device = links.requireLink("vx100").index();
    var stranger = MacAddress.parse("02:aa:00:00:00:09");
    links.execute(new Request.PutFdb(FdbEntry.remote(device, stranger, FARTHER)));
    var foreign =
        List.of(
            new VxlanFdbEntry(tenant, VNI, stranger, FARTHER, VNI),
            new BridgeFdbEntry(tenant, VNI, stranger));
    assertThat(tables.drain(true))
        .containsExactlyInAnyOrderElementsOf(
            foreign.stream().map(o -> new Observation(o.key(), Optional.of(o))).toList());
    assertThat(tables.apply(foreign.stream().<KernelChange>map(KernelChange.Remove::new).toList()))
        .isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(observable(tables.dump())).isEqualTo(observable(everything()));
  }

  @Test
  void seesARowThatOthersMovedToAnotherPort() {
    standing();
    var links = inTenant();
    int port = links.requireLink(PORT).index();
    links.execute(new Request.PutFdb(FdbEntry.pinned(port, REMOTE)));
    assertThat(tables.drain(true))
        .contains(
            new Observation(
                key(ForwardingKey.Kind.BRIDGE_FDB, REMOTE.toString()), Optional.empty()));
    assertThat(put(rows())).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(observable(tables.dump())).isEqualTo(observable(everything()));
  }

  @Test
  void seesARowThatOthersWeakened() {
    standing();
    var links = inTenant();
    int port = links.requireLink(PORT).index();
    links.execute(
        new Request.PutFdb(
            new FdbEntry(port, LOCAL, FdbTable.MASTER, Optional.empty(), FdbKind.DYNAMIC, false)));
    assertThat(tables.drain(true))
        .contains(
            new Observation(key(ForwardingKey.Kind.LOCAL_FDB, LOCAL.toString()), Optional.empty()));
    assertThat(put(rows().subList(0, 1))).isEmpty();
    assertThat(observable(tables.dump())).isEqualTo(observable(everything()));
  }

  @Test
  void seesALinkThatOthersDamagedAndMendsIt() {
    standing();
    var links = inTenant();
    links.setLink(links.requireLink("vx100").index(), LinkSettings.NONE.withUp(false));
    links.setLink(links.requireLink(PORT).index(), LinkSettings.NONE.withMaster(0));
    var seen = tables.drain(true);
    assertThat(seen)
        .extracting(Observation::key)
        .contains(vxlan(VTEP).key(), port(pod, "eth0").key());
    assertThat(put(List.of(vxlan(VTEP), (ForwardingObject) port(pod, "eth0").observable())))
        .isEmpty();
    assertThat(put(rows())).isEmpty();
    assertThat(observable(tables.dump())).isEqualTo(observable(everything()));
  }

  @Test
  void seesADeviceThatOthersMadeAnewUnderItsName() {
    standing();
    var links = inTenant();
    links.deleteLink(links.requireLink("vx100").index());
    try (var host = agent()) {
      host.dump();
      assertThat(host.apply(List.of(new KernelChange.Put(vxlan(VTEP))))).isEmpty();
    }
    assertThat(tables.drain(true))
        .extracting(Observation::key)
        .contains(
            key(ForwardingKey.Kind.VXLAN_FDB, REMOTE.toString()),
            key(ForwardingKey.Kind.FLOOD, FAR.toString()));
  }

  @Test
  void seesThatAPodWentWithItsNamespace() throws Exception {
    standing();
    NetworkNamespaces.delete(pod);
    var seen = new ArrayList<Observation>();
    long until = System.nanoTime() + 10_000_000_000L;
    while (seen.size() < 2 && System.nanoTime() < until) {
      seen.addAll(tables.drain(true));
      Thread.onSpinWait();
    }
    assertThat(seen)
        .containsExactlyInAnyOrder(
            new Observation(key(ForwardingKey.Kind.PORT, PORT), Optional.empty()),
            new Observation(key(ForwardingKey.Kind.LOCAL_FDB, LOCAL.toString()), Optional.empty()));
  }

  @Test
  void lostNoticesAreMadeGoodByADump() {
    standing();
    var links = inTenant();
    int device = links.requireLink("vx100").index();
    var flood = new ArrayList<Request>();
    for (int i = 0; i < 60_000; i++) {
      var mac = new MacAddress(0x02bb_0000_0000L + i);
      flood.add(
          new Request.PutFdb(
              new FdbEntry(
                  device, mac, FdbTable.SELF, Optional.of(FAR), FdbKind.EXTERN_LEARNED, false)));
    }
    assertThat(links.execute(flood)).allMatch(Optional::isEmpty);
    var seen = new ArrayList<Observation>();
    for (var news = tables.drain(true); !news.isEmpty(); news = tables.drain(true)) {
      seen.addAll(news);
    }
    assertThat(seen).extracting(Observation::key).doesNotHaveDuplicates().hasSize(60_000);
  }

  @Test
  void aNamespaceThatLostItsNameGetsItBack() {
    standing();
    NetworkNamespaces.delete(tenant);
    tables.keepNames();
    assertThat(inTenant().link("br100")).isPresent();
    NetworkNamespaces.delete(tenant);
    NetworkNamespaces.create(tenant);
    tables.keepNames();
    assertThat(inTenant().link("br100")).as("not the other one's").isPresent();
    assertThat(observable(tables.dump())).isEqualTo(observable(everything()));
  }

  @Test
  void whatOnlyHasANameLikeOursIsLeftAlone() {
    var stranger = namespaces.prefix() + "stranger";
    NetworkNamespaces.create(stranger);
    assertThat(tables.dump()).isEmpty();
    assertThat(tables.apply(List.of(new KernelChange.Remove(new TenantNamespace(stranger)))))
        .isEmpty();
    assertThat(NetworkNamespaces.exists(stranger)).isTrue();
  }

  @Test
  void aNameWithoutANamespaceIsMadeAnew() throws Exception {
    java.nio.file.Files.createFile(java.nio.file.Path.of("/run/netns", tenant));
    assertThat(tables.dump()).isEmpty();
    standing();
  }

  @Test
  void twoTenantsMayUseTheSameVniNamesAndAddressesApart() {
    standing();
    var blue = namespaces.prefix() + "blue";
    var other = namespaces.create("blue-pod");
    var vni = new Vni(200);
    assertThat(
            put(
                List.of(
                    new TenantNamespace(blue),
                    new Bridge(blue, vni, BRIDGE_MAC, 1450),
                    new VxlanPort(blue, vni, VTEP, VXLAN_MAC, 1450),
                    new EndpointPort(
                        blue,
                        PORT,
                        vni,
                        "web-1",
                        "blue-web",
                        LOCAL,
                        List.of(ADDRESS),
                        false,
                        1450,
                        Optional.of(new PodInterface(other, "eth0", List.of(24)))))))
        .isEmpty();
    assertThat(put(List.of(new VxlanPort(blue, VNI, VTEP, VXLAN_MAC, 1450))))
        .as("a VNI is one segment on a node")
        .isNotEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(tables.dump()).hasSize(everything().size() + 4);
  }

  @Test
  void aNameTooLongForTheKernelIsRefusedBeforeAnythingIsMade() {
    put(List.of(new TenantNamespace(tenant), bridge(), vxlan(VTEP)));
    var long1 =
        new EndpointPort(
            tenant,
            PORT,
            VNI,
            "ü".repeat(100),
            "n".repeat(63),
            LOCAL,
            List.of(ADDRESS),
            false,
            1450,
            Optional.of(new PodInterface(pod, "eth0", List.of(24))));
    assertThat(put(List.of(long1)))
        .singleElement()
        .satisfies(refusal -> assertThat(refusal.reason()).contains("octets").contains("255"));
    assertThat(namespaces.links(pod).link("eth0")).isEmpty();
  }
}
