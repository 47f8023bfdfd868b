package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macRoute;
import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** What a change of the intent or of the underlay does to what is attached. */
final class IntentChangeTest {
  private static final NetworkIntent WEB = network("web", "red", 100);
  private static final NetworkIntent DB = network("db", "red", 200);
  private final OneNode one = new OneNode();

  private List<Integer> vnis(Kind kind) {
    return one.kernel(kind).stream().map(o -> o.key().vni()).toList();
  }

  private Vni portVni(String endpoint) {
    return one.kernel(Kind.PORT).stream()
        .map(EndpointPort.class::cast)
        .filter(port -> port.endpoint().equals(endpoint))
        .findFirst()
        .orElseThrow()
        .vni();
  }

  @Test
  void anotherVniMovesEverything() {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.sayMac("10.0.0.2", 100, "192.168.1.20");
    one.sayMac("10.0.0.2", 300, "192.168.1.30");
    one.intend(network("web", "red", 300));
    for (var kind : List.of(Kind.BRIDGE, Kind.VXLAN, Kind.LOCAL_FDB, Kind.VXLAN_FDB)) {
      assertThat(vnis(kind)).as("%s", kind).containsExactly(300);
    }
    assertThat(portVni("a")).isEqualTo(new Vni(300));
    assertThat(one.kernel(Kind.VXLAN_FDB).toString()).contains("0a:58:c0:a8:01:1e");
    assertThat(one.announced())
        .containsExactlyInAnyOrder(
            macRoute("10.0.0.1", 300, "192.168.1.10"), OneNode.floodRoute("10.0.0.1", 300));
    one.detach("a");
    assertThat(one.kernel).isEmpty();
  }

