package io.weft.overlay.node;

import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject.EgressRoute;
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

  /**
   * What the routes of a network say of the tenant's routing, besides their own.
   *
   * @param vteps those whose port of the L3 VNI stands
   */
  record Routed(Vni l3Vni, List<IpAddress> vteps, List<RouteTarget> targets) {
    /** The tenant's targets and the MAC of the VTEP's router. */
    List<ExtendedCommunity> communities(IpAddress vtep) {
      var communities = new ArrayList<ExtendedCommunity>();
      targets.forEach(target -> communities.add(ExtendedCommunity.of(target)));
      communities.add(ExtendedCommunity.routersMac(AddressPlan.routerMac(vtep)));
      return communities;
    }
  }

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
      var vteps =
          tenant.underlay().vteps().stream()
              .filter(vtep -> tenant.tunnelStands(vtep) || isSaid(intent.l3Vni(), vtep))
              .toList();
      said =
          vteps.isEmpty()
              ? Optional.empty()
              : Optional.of(new Routed(intent.l3Vni(), vteps, intent.exportTargets()));
    }
    return said;
  }

  private boolean isSaid(Vni l3Vni, IpAddress vtep) {
    return said.filter(r -> r.l3Vni().equals(l3Vni) && r.vteps().contains(vtep)).isPresent();
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
   * The connected subnets, what is behind endpoints, and the node itself where its connections
   * begin there, each as a route of Type 5 (RFC 9136 §4.4.1).
   */
  private List<OriginatedRoute> read(TenantInstance tenant, Routed routed) {
    var networks = tenant.networks();
    var prefixes = new LinkedHashSet<IpPrefix>();
    for (var network : networks) {
      network.intent().gateways().forEach(gateway -> prefixes.add(gateway.prefix()));
    }
    prefixes.addAll(endpointPrefixes.announced(plan, networks));
    prefixes.addAll(node(tenant));
    var all = new ArrayList<OriginatedRoute>();
    for (var vtep : routed.vteps()) {
      var communities = new ArrayList<ExtendedCommunity>();
      communities.add(ExtendedCommunity.ENCAPSULATION_VXLAN);
      communities.addAll(routed.communities(vtep));
      var attributes = PathAttributes.originated(vtep, communities, Optional.empty());
      var rd = Distinguishers.of(tenant.rd(), tenant.underlay(), vtep);
      for (var prefix : prefixes) {
        var none = prefix.address().masked(0);
        var route = new IpPrefixRoute(rd, Esi.ZERO, 0, prefix, none, routed.l3Vni().value());
        all.add(new OriginatedRoute(route, attributes));
      }
    }
    return List.copyOf(all);
  }

  /** By these addresses pods of other nodes answer this one. */
  private List<IpPrefix> node(TenantInstance tenant) {
    boolean reaches =
        tenant.intent().egress().filter(egress -> egress.cluster().isPresent()).isPresent();
    return reaches
        ? tenant.underlay().nodeAddresses().stream()
            .map(address -> new IpPrefix(address, address.bits()))
            .filter(host -> plan.isRealized(EgressRoute.key(tenant.namespace(), host)))
            .toList()
        : List.of();
  }
}
