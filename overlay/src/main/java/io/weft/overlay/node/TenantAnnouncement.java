package io.weft.overlay.node;

import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/** What one tenant that routes announces, and what its networks say of its routing. */
final class TenantAnnouncement {
  private final EndpointPrefixes endpointPrefixes;
  private final ForwardingPlan plan;
  private Optional<Routed> said = Optional.empty();
  private List<OriginatedRoute> routes = List.of();
  private boolean routedDue = true;
  private boolean routesDue = true;

  /** What the routes of a network say of the tenant's routing, besides their own. */
  record Routed(Vni l3Vni, IpAddress vtep, MacAddress routerMac, List<RouteTarget> targets) {}

  TenantAnnouncement(EndpointPrefixes endpointPrefixes, ForwardingPlan plan) {
    this.endpointPrefixes = endpointPrefixes;
    this.plan = plan;
  }

  /** Something that it follows from may have changed. */
  void mayHaveChanged() {
    routedDue = true;
    routesDue = true;
  }

  /** Said first when the L3 VNI stands in the kernel, then for as long as it leads here. */
  Optional<Routed> routed(TenantInstance tenant) {
    if (routedDue) {
      routedDue = false;
      var intent = tenant.intent();
      var now =
          new Routed(intent.l3Vni(), tenant.vtep(), tenant.routerMac(), intent.exportTargets());
      if (tenant.tunnelStands()) {
        said = Optional.of(now);
      } else if (!said.equals(Optional.of(now))) {
        said = Optional.empty();
      }
    }
    return said;
  }

  /** All routes; the very list of before where nothing has changed. */
  List<OriginatedRoute> routes(TenantInstance tenant) {
    if (routesDue) {
      routesDue = false;
      routes = routed(tenant).map(routed -> read(tenant, routed)).orElse(List.of());
    }
    return routes;
  }

  /**
   * The connected subnets and what is behind endpoints, each as a route of Type 5 (RFC 9136
   * §4.4.1).
   */
  private List<OriginatedRoute> read(TenantInstance tenant, Routed routed) {
    var communities = new ArrayList<ExtendedCommunity>();
    communities.add(ExtendedCommunity.ENCAPSULATION_VXLAN);
    communities.addAll(communities(routed));
    var attributes = PathAttributes.originated(routed.vtep(), communities, Optional.empty());
    var networks = tenant.networks();
    var prefixes = new LinkedHashSet<IpPrefix>();
    for (var network : networks) {
      network.intent().gateways().forEach(gateway -> prefixes.add(gateway.prefix()));
    }
    prefixes.addAll(endpointPrefixes.announced(plan, networks));
    var all = new ArrayList<OriginatedRoute>();
    for (var prefix : prefixes) {
      var none = prefix.address().masked(0);
      var label = routed.l3Vni().value();
      var route = new IpPrefixRoute(tenant.rd(), Esi.ZERO, 0, prefix, none, label);
      all.add(new OriginatedRoute(route, attributes));
    }
    return List.copyOf(all);
  }

  /** The tenant's targets and the router's MAC. */
  static List<ExtendedCommunity> communities(Routed routed) {
    var communities = new ArrayList<ExtendedCommunity>();
    routed.targets().forEach(target -> communities.add(ExtendedCommunity.of(target)));
    communities.add(ExtendedCommunity.routersMac(routed.routerMac()));
    return communities;
  }
}
