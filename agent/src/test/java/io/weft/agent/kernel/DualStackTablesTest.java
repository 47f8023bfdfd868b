package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.Rtnetlink;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.SendingFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.SendingPort;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Ports and rows of a node with VTEPs of both families, in the kernel (decisions/0023). */
final class DualStackTablesTest extends SegmentKernel {
  private static final IpAddress VTEP6 = IpAddress.parse("fd00:ffff::2");
  private static final IpAddress FAR6 = IpAddress.parse("fd00:ffff::3");
  private static final MacAddress OTHER = MacAddress.parse("0a:58:c0:a8:01:15");
  private static final MacAddress VXLAN_MAC6 = MacAddress.parse("02:00:00:00:00:03");
  private static final Vni FOREIGN = new Vni(7001);

  private VxlanPort port(IpAddress local, boolean dual) {
    return new VxlanPort(tenant, VNI, local, local.isIpv4() ? VXLAN_MAC : VXLAN_MAC6, 1450, dual);
  }

  private List<ForwardingObject> rowsOf(MacAddress mac, IpAddress vtep) {
    return List.of(
        new VxlanFdbEntry(tenant, VNI, mac, vtep, VNI),
        new BridgeFdbEntry(tenant, VNI, mac, !vtep.isIpv4()),
        new FloodEntry(tenant, VNI, vtep, VNI));
  }

  private List<ForwardingObject> both() {
    var objects = new ArrayList<ForwardingObject>();
    objects.add(new TenantNamespace(tenant));
    objects.add(bridge());
    objects.add(port(VTEP, true));
    objects.add(port(VTEP6, true));
    objects.addAll(rowsOf(REMOTE, FAR));
    objects.addAll(rowsOf(OTHER, FAR6));
    return objects;
  }

  private List<String> devices() {
    try (var netlink = Rtnetlink.openIn(tenant)) {
      return netlink.links().stream()
          .filter(link -> link.kind().equals("vxlan"))
          .map(
              link -> link.name() + link.bridgePort().map(port -> " " + port.isolated()).orElse(""))
          .sorted()
          .toList();
    }
  }

  @Test
  void bothPortsStandAndAreFoundAgain() {
    assertThat(put(both())).isEmpty();
    assertThat(devices()).containsExactly("vx100 true", "vy100 true");
    assertThat(tables.dump()).containsExactlyInAnyOrderElementsOf(both());
    assertThat(tables.drain(true)).isEmpty();
    assertThat(put(both())).as("once more").isEmpty();
    assertThat(tables.drain(true)).isEmpty();
  }

  @Test
  void aMacGoesFromOneFamilyToTheOther() {
    put(both());
    assertThat(remove(List.of(rowsOf(REMOTE, FAR).getFirst()))).isEmpty();
    var turned = rowsOf(REMOTE, FAR6);
    assertThat(put(turned.subList(0, 2))).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(tables.dump()).contains(turned.get(0), turned.get(1));
    assertThat(tables.dump())
        .doesNotContain(rowsOf(REMOTE, FAR).get(0), rowsOf(REMOTE, FAR).get(1));
    assertThat(remove(turned.subList(0, 2))).isEmpty();
    assertThat(tables.dump())
        .containsAll(rowsOf(OTHER, FAR6))
        .noneMatch(turned.subList(0, 2)::contains);
  }

  @Test
  void fromOneFamilyOfIpv6ToBothAndBack() {
    var single = port(VTEP6, false);
    put(List.of(new TenantNamespace(tenant), bridge(), single));
    assertThat(put(rowsOf(OTHER, FAR6))).isEmpty();
    assertThat(devices()).containsExactly("vx100 false");
    assertThat(put(List.of(port(VTEP, true), port(VTEP6, true)))).isEmpty();
    assertThat(devices()).containsExactly("vx100 true", "vy100 true");
    tables.drain(true);
    assertThat(put(rowsOf(OTHER, FAR6))).isEmpty();
    assertThat(remove(List.of(port(VTEP, true)))).isEmpty();
    assertThat(put(List.of(single))).isEmpty();
    assertThat(devices()).containsExactly("vx100 false");
  }

  @Test
  void fromOneFamilyOfIpv4ToBothAndBack() {
    put(List.of(new TenantNamespace(tenant), bridge(), port(VTEP, false)));
    assertThat(put(rowsOf(REMOTE, FAR))).isEmpty();
    assertThat(put(List.of(port(VTEP, true), port(VTEP6, true)))).isEmpty();
    assertThat(tables.drain(true)).as("the rows of IPv4 stay").isEmpty();
    assertThat(devices()).containsExactly("vx100 true", "vy100 true");
    assertThat(remove(List.of(port(VTEP6, true)))).isEmpty();
    assertThat(put(List.of(port(VTEP, false)))).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(devices()).containsExactly("vx100 false");
    assertThat(tables.dump()).containsAll(rowsOf(REMOTE, FAR));
  }

  @Test
  void aPortWithoutBridgeGoesAndNotTheOtherOne() {
    put(both());
    remove(List.of(bridge()));
    var harmed = new VxlanPort(tenant, VNI, VTEP6, VXLAN_MAC6, 0, false);
    assertThat(tables.dump()).as("it shows no longer that there are both").contains(harmed);
    assertThat(remove(List.of(harmed))).isEmpty();
    assertThat(devices()).containsExactly("vx100");
  }

  @Test
  void aForeignVniHasTwoDevicesWithOneNumber() {
    var objects =
        List.<ForwardingObject>of(
            new TenantNamespace(tenant),
            new SendingPort(tenant, FOREIGN, new Vni(70), VTEP, VXLAN_MAC, 1430),
            new SendingPort(tenant, FOREIGN, new Vni(70), VTEP6, VXLAN_MAC6, 1430, true),
            new SendingFdbEntry(tenant, FOREIGN, REMOTE, FAR),
            new SendingFdbEntry(tenant, FOREIGN, OTHER, FAR6));
    assertThat(put(objects)).isEmpty();
    assertThat(tables.dump()).containsExactlyInAnyOrderElementsOf(objects);
    assertThat(remove(List.of(objects.get(4), objects.get(2)))).isEmpty();
    assertThat(tables.dump())
        .containsExactlyInAnyOrder(objects.get(0), objects.get(1), objects.get(3));
  }
}