  @Test
  void networksMaySwapTheirVnis() {
    one.start(DB, WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.attach(request("b", "db", "192.168.1.11"));
    one.intend(network("db", "red", 100), network("web", "red", 200));
    assertThat(portVni("a")).isEqualTo(new Vni(200));
    assertThat(portVni("b")).isEqualTo(new Vni(100));
    assertThat(vnis(Kind.BRIDGE)).containsExactly(100, 200);
    assertThat(vnis(Kind.VXLAN)).containsExactly(100, 200);
    assertThat(one.announced())
        .contains(
            macRoute("10.0.0.1", 200, "192.168.1.10"), macRoute("10.0.0.1", 100, "192.168.1.11"));
    one.detach("a");
    assertThat(vnis(Kind.VXLAN)).containsExactly(100);
    one.detach("b");
    assertThat(one.kernel).isEmpty();
  }

  @Test
  void aVniPassesOnAlongAChainOfNetworks() {
    one.start(DB, WEB);
    one.attach(request("a", "web"));
    one.attach(request("b", "db"));
    one.intend(network("db", "red", 100), network("web", "red", 300));
    assertThat(vnis(Kind.BRIDGE)).containsExactly(100, 300);
    assertThat(portVni("b")).isEqualTo(new Vni(100));
  }

  @Test
  void theVniOfARemovedNetworkIsNotTakenFromThoseStillAttached() {
    one.start(DB, WEB);
    one.attach(request("a", "web"));
    one.attach(request("b", "db"));
    one.intend(network("db", "red", 100));
    assertThat(portVni("a")).isEqualTo(new Vni(100));
    assertThat(portVni("b")).isEqualTo(new Vni(200));
    assertThat(one.reports)
        .anyMatch(r -> r.contains("network db") && r.contains("100") && r.contains("'web'"));
    one.intend(network("new", "red", 100));
    assertThat(one.attachNow(request("c", "new")))
        .isInstanceOfSatisfying(
            Refused.class,
            refused -> assertThat(refused.message()).contains("100", "'new'", "'web'"));
    one.detach("a");
    assertThat(one.attachNow(request("c", "new"))).isInstanceOf(Attached.class);
  }

  @Test
  void aRemovedNetworkGoesOnForThoseAttachedAndIsReported() {
    one.start(WEB, DB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.forget();
    one.intend(DB);
    assertThat(one.batches).isEmpty();
    assertThat(one.updates).isEmpty();
    assertThat(one.reports).anyMatch(r -> r.contains("network web") && r.contains("1 endpoint"));
    assertThat(one.node.view().networks())
        .filteredOn(n -> n.intent().name().equals("web"))
        .singleElement()
        .satisfies(n -> assertThat(n.orphaned()).isTrue());
    one.sayMac("10.0.0.2", 100, "192.168.1.20");
    assertThat(one.kernel(Kind.VXLAN_FDB)).hasSize(1);
    one.detach("a");
    assertThat(one.kernel).isEmpty();
    assertThat(one.node.view().networks()).hasSize(1);
  }

  @Test
  void aNetworkThatChangesItsTenantTakesItsEndpointsAlong() {
    one.start(WEB, DB);
    one.attach(request("a", "web"));
    one.attach(request("b", "db"));
    one.intend(network("web", "green", 100), DB);
    assertThat(one.kernel(Kind.NAMESPACE))
        .map(o -> o.namespace())
        .containsExactly("weft-green", "weft-red");
    assertThat(one.kernel(Kind.PORT))
        .map(o -> o.namespace())
        .containsExactly("weft-green", "weft-red");
    one.give(new NodeEvent.KernelObserved(one.observable()));
    assertThat(one.node.view().endpoints()).hasSize(2);
    one.detach("a");
    one.detach("b");
    assertThat(one.kernel).isEmpty();
  }

  @Test
  void anUnrelatedNetworkChangesNothingForTheOthers() {
    one.start(WEB, DB);
    one.attach(request("a", "web"));
    one.forget();
    one.intend(WEB, network("db", "red", 201), network("new", "blue", 400));
    assertThat(one.batches).isEmpty();
    assertThat(one.updates).isEmpty();
    one.intend(WEB);
    assertThat(one.batches).isEmpty();
    assertThat(one.updates).isEmpty();
    assertThat(one.reports).isEmpty();
  }

  @Test
  void theMtuIsWhatIsAskedForButNeverMoreThanFits() {
    one.start(WEB);
    one.attach(request("a", "web"));
    assertThat(mtus()).containsOnly(1450);
    one.intend(withMtu(1300));
    assertThat(mtus()).containsOnly(1300);
    one.intend(withMtu(9000));
    assertThat(mtus()).containsOnly(1450);
  }

  private static NetworkIntent withMtu(int mtu) {
    return new NetworkIntent(
        WEB.name(),
        WEB.tenant(),
        WEB.vni(),
        WEB.subnets(),
        WEB.importTargets(),
        WEB.exportTargets(),
        OptionalInt.of(mtu));
  }

  private List<Integer> mtus() {
    return List.of(
        ((VxlanPort) one.kernel(Kind.VXLAN).getFirst()).mtu(),
        ((EndpointPort) one.kernel(Kind.PORT).getFirst()).mtu());
  }

  @Test
  void anotherVtepIsTheNewEndOfTunnelsAndNextHopOfRoutes() {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    var moved = new Underlay(IpAddress.parse("10.0.0.9"), Ipv4Address.parse("10.0.0.9"), 1500);
    one.give(new NodeEvent.UnderlayChanged(Optional.of(moved), ""));
    one.pass(20_000_000_000L);
    assertThat(((VxlanPort) one.kernel(Kind.VXLAN).getFirst()).local()).isEqualTo(moved.vtep());
    assertThat(one.announced())
        .containsExactlyInAnyOrder(
            macRoute("10.0.0.9", 100, "192.168.1.10"), OneNode.floodRoute("10.0.0.9", 100));
  }

  @Test
  void aLostUnderlayLeavesWhatStands() {
    one.start(WEB);
    one.attach(request("a", "web"));
    one.forget();
    one.give(new NodeEvent.UnderlayChanged(Optional.empty(), "eth0 is down"));
    assertThat(one.batches).isEmpty();
    assertThat(one.reports).containsExactly("underlay: eth0 is down; what stands stays as it is");
  }
}
