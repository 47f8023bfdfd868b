package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macOf;
import static io.weft.overlay.node.OneNode.macRoute;
import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.net.IpAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The second straight line: a route of a peer ends in the kernel; and how MACs move. */
final class RemoteTest {
  private static final NetworkIntent RED = network("web", "red", 100);
  private static final NetworkIntent BLUE = network("shop", "blue", 200);
  private static final Vni VNI = new Vni(100);
  private static final IpAddress OTHER = IpAddress.parse("10.0.0.2");
  private final OneNode one = new OneNode();

  private List<?> remote() {
    return Stream.of(Kind.VXLAN_FDB, Kind.BRIDGE_FDB, Kind.FLOOD, Kind.NEIGHBOUR)
        .flatMap(kind -> one.kernel(kind).stream())
        .filter(row -> !(row instanceof NeighbourEntry entry && isHere(entry)))
        .toList();
  }

  /** An endpoint of this node has a neighbour entry too. */
  private boolean isHere(NeighbourEntry entry) {
    return one.kernel(Kind.PORT).stream()
        .anyMatch(
            port ->
                port instanceof EndpointPort endpoint
                    && endpoint.namespace().equals(entry.namespace())
                    && endpoint.mac().equals(entry.mac())
                    && endpoint.addresses().contains(entry.ip()));
  }

  @Test
  void routesOfAPeerBecomeRowsAndGoWithThem() {
    one.start(RED);
    one.attach(request("a", "web", "192.168.1.10"));
    one.sayMac("10.0.0.2", 100, "192.168.1.20");
    one.sayFlood("10.0.0.2", 100);
    var mac = macOf("192.168.1.20");
    assertThat(remote())
        .isEqualTo(
            List.of(
                new VxlanFdbEntry("weft-red", VNI, mac, OTHER, VNI),
                new BridgeFdbEntry("weft-red", VNI, mac),
                new FloodEntry("weft-red", VNI, OTHER, VNI),
                new NeighbourEntry("weft-red", VNI, IpAddress.parse("192.168.1.20"), mac)));
    one.unsay(macRoute("10.0.0.2", 100, "192.168.1.20"));
    one.unsay(OneNode.floodRoute("10.0.0.2", 100));
    assertThat(remote()).isEmpty();
  }

  @Test
  void routesThatCameBeforeTheFirstEndpointAreAskedForAgain() {
    one.start(RED);
    one.sayMac("10.0.0.2", 100, "192.168.1.20");
    assertThat(one.kernel).isEmpty();
    one.attach(request("a", "web", "192.168.1.10"));
    assertThat(remote()).hasSize(3);
    one.detach("a");
    assertThat(one.kernel).isEmpty();
    one.attach(request("a", "web", "192.168.1.10"));
    assertThat(remote()).hasSize(3);
  }

  @Test
  void twoTenantsWithTheSameAddressesAreIndependent() {
    one.start(RED, BLUE);
    one.attach(request("a", "web", "192.168.1.10"));
    one.attach(request("b", "shop", "192.168.1.10"));
    one.sayMac("10.0.0.2", 100, "192.168.1.20");
    one.sayMac("10.0.0.3", 200, "192.168.1.20");
    var mac = macOf("192.168.1.20");
    assertThat(one.kernel(Kind.VXLAN_FDB))
        .isEqualTo(
            List.of(
                new VxlanFdbEntry(
                    "weft-blue", new Vni(200), mac, IpAddress.parse("10.0.0.3"), new Vni(200)),
                new VxlanFdbEntry("weft-red", VNI, mac, OTHER, VNI)));
    one.detach("b");
    assertThat(one.kernel.keySet()).allMatch(key -> key.namespace().equals("weft-red"));
    assertThat(remote()).hasSize(3);
  }

  @Test
  void theDownstreamVniOfTheOtherEndIsUsed() {
    one.start(RED);
    one.attach(request("a", "web", "192.168.1.10"));
    one.say(macRoute("10.0.0.2", 7777, "192.168.1.20"), OneNode.attributes("10.0.0.2", 100));
    assertThat(one.kernel(Kind.VXLAN_FDB))
        .isEqualTo(
            List.of(
                new VxlanFdbEntry("weft-red", VNI, macOf("192.168.1.20"), OTHER, new Vni(7777))));
  }

  @Test
  void nothingPointsToTheNodeItself() {
    one.start(RED);
    one.attach(request("a", "web", "192.168.1.10"));
    one.sayMac("10.0.0.1", 100, "192.168.1.99");
    one.sayFlood("10.0.0.1", 100);
    assertThat(remote()).isEmpty();
  }

  @Test
  void aMacAttachedHereIsNotLookedForElsewhere() {
    one.start(RED);
    one.attach(request("a", "web", "192.168.1.10"));
    one.sayMac("10.0.0.2", 100, "192.168.1.10");
    assertThat(remote()).isEmpty();
    one.attach(request("b", "web", "192.168.1.11"));
    one.detach("a");
    assertThat(remote()).as("now it is only there").hasSize(3);
  }

  @Test
  void anEndpointThatComesFromElsewhereIsSaidWithTheNextSequence() {
    one.start(RED);
    one.attach(request("first", "web", "192.168.1.10"));
    one.sayMac("10.0.0.2", 100, "192.168.1.20", ExtendedCommunity.macMobility(false, 4));
    one.attach(request("moved", "web", "192.168.1.20"));
    var said = one.announced(macRoute("10.0.0.1", 100, "192.168.1.20"));
    assertThat(said.macMobility()).contains(ExtendedCommunity.macMobility(false, 5));
    assertThat(one.kernel(Kind.VXLAN_FDB)).isEmpty();
    assertThat(one.announced(macRoute("10.0.0.1", 100, "192.168.1.10")).macMobility()).isEmpty();
  }

  @Test
  void aHigherSequenceElsewhereMakesUsWithdraw() {
    one.start(RED);
    one.attach(request("a", "web", "192.168.1.10"));
    one.sayMac("10.0.0.2", 100, "192.168.1.10");
    assertThat(one.announced()).contains(macRoute("10.0.0.1", 100, "192.168.1.10"));
    one.sayMac("10.0.0.2", 100, "192.168.1.10", ExtendedCommunity.macMobility(false, 1));
    assertThat(one.announced()).containsExactly(OneNode.floodRoute("10.0.0.1", 100));
    one.unsay(macRoute("10.0.0.2", 100, "192.168.1.10"));
    assertThat(one.announced())
        .as("it is gone there, so it is here again")
        .contains(macRoute("10.0.0.1", 100, "192.168.1.10"));
  }
}
