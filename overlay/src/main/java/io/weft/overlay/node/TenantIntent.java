package io.weft.overlay.node;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.net.ImportTarget;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.evpn.PrefixReading;
import io.weft.overlay.evpn.RemotePrefixes.RemotePrefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A tenant that routes, as it shall be: an IP-VRF (RFC 9136 §1.1).
 *
 * @param l3Vni what its routed packets travel in; no network and no other tenant has it
 * @param importTargets which routes it takes in, sorted
 * @param exportTargets what its own routes carry
 * @param egress its way out through the node; empty: none
 * @param foreign what connections let it take of other tenants, sorted by tenant
 */
public record TenantIntent(
    String name,
    Vni l3Vni,
    List<ImportTarget> importTargets,
    List<RouteTarget> exportTargets,
    Optional<EgressIntent> egress,
    List<ForeignRoutes> foreign) {
  public TenantIntent {
    importTargets = List.copyOf(importTargets);
    exportTargets = List.copyOf(exportTargets);
    foreign = List.copyOf(foreign);
  }

  /** One without a way out through the node. */
  public TenantIntent(
      String name, Vni l3Vni, List<ImportTarget> importTargets, List<RouteTarget> exportTargets) {
    this(name, l3Vni, importTargets, exportTargets, Optional.empty(), List.of());
  }

  /** The same with a way out. */
  public TenantIntent withEgress(Optional<EgressIntent> other) {
    return new TenantIntent(name, l3Vni, importTargets, exportTargets, other, foreign);
  }

  /** The same with other connections. */
  public TenantIntent withForeign(List<ForeignRoutes> other) {
    return new TenantIntent(name, l3Vni, importTargets, exportTargets, egress, other);
  }

  /** All that it must hear of: its own routes and those of connected tenants. */
  public List<ImportTarget> wantedTargets() {
    var targets = new TreeSet<>(importTargets);
    foreign.forEach(routes -> targets.addAll(routes.targets()));
    return List.copyOf(targets);
  }

  /** True for its own routes, and for what connections let in of other tenants. */
  public boolean takes(Path path) {
    if (Importer.carriesOneOf(importTargets, path)) {
      return true;
    }
    for (var routes : foreign) {
      if (!routes.entry(path).ways().isEmpty()) {
        return true;
      }
    }
    return false;
  }

  /**
   * The ways that a route gives the tenant, each to another prefix: its own as they are, others' as
   * far as connections let them in.
   */
  List<RemotePrefix> ways(Path path) {
    if (Importer.carriesOneOf(importTargets, path)) {
      return PrefixReading.of(path).prefix().map(List::of).orElse(List.of());
    }
    var ways = new TreeMap<IpPrefix, RemotePrefix>();
    for (var routes : foreign) {
      routes.entry(path).ways().forEach(way -> ways.putIfAbsent(way.prefix(), way));
    }
    return List.copyOf(ways.values());
  }

  /** The same of a route as it is shown to people. */
  public String obstacle(RouteView view) {
    var attributes = view.attributes();
    return obstacle(
        new Path(view.route(), attributes, attributes.nextHop(), new Ipv4Address(0), view.stale()));
  }

  /**
   * Why the tenant does not take in the route, by its targets and connections; empty text when it
   * does.
   */
  public String obstacle(Path path) {
    if (Importer.carriesOneOf(importTargets, path)) {
      return "";
    }
    var carried = path.attributes().routeTargets();
    var reasons = new ArrayList<String>();
    for (var routes : foreign) {
      var obstacle = routes.entry(path).obstacle();
      if (obstacle.isEmpty()) {
        return "";
      }
      reasons.add(obstacle);
    }
    reasons.addFirst("it imports " + importTargets + ", the route carries " + carried);
    return String.join("; ", reasons);
  }
}
