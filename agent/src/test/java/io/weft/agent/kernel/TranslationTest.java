package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.BridgePort;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.FdbKind;
import io.weft.linux.netlink.FdbTable;
import io.weft.linux.netlink.Ipv4Settings;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.Neighbour;
import io.weft.linux.netlink.NeighbourState;
import io.weft.linux.netlink.Vxlan;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingObject;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rows to objects, without a kernel. */
class TranslationTest {
  private static final String NAMESPACE = "weft-red";
  private static final Vni VNI = new Vni(100);
  private static final MacAddress OWN = MacAddress.parse("02:00:00:00:00:01");
  private static final MacAddress MAC = MacAddress.parse("0a:58:c0:a8:01:0a");
  private static final IpAddress VTEP = IpAddress.parse("10.0.0.1");
  private static final IpAddress FAR = IpAddress.parse("10.0.0.2");
  private static final IpAddress ADDRESS = IpAddress.parse("192.168.1.10");
  private static final String ALIAS = "weft1 web-1 red-web " + MAC + " " + ADDRESS;

  private final TenantLinks links = new TenantLinks();
  private final Translation translation = new Translation(NAMESPACE, links);

  private record Shape(
      int index,
      String name,
      String kind,
      boolean up,
      OptionalInt master,
      Optional<String> alias,
      Optional<Vxlan> vxlan,
      Optional<BridgePort> port) {
    Link link() {
      return new Link(
          index,
          name,
          kind,
          1450,
          Optional.of(OWN),
          up,
          up,
          master,
          alias,
          vxlan,
          port,
          Optional.empty(),
          OptionalInt.empty(),
          OptionalInt.empty(),
          Ipv4Settings.of(false, false),
          false,
          false,
          false,
          false,
          0);
    }

    Shape down() {
      return new Shape(index, name, kind, false, master, alias, vxlan, port);
    }

    Shape named(String other) {
      return new Shape(index, other, kind, up, master, alias, vxlan, port);
    }

    Shape under(OptionalInt other) {
      return new Shape(index, name, kind, up, other, alias, vxlan, port);
    }

    Shape aliased(Optional<String> other) {
      return new Shape(index, name, kind, up, master, other, vxlan, port);
    }

    Shape carrying(Vxlan other) {
      return new Shape(index, name, kind, up, master, alias, Optional.of(other), port);
    }

    Shape with(BridgePort other) {
      return new Shape(index, name, kind, up, master, alias, vxlan, Optional.of(other));
    }
  }

  private static final Shape BRIDGE =
      new Shape(
          1,
          "br100",
          "bridge",
          true,
          OptionalInt.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());
  private static final Shape VXLAN =
      new Shape(
          2,
          "vx100",
          "vxlan",
          true,
          OptionalInt.of(1),
          Optional.empty(),
          Optional.of(Vxlan.of(VNI, VTEP)),
          Optional.of(BridgePort.TUNNEL));
  private static final Shape PORT =
      new Shape(
          3,
          "ep1",
          "veth",
          true,
          OptionalInt.of(1),
          Optional.of(ALIAS),
          Optional.empty(),
          Optional.of(BridgePort.PINNED));

  @BeforeEach
  void links() {
    links.replace(List.of(BRIDGE.link(), VXLAN.link(), PORT.link()));
  }

  private Optional<Integer> mtu(Shape shape) {
    return translation
        .object(shape.link())
        .map(
            object ->
                switch (object) {
                  case ForwardingObject.Bridge o -> o.mtu();
                  case ForwardingObject.VxlanPort o -> o.mtu();
                  case ForwardingObject.EndpointPort o -> o.mtu();
                  default -> throw new AssertionError(object);
                });
  }

  private FdbEntry row(int link, MacAddress mac, FdbTable table, FdbKind kind) {
    return new FdbEntry(link, mac, table, Optional.empty(), kind, false);
  }

  @Test
  void wholeLinksAreObjects() {
    assertThat(translation.object(BRIDGE.link()))
        .contains(new ForwardingObject.Bridge(NAMESPACE, VNI, OWN, 1450, false));
    assertThat(translation.object(VXLAN.link()))
        .contains(new ForwardingObject.VxlanPort(NAMESPACE, VNI, VTEP, OWN, 1450));
    assertThat(translation.object(PORT.link()))
        .contains(
            new ForwardingObject.EndpointPort(
                NAMESPACE,
                "ep1",
                VNI,
                "web-1",
                "red-web",
                MAC,
                List.of(ADDRESS),
                false,
                1450,
                Optional.empty()));
  }

  @Test
  void damagedLinksEqualNothingWanted() {
    for (var damaged :
        List.of(
            BRIDGE.down(),
            VXLAN.down(),
            VXLAN.under(OptionalInt.empty()),
            VXLAN.with(BridgePort.DEFAULT),
            VXLAN.carrying(Vxlan.of(VNI, VTEP).withPort(8472)),
            VXLAN.carrying(Vxlan.of(new Vni(101), VTEP)),
            PORT.down(),
            PORT.with(BridgePort.DEFAULT))) {
      assertThat(mtu(damaged)).as("%s", damaged).contains(Translation.DAMAGED_MTU);
    }
    assertThat(translation.object(PORT.under(OptionalInt.empty()).link()))
        .get()
        .isNotEqualTo(translation.object(PORT.link()).orElseThrow());
  }

