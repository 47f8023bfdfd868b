package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macOf;
import static io.weft.overlay.node.OneNode.request;

import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.Esi;
import io.weft.net.ImportTarget;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.SendingPort;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.TenantHop;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;

/** Two tenants of one node, and what other nodes say of prefixes. */
abstract class TenantsOnOneNode {
  static final Vni L3 = new Vni(5001);
  static final Vni BLUE_L3 = new Vni(6001);
  static final RouteTarget RED_TARGET = RouteTarget.automatic(OneNode.AS, L3);
  static final RouteTarget BLUE_TARGET = RouteTarget.automatic(OneNode.AS, BLUE_L3);
  static final IpAddress SECOND = IpAddress.parse("10.0.0.2");
  static final IpAddress THIRD = IpAddress.parse("10.0.0.3");
  static final MacAddress ROUTER = AddressPlan.routerMac(OneNode.VTEP);
  static final IpPrefix OUTSIDE = IpPrefix.parse("0.0.0.0/0");
  static final NetworkIntent WEB = routed("web", "red", 100, "192.168.1.0/24");
  static final NetworkIntent LOGS = routed("logs", "blue", 200, "172.16.1.0/24");
  final OneNode one = new OneNode();

  static NetworkIntent routed(String name, String tenant, int vni, String subnet) {
    var gateway = IpPrefix.parse(subnet).address().plus(1);
    return OneNode.network(name, tenant, vni, subnet)
        .withGateways(List.of(new HostAddress(gateway, 24)));
  }

  static TenantIntent red(RouteTarget... more) {
    var imports = new ArrayList<ImportTarget>(List.of(more));
    imports.add(RED_TARGET);
    return new TenantIntent("red", L3, imports, List.of(RED_TARGET));
  }

  static TenantIntent blue(RouteTarget... more) {
    var imports = new ArrayList<ImportTarget>(List.of(more));
    imports.add(BLUE_TARGET);
    return new TenantIntent("blue", BLUE_L3, imports, List.of(BLUE_TARGET));
  }

  @BeforeEach
  void start() {
    one.endOfRib();
    intend(red(), blue());
    one.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    one.give(new NodeEvent.KernelObserved(one.observable()));
    one.attach(request("a", "web", "192.168.1.10"));
  }

  void intend(TenantIntent... tenants) {
    one.give(new NodeEvent.IntentChanged(OneNode.intent(WEB, LOGS).withTenants(List.of(tenants))));
  }

  static PathAttributes from(IpAddress vtep, RouteTarget target) {
    return PathAttributes.originated(
        vtep,
        List.of(
            ExtendedCommunity.ENCAPSULATION_VXLAN,
            ExtendedCommunity.of(target),
            ExtendedCommunity.routersMac(AddressPlan.routerMac(vtep))),
        Optional.empty());
  }

  static IpPrefixRoute prefix(IpAddress vtep, IpPrefix prefix, Vni label) {
    return new IpPrefixRoute(
        RouteDistinguisher.of((Ipv4Address) vtep, 5001),
        Esi.ZERO,
        0,
        prefix,
        prefix.address().masked(0),
        label.value());
  }

  static MacIpAdvertisement host(IpAddress vtep, String ip, Vni label) {
    return new MacIpAdvertisement(
        RouteDistinguisher.of((Ipv4Address) vtep, 200),
        Esi.ZERO,
        0,
        IpAddress.parse(ip).isIpv4() ? macOf(ip) : MacAddress.parse("02:00:00:00:00:77"),
        Optional.of(IpAddress.parse(ip)),
        200,
        OptionalInt.of(label.value()));
  }

  List<TenantHop> hops(String prefix) {
    return hops("weft-red", prefix);
  }

  List<TenantHop> hops(String namespace, String prefix) {
    return one.kernel(Kind.TENANT_ROUTE).stream()
        .map(TenantRoute.class::cast)
        .filter(route -> route.namespace().equals(namespace))
        .filter(route -> route.prefix().equals(IpPrefix.parse(prefix)))
        .flatMap(route -> route.hops().stream())
        .toList();
  }

  List<SendingPort> sendingPorts() {
    return one.kernel(Kind.SENDING_PORT).stream().map(SendingPort.class::cast).toList();
  }
}
