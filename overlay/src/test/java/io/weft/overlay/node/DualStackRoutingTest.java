package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.SendingPort;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.TenantHop;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Routes of a tenant between nodes with VTEPs of one family or both. */
final class DualStackRoutingTest extends DualStackNode {
  private void startRouted(Underlay underlay) {
    var web = WEB.withGateways(List.of(new HostAddress(IpAddress.parse("192.168.1.1"), 24)));
    var red = new TenantIntent("red", L3, List.of(TARGET), List.of(TARGET));
    one.endOfRib();
    one.give(new NodeEvent.IntentChanged(OneNode.intent(web).withTenants(List.of(red))));
    one.give(new NodeEvent.UnderlayChanged(Optional.of(underlay), ""));
    one.give(new NodeEvent.KernelObserved(List.of()));
    one.attach(request("a", "web", "192.168.1.10"));
  }

  private static IpPrefixRoute prefix(int node, boolean ipv6, String prefix, Vni label) {
    var parsed = IpPrefix.parse(prefix);
    return new IpPrefixRoute(
        rd(node, ipv6, L3.value()), Esi.ZERO, 0, parsed, parsed.address().masked(0), label.value());
  }

  private void sayPrefix(int node, boolean ipv6, String prefix, Vni label) {
    var vtep = IpAddress.parse(vtep(node, ipv6));
    one.say(
        prefix(node, ipv6, prefix, label),
        PathAttributes.originated(
            vtep,
            List.of(
                ExtendedCommunity.ENCAPSULATION_VXLAN,
                ExtendedCommunity.of(TARGET),
                ExtendedCommunity.routersMac(AddressPlan.routerMac(vtep))),
            Optional.empty()));
  }

  private List<TenantHop> hops(String prefix) {
    return one.kernel(Kind.TENANT_ROUTE).stream()
        .map(TenantRoute.class::cast)
        .filter(route -> route.prefix().equals(IpPrefix.parse(prefix)))
        .flatMap(route -> route.hops().stream())
        .toList();
  }

  @Test
  void theRouterOfEachVtepHasItsMac() {
    startRouted(BOTH);
    var bridge =
        one.kernel(Kind.BRIDGE).stream()
            .map(Bridge.class::cast)
            .filter(b -> b.vni().equals(L3))
            .findFirst()
            .orElseThrow();
    assertThat(bridge.mac()).isEqualTo(AddressPlan.routerMac(V4));
    var ports =
        one.kernel(Kind.VXLAN).stream()
            .map(VxlanPort.class::cast)
            .filter(port -> port.vni().equals(L3))
            .toList();
    assertThat(ports).extracting(VxlanPort::local).containsExactly(V4, V6);
    assertThat(ports.getFirst().mac()).isNotEqualTo(bridge.mac());
    assertThat(ports.getLast().mac())
        .as("frames to it are the bridge's")
        .isEqualTo(AddressPlan.routerMac(V6));
    for (boolean ipv6 : List.of(false, true)) {
      var said = one.announced(prefix(1, ipv6, "192.168.1.0/24", L3));
      assertThat(said.nextHop()).isEqualTo(ipv6 ? V6 : V4);
      assertThat(said.extendedCommunities())
          .contains(ExtendedCommunity.routersMac(AddressPlan.routerMac(ipv6 ? V6 : V4)));
      assertThat(one.announced(mac(1, ipv6, "192.168.1.10")).extendedCommunities())
          .contains(ExtendedCommunity.routersMac(AddressPlan.routerMac(ipv6 ? V6 : V4)));
    }
    change(underlay(V6));
    assertThat(one.kernel.values()).as("no neighbour is flushed").contains(bridge);
  }

  @Test
  void aPrefixHasOneWayToEachNode() {
    startRouted(BOTH);
    var net = "172.20.0.0/16";
    for (int node : List.of(2, 3)) {
      sayPrefix(node, true, net, L3);
      sayPrefix(node, false, net, L3);
    }
    sayPrefix(4, true, net, L3);
    assertThat(hops(net))
        .containsExactly(
            TenantHop.over(L3, IpAddress.parse("10.0.0.2")),
            TenantHop.over(L3, IpAddress.parse("10.0.0.3")),
            TenantHop.over(L3, IpAddress.parse("fd00::4")));
    one.unsay(prefix(2, false, net, L3));
    assertThat(hops(net))
        .containsExactly(
            TenantHop.over(L3, IpAddress.parse("10.0.0.3")),
            TenantHop.over(L3, IpAddress.parse("fd00::2")),
            TenantHop.over(L3, IpAddress.parse("fd00::4")));
    assertThat(one.kernel(Kind.VXLAN_FDB)).hasSize(4);
  }

  @Test
  void aForeignVniHasASendingDeviceForEachVtep() {
    startRouted(BOTH);
    var foreign = new Vni(7001);
    sayPrefix(2, false, "172.20.0.0/16", foreign);
    sayPrefix(3, true, "172.21.0.0/16", foreign);
    assertThat(hops("172.20.0.0/16"))
        .containsExactly(TenantHop.sending(foreign, IpAddress.parse("10.0.0.2")));
    assertThat(hops("172.21.0.0/16"))
        .containsExactly(TenantHop.sending(foreign, IpAddress.parse("fd00::3")));
    var ports = one.kernel(Kind.SENDING_PORT).stream().map(SendingPort.class::cast).toList();
    assertThat(ports).extracting(SendingPort::local).containsExactly(V4, V6);
    assertThat(ports).extracting(SendingPort::second).containsExactly(false, true);
    change(underlay(V4));
    assertThat(one.kernel(Kind.SENDING_PORT)).hasSize(1);
    assertThat(hops("172.21.0.0/16")).isEmpty();
    one.unsay(prefix(2, false, "172.20.0.0/16", foreign));
    assertThat(one.kernel.keySet()).noneMatch(key -> key.vni() == foreign.value());
  }
}