  @Test
  void whatIsNotOursIsNoObject() {
    for (var foreign :
        List.of(
            BRIDGE.named("br0"),
            BRIDGE.named("br01"),
            BRIDGE.named("br16777216"),
            BRIDGE.named("br99999999"),
            BRIDGE.named("docker0"),
            PORT.aliased(Optional.empty()),
            PORT.aliased(Optional.of("uplink")))) {
      links.replace(List.of(foreign.link()));
      assertThat(translation.object(foreign.link())).as("%s", foreign).isEmpty();
    }
  }

  @Test
  void rowsAreObjectsByTheirDeviceAndTable() {
    var remote = FdbEntry.remote(2, MAC, FAR);
    assertThat(translation.object(remote.in(FdbTable.SELF)))
        .contains(new ForwardingObject.VxlanFdbEntry(NAMESPACE, VNI, MAC, FAR, VNI));
    assertThat(translation.object(remote.in(FdbTable.MASTER)))
        .contains(new ForwardingObject.BridgeFdbEntry(NAMESPACE, VNI, MAC));
    assertThat(translation.object(FdbEntry.flood(2, FAR)))
        .contains(new ForwardingObject.FloodEntry(NAMESPACE, VNI, FAR, VNI));
    assertThat(translation.object(FdbEntry.flood(2, FAR).withDestinationVni(new Vni(7))))
        .contains(new ForwardingObject.FloodEntry(NAMESPACE, VNI, FAR, new Vni(7)));
    assertThat(translation.object(FdbEntry.pinned(3, MAC)))
        .contains(new ForwardingObject.LocalFdbEntry(NAMESPACE, VNI, MAC, "ep1", false));
  }

  @Test
  void theDevicesOwnRowsAndThoseOfTheKernelAreNoObjects() {
    var multicast = MacAddress.parse("33:33:00:00:00:01");
    for (var row :
        List.of(
            row(2, OWN, FdbTable.MASTER, FdbKind.PERMANENT),
            row(2, OWN, FdbTable.MASTER, FdbKind.STATIC),
            row(2, multicast, FdbTable.MASTER, FdbKind.STATIC),
            row(2, multicast, FdbTable.SELF, FdbKind.PERMANENT),
            row(3, OWN, FdbTable.MASTER, FdbKind.PERMANENT),
            row(3, MAC, FdbTable.MASTER, FdbKind.DYNAMIC),
            row(3, MAC, FdbTable.SELF, FdbKind.STATIC),
            row(1, MAC, FdbTable.SELF, FdbKind.PERMANENT),
            row(99, MAC, FdbTable.MASTER, FdbKind.STATIC))) {
      assertThat(translation.object(row)).as("%s", row).isEmpty();
    }
  }

  @Test
  void neighboursOfTheBridgeThatLast() {
    var remote = Neighbour.remote(1, ADDRESS, MAC, Rows.PROTOCOL);
    var object = new ForwardingObject.NeighbourEntry(NAMESPACE, VNI, ADDRESS, MAC);
    assertThat(translation.object(remote)).contains(object);
    assertThat(translation.object(Neighbour.remote(2, ADDRESS, MAC, 0))).isEmpty();
    var resolving =
        new Neighbour(1, ADDRESS, Optional.of(MAC), NeighbourState.STALE, false, false, 0);
    assertThat(translation.object(resolving)).isEmpty();
    assertThat(translation.changes(resolving, false))
        .as("weakened: gone for us")
        .containsExactly(java.util.Map.entry(object.key(), Optional.empty()));
  }

  @Test
  void aRowAtAnotherPortTellsThatTheOldOneIsGone() {
    var local = new ForwardingObject.LocalFdbEntry(NAMESPACE, VNI, MAC, "ep1", false);
    var remote = new ForwardingObject.BridgeFdbEntry(NAMESPACE, VNI, MAC);
    assertThat(translation.changes(FdbEntry.pinned(3, MAC), false))
        .containsOnly(
            java.util.Map.entry(local.key(), Optional.of(local)),
            java.util.Map.entry(remote.key(), Optional.empty()));
    assertThat(translation.changes(FdbEntry.pinned(3, MAC), true))
        .containsOnly(java.util.Map.entry(local.key(), Optional.empty()));
  }

  @Test
  void aLinkThatWentIsKnownByItsIndex() {
    assertThat(links.knowsOtherThan(List.of(BRIDGE.link(), VXLAN.link(), PORT.link()))).isFalse();
    assertThat(links.knowsOtherThan(List.of(BRIDGE.link(), PORT.link()))).isTrue();
    links.remove(2);
    assertThat(links.link("vx100")).isEmpty();
    assertThat(translation.object(FdbEntry.flood(2, FAR))).isEmpty();
  }
}
