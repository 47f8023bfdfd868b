package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpPrefix;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.AttachResult.Reason;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A drained node says nothing of its networks, and what stands forwards on. */
class DrainTest {
  private final OneNode one = new OneNode();

  @Test
  void itWithdrawsWhatItSaidAndSaysItAgain() {
    one.start(network("web", "red", 100));
    one.attachNow(request("a", "web", "192.168.1.10"));
    var kernel = Map.copyOf(one.kernel);
    int announced = one.node.announced();
    assertThat(announced).isPositive();
    one.give(new NodeEvent.DrainChanged(true));
    assertThat(one.node.announced()).isZero();
    assertThat(one.node.drained()).isTrue();
    assertThat(one.node.deviations(0)).contains(RouteExchange.DRAINED);
    assertThat(one.kernel).as("it forwards on").isEqualTo(kernel);
    assertThat(one.attachNow(request("b", "web", "192.168.1.11")))
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.reason()).isEqualTo(Reason.DRAINED));
    assertThat(one.attachNow(request("a", "web", "192.168.1.10")))
        .as("what is there is told again")
        .isInstanceOf(Attached.class);
    one.give(new NodeEvent.DrainChanged(false));
    assertThat(one.node.announced()).isEqualTo(announced);
  }

  @Test
  void itCanBeginSo() {
    one.give(new NodeEvent.DrainChanged(true));
    one.start(network("web", "red", 100));
    assertThat(one.attachNow(request("a", "web", "192.168.1.10"))).isInstanceOf(Refused.class);
    assertThat(one.node.announced()).isZero();
  }

  private static NetworkIntent routed(String name, String tenant, int vni, String subnet) {
    var gateway = IpPrefix.parse(subnet).address().plus(1);
    return network(name, tenant, vni, subnet).withGateways(List.of(new HostAddress(gateway, 24)));
  }

  private static TenantIntent tenant(String name, int l3Vni, int other) {
    var own = RouteTarget.automatic(OneNode.AS, new Vni(l3Vni));
    var theirs = RouteTarget.automatic(OneNode.AS, new Vni(other));
    return new TenantIntent(name, new Vni(l3Vni), List.of(own, theirs), List.of(own));
  }

  /** Tenants that are connected on this node learn of each other by what it says of them itself. */
  @Test
  void connectedTenantsReachEachOtherOnADrainedNode() {
    one.endOfRib();
    one.give(
        new NodeEvent.IntentChanged(
            OneNode.intent(
                    routed("web", "red", 100, "192.168.1.0/24"),
                    routed("logs", "blue", 200, "172.16.1.0/24"))
                .withTenants(List.of(tenant("red", 5001, 6001), tenant("blue", 6001, 5001)))));
    one.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    one.give(new NodeEvent.KernelObserved(List.of()));
    one.attachNow(request("a", "web", "192.168.1.10"));
    one.attachNow(request("b", "logs", "172.16.1.10"));
    var routes = Set.copyOf(one.kernel(Kind.TENANT_ROUTE));
    assertThat(routes)
        .extracting(route -> route.key().discriminator())
        .contains("172.16.1.10/32", "192.168.1.10/32");
    var announced = one.announced();
    assertThat(announced).isNotEmpty();

    one.give(new NodeEvent.DrainChanged(true));
    assertThat(one.announced()).isEmpty();
    assertThat(one.kernel(Kind.TENANT_ROUTE)).containsExactlyInAnyOrderElementsOf(routes);
    one.detach("b");
    assertThat(one.announced()).as("what changes meanwhile is not told either").isEmpty();
    assertThat(one.kernel(Kind.TENANT_ROUTE))
        .extracting(route -> route.key().discriminator())
        .doesNotContain("172.16.1.10/32");
    one.give(new NodeEvent.DrainChanged(false));
    assertThat(one.announced()).isNotEmpty().isSubsetOf(announced);
    assertThat(one.announced()).hasSize(one.node.announced());
  }
}
