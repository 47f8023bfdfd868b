package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.BridgePort;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.PodInterface;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Against the real kernel: all kinds of objects, adoption, what fails. */
class KernelTablesTest extends SegmentKernel {
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

  /**
   * As an older agent has left it: what is found is not what is wanted, and putting it mends it.
   */
  @Test
  void aPortWithoutItsLimitOfGroupsIsSeenAndSet() {
    standing();
    int index = inTenant().requireLink(PORT).index();
    var older = new BridgePort(false, false, true, false, false, false, 0);
    inTenant().setBridgePort(index, older);
    assertThat(inTenant().requireLink(PORT).bridgePort()).as("Linux 6.3 tells it").contains(older);
    assertThat(observable(tables.dump())).isNotEqualTo(observable(everything()));
    assertThat(put(everything())).isEmpty();
    assertThat(inTenant().requireLink(PORT).bridgePort()).contains(BridgePort.PINNED);
    assertThat(observable(tables.dump())).isEqualTo(observable(everything()));
  }

  @Test
  void removesEveryKindAndAgainWithoutComplaint() {
    standing();
    assertThat(remove(everything())).isEmpty();
    assertThat(NetworkNamespaces.exists(tenant)).isFalse();
    assertThat(namespaces.links(pod).link("eth0")).isEmpty();
    assertThat(remove(everything())).isEmpty();
    assertThat(tables.dump()).isEmpty();
  }

  /** The kernel empties a namespace later; what its devices held outside is free at once. */
  @Test
  void aNamespaceThatGoesFirstFreesItsVniAndThePodsInterface() {
    for (int i = 0; i < 5; i++) {
      standing();
      assertThat(tables.apply(List.of(new KernelChange.Remove(new TenantNamespace(tenant)))))
          .isEmpty();
    }
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
            new Observation(
                key(ForwardingKey.Kind.LOCAL_FDB, LOCAL.toString()), Optional.empty(), true));
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
  void twoTenantsMayUseTheSameVniNamesAndAddressesApart() {
    standing();
    var blue = namespaces.prefix() + "blue";
    var other = namespaces.create("blue-pod");
    var vni = new Vni(200);
    assertThat(
            put(
                List.of(
                    new TenantNamespace(blue),
                    new Bridge(blue, vni, BRIDGE_MAC, 1450, false),
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
