package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressClaim.Holder;
import io.weft.overlay.ipam.AddressState;
import io.weft.overlay.ipam.Stored;
import io.weft.overlay.node.NetworkIntent;
import io.weft.simulation.ClusterInvariants.Place;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** That what is wrong in the kernels of a cluster is seen. */
final class ClusterInvariantsTest {
  private static final Vni VNI = new Vni(10);
  private static final Vni OTHER = new Vni(11);
  private static final RouteTarget TARGET = RouteTarget.automatic(World.AS, VNI);
  private static final NetworkIntent NET =
      new NetworkIntent(
          "net",
          Optional.of("t"),
          VNI,
          List.of(IpPrefix.parse("192.168.1.0/25")),
          List.of(TARGET),
          List.of(TARGET),
          OptionalInt.empty());

  private final World world = World.builder(1).nodes(2).network(NET).build();
  private final Place one = new Place("n1", "vm0", "net", VNI);
  private final Place two = new Place("n2", "p", "net", VNI);

  @BeforeEach
  void twoPodsAreUp() {
    world.run(Duration.ofSeconds(10));
    attach(one, "192.168.1.1");
    attach(two, "192.168.1.2");
    world.run(Duration.ofSeconds(10));
    assertThat(ClusterInvariants.ports(world, List.of(one, two))).isEmpty();
    assertThat(ClusterInvariants.ways(world)).isEmpty();
    assertThat(ClusterInvariants.active(world)).isEmpty();
    assertThat(ClusterInvariants.checkPorts(world, AddressState.EMPTY)).isZero();
  }

  private void attach(Place place, String address) {
    var request =
        new AttachRequest(
            place.endpoint(),
            place.network(),
            "/run/netns/" + place.endpoint(),
            "eth0",
            Optional.empty(),
            List.of(IpAddress.parse(address)));
    long call = world.attach(place.node(), request);
    world.run(Duration.ofSeconds(1));
    assertThat(world.answer(place.node(), call).orElseThrow()).isInstanceOf(Attached.class);
  }

  private ForwardingObject port(Place place) {
    return world.kernel(place.node()).objects(Kind.PORT).stream()
        .filter(EndpointPort.class::isInstance)
        .findFirst()
        .orElseThrow();
  }

  /** The MAC of both. */
  private MacAddress twoAreActive() {
    attach(new Place("n2", "vm0", "net", VNI), "192.168.1.1");
    var port = (EndpointPort) port(one);
    var row = new LocalFdbEntry(port.namespace(), VNI, port.mac(), port.port());
    assertThat(world.kernel("n1").plant(row)).isNotEmpty();
    return port.mac();
  }

  @Test
  void aPortThatIsMissing() {
    world.lose("n1", port(one).key());
    assertThat(ClusterInvariants.ports(world, List.of(one, two)))
        .singleElement()
        .asString()
        .contains("[n1: port of vm0 in net, VNI 10] are missing");
  }

  @Test
  void allNodesStayAtAnOldVni() {
    var places = List.of(new Place("n1", "vm0", "net", OTHER), new Place("n2", "p", "net", OTHER));
    assertThat(ClusterInvariants.ways(world)).isEmpty();
    assertThat(ClusterInvariants.ports(world, places))
        .singleElement()
        .asString()
        .contains("n1: port of vm0 in net, VNI 11", "n2: bridge of VNI 11", "are missing")
        .contains("n1: bridge of VNI 10", "n2: port of p in net, VNI 10", "are too many");
  }

  @Test
  void aPodStandsElsewhere() {
    var places = List.of(new Place("n2", "vm0", "net", VNI), two);
    assertThat(ClusterInvariants.ports(world, places))
        .singleElement()
        .asString()
        .contains("n2: port of vm0", "are missing", "n1: port of vm0", "are too many");
  }

  @Test
  void aPortAndABridgeOfNobody() {
    assertThat(ClusterInvariants.ports(world, List.of(two)))
        .singleElement()
        .asString()
        .contains("[n1: bridge of VNI 10, n1: port of vm0 in net, VNI 10] are too many");
  }

  @Test
  void aWayThatIsMissing() {
    var row =
        world.kernel("n1").objects(Kind.VXLAN_FDB).stream()
            .filter(VxlanFdbEntry.class::isInstance)
            .findFirst()
            .orElseThrow();
    world.lose("n1", row.key());
    assertThat(ClusterInvariants.ways(world)).singleElement().asString().contains("are missing");
  }

  /** Also where the second is of the same name, as what a detach call left behind. */
  @Test
  void oneEndpointInTwoKernels() {
    twoAreActive();
    var both = "[vm0 on n1, active, vm0 on n2, active]";
    assertThatThrownBy(() -> ClusterInvariants.checkPorts(world, AddressState.EMPTY))
        .hasMessage("address net 192.168.1.1 is of " + both);
    assertThat(ClusterInvariants.active(world))
        .containsExactly("address net 192.168.1.1 is of " + both);
  }

  /** Two holders of a claim are right when the one is active of which the store says so. */
  @Test
  void twoActiveHoldersOfAClaim() {
    var mac = twoAreActive();
    var state = claim(mac, "n1", "n2");
    assertThatThrownBy(() -> ClusterInvariants.checkPorts(world, state))
        .hasMessageContaining("active, vm0 on n2, active");
    var row =
        world.kernel("n2").objects(Kind.LOCAL_FDB).stream()
            .filter(object -> object instanceof LocalFdbEntry entry && entry.mac().equals(mac))
            .findFirst()
            .orElseThrow();
    world.kernel("n2").lose(row.key());
    assertThat(ClusterInvariants.checkPorts(world, state)).isEqualTo(1);
    assertThatThrownBy(() -> ClusterInvariants.checkPorts(world, AddressState.EMPTY))
        .hasMessageContaining("vm0 on n2, standby");
    assertThatThrownBy(() -> ClusterInvariants.checkPorts(world, claim(mac, "n2", "n1")))
        .hasMessageContaining("vm0 on n1, active, vm0 on n2, standby");
  }

  private static AddressState claim(MacAddress mac, String active, String standby) {
    var addresses = List.of(IpAddress.parse("192.168.1.1"));
    var claim =
        new AddressClaim("vm0", "net", addresses, mac, List.of(), Optional.empty())
            .with(new Holder(active, "vm0"))
            .with(new Holder(standby, "vm0"));
    return AddressState.of(List.of(new Stored<>(claim, "1")));
  }

  /** A run that fails says how to run it again, and what happened before. */
  @Test
  void whatHappenedLastIsTold() {
    var events = new LastEvents(2);
    events.add(1_000_000_000, "n1", "crashes");
    events.add(1_500_000_000, "n1", "starts");
    events.add(2_000_000_000, "p", "is on n1");
    assertThat(events.lines()).containsExactly("1.500000 n1 starts", "2.000000 p is on n1");
  }
}
