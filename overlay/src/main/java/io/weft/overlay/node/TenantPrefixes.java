package io.weft.overlay.node;

import io.weft.bgp.wire.Route;
import io.weft.net.IpPrefix;
import io.weft.overlay.evpn.RemotePrefixes.RemotePrefix;
import io.weft.overlay.forwarding.TenantHop;
import io.weft.overlay.node.TenantView.Prefix;
import io.weft.overlay.node.TenantView.PrefixPage;
import io.weft.overlay.node.TenantView.Source;
import io.weft.overlay.node.TenantView.Use;
import io.weft.overlay.node.TenantView.Way;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** What is told of one tenant's table. */
record TenantPrefixes(TenantInstance tenant) {
  private static final IpPrefix EVERYTHING = IpPrefix.parse("0.0.0.0/0");
  private static final IpPrefix EVERYTHING_IPV6 = IpPrefix.parse("::/0");

  /** A part of the table; what is on this node comes with the first. */
  PrefixPage page(Optional<IpPrefix> from, int limit) {
    var rows = new ArrayList<Prefix>();
    if (from.isEmpty()) {
      rows.addAll(connected());
      rows.addAll(behindEndpoints());
      rows.addAll(wayOut());
    }
    int taken = 0;
    for (var prefix : tenant.remote().prefixesFrom(from)) {
      if (taken++ == limit) {
        return new PrefixPage(rows, Optional.of(prefix));
      }
      rows.add(row(prefix));
    }
    return new PrefixPage(rows, Optional.empty());
  }

  private List<Prefix> connected() {
    var prefixes = new TreeSet<IpPrefix>();
    for (var network : tenant.networks()) {
      network.intent().gateways().forEach(gateway -> prefixes.add(gateway.prefix()));
    }
    return prefixes.stream()
        .map(prefix -> new Prefix(prefix, Source.CONNECTED, List.of(), true))
        .toList();
  }

  private List<Prefix> behindEndpoints() {
    return tenant.behindEndpoints().stream()
        .map(
            route ->
                new Prefix(
                    route.prefix(),
                    Source.ENDPOINT,
                    route.hops().stream().map(TenantPrefixes::way).toList(),
                    true))
        .toList();
  }

  private List<Prefix> wayOut() {
    var rows = new ArrayList<Prefix>();
    var egress = tenant.intent().egress();
    if (egress.filter(EgressIntent::ipv4).isPresent()) {
      rows.add(new Prefix(EVERYTHING, Source.NODE, List.of(), true));
    }
    if (egress.filter(EgressIntent::ipv6).isPresent()) {
      rows.add(new Prefix(EVERYTHING_IPV6, Source.NODE, List.of(), true));
    }
    return rows;
  }

  private Prefix row(IpPrefix prefix) {
    var ways = tenant.remote().ways(prefix);
    boolean host = ways.stream().anyMatch(RemotePrefix::host);
    var best = tenant.best(prefix);
    return new Prefix(
        prefix,
        host ? Source.HOST : Source.PREFIX,
        best.stream().flatMap(way -> tenant.next(way).stream()).map(TenantPrefixes::way).toList(),
        tenant.isRouted(prefix),
        (best.isEmpty() ? ways : best).stream().findFirst().map(RemotePrefix::owner).orElse(""));
  }

  private static Way way(TenantHop hop) {
    return new Way(hop.via(), hop.vni());
  }

  /** What becomes of what was taken in of a route; nothing where nothing was. */
  List<Use> uses(Route key) {
    return tenant.remote().find(key).stream().map(this::use).toList();
  }

  private Use use(RemotePrefix way) {
    var prefix = way.prefix();
    var best = tenant.best(prefix);
    var next = tenant.next(way);
    boolean used = tenant.isRouted(prefix) && best.contains(way);
    String reason;
    if (used) {
      reason =
          "used: "
              + prefix
              + " via "
              + next.map(hop -> hop.via() + " in VNI " + hop.vni()).orElse("?");
    } else if (tenant.isHere(prefix)) {
      reason = "not used: " + prefix + " is on this node itself";
    } else if (next.isEmpty()) {
      reason =
          way.gateway()
              .map(gateway -> "not used: there is no way to its gateway " + gateway)
              .orElseGet(() -> "not used: its router at " + way.vtep() + " cannot be reached");
    } else if (!best.isEmpty() && !best.contains(way)) {
      reason = "not used: the way by " + best.getFirst().vtep() + " is better";
    } else if (best.isEmpty()) {
      reason = "not used: the tenant's own subnets are not taken from others";
    } else {
      reason = "not used: prefixes of this family are not carried out here";
    }
    var part =
        way.prefix().equals(way.said())
            ? ""
            : " as far as the connection with tenant " + way.owner() + " goes";
    return new Use(tenant.intent().name(), used, "imported" + part + ", " + reason);
  }
}
