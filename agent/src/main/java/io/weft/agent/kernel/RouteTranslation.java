package io.weft.agent.kernel;

import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.RouteType;
import io.weft.overlay.forwarding.EgressObject;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.TenantHop;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * From routes in a tenant's namespace to objects.
 *
 * @param links what stands; kept up to date by its owner
 */
record RouteTranslation(String namespace, TenantLinks links) {
  /** A route as we write it: of our protocol and metric, by neighbours on our devices. */
  Optional<ForwardingObject> object(Route row) {
    if (isOfEndpoint(row)) {
      boolean learned = row.protocol() == Route.BGP;
      return hops(row)
          .map(hops -> new ForwardingObject.EndpointRoute(namespace, row.prefix(), hops, learned));
    }
    if (isOurs(row)) {
      return hops(row).map(hops -> new ForwardingObject.TenantRoute(namespace, row.prefix(), hops));
    }
    return row.protocol() == Route.STATIC && row.table() == Route.MAIN_TABLE
        ? egressRoute(row)
        : Optional.empty();
  }

  /** All of them, or nothing. */
  private Optional<List<TenantHop>> hops(Route row) {
    var hops = new ArrayList<TenantHop>();
    row.nextHops().forEach(hop -> hop(hop).ifPresent(hops::add));
    return Optional.<List<TenantHop>>of(hops)
        .filter(all -> !all.isEmpty() && all.size() == row.nextHops().size());
  }

  private static boolean isOurs(Route row) {
    return row.protocol() == Route.BGP
        && row.metric().equals(OptionalInt.of(Rows.METRIC))
        && row.table() == Route.MAIN_TABLE;
  }

  private Optional<TenantHop> hop(NextHop hop) {
    if (hop.via().isEmpty() || hop.link().isEmpty()) {
      return Optional.empty();
    }
    int link = hop.link().getAsInt();
    var via = hop.via().get();
    return links
        .bridge(link)
        .map(vni -> TenantHop.over(vni, via))
        .or(() -> links.sender(link).map(vni -> TenantHop.sending(vni, via)));
  }

  /** Of whoever said it: an operator, or the endpoint by BGP. */
  private static boolean isOfEndpoint(Route row) {
    return (row.protocol() == Route.STATIC || row.protocol() == Route.BGP)
        && row.metric().equals(OptionalInt.of(Rows.ENDPOINT_METRIC))
        && row.table() == Route.MAIN_TABLE;
  }

  private Optional<ForwardingObject> egressRoute(Route row) {
    boolean end =
        row.type() == RouteType.UNREACHABLE
            && row.metric().equals(OptionalInt.of(Rows.DEAD_END_METRIC));
    if (end) {
      return Optional.of(new EgressObject.DeadEnd(namespace, row.prefix()));
    }
    boolean out =
        row.type() == RouteType.UNICAST
            && row.metric().equals(OptionalInt.of(Rows.EGRESS_METRIC))
            && row.link().isPresent()
            && links.link(row.link().getAsInt()).filter(Translation::isEgress).isPresent();
    return out
        ? row.nextHops()
            .getFirst()
            .via()
            .map(via -> new EgressObject.EgressRoute(namespace, row.prefix(), via))
        : Optional.empty();
  }

  /** As for a forwarding database: of one prefix we have one route. */
  Map<ForwardingKey, Optional<ForwardingObject>> changes(Route row, boolean gone) {
    var changes = new TreeMap<ForwardingKey, Optional<ForwardingObject>>();
    key(row).ifPresent(key -> changes.put(key, gone ? Optional.empty() : object(row)));
    return changes;
  }

  /** Whose route it would be: that somebody else let it lead elsewhere does not make it his. */
  private Optional<ForwardingKey> key(Route row) {
    if (isOurs(row)) {
      return Optional.of(ForwardingObject.TenantRoute.key(namespace, row.prefix()));
    }
    if (isOfEndpoint(row)) {
      return Optional.of(ForwardingObject.EndpointRoute.key(namespace, row.prefix()));
    }
    if (row.protocol() != Route.STATIC || row.table() != Route.MAIN_TABLE) {
      return Optional.empty();
    }
    return switch (row.metric().orElse(0)) {
      case Rows.EGRESS_METRIC -> Optional.of(EgressObject.EgressRoute.key(namespace, row.prefix()));
      case Rows.DEAD_END_METRIC ->
          Optional.of(new EgressObject.DeadEnd(namespace, row.prefix()).key());
      default -> Optional.empty();
    };
  }

  /**
   * Whose place a route of somebody else's may have taken: of one prefix and metric the kernel has
   * one, and says only what stands now.
   */
  Optional<ForwardingKey> inPlaceOf(Route row) {
    if (row.table() != Route.MAIN_TABLE) {
      return Optional.empty();
    }
    var prefix = row.prefix();
    return switch (row.metric().orElse(0)) {
      case Rows.METRIC -> Optional.of(ForwardingObject.TenantRoute.key(namespace, prefix));
      case Rows.ENDPOINT_METRIC ->
          Optional.of(ForwardingObject.EndpointRoute.key(namespace, prefix));
      case Rows.EGRESS_METRIC -> Optional.of(EgressObject.EgressRoute.key(namespace, prefix));
      case Rows.DEAD_END_METRIC -> Optional.of(new EgressObject.DeadEnd(namespace, prefix).key());
      default -> Optional.empty();
    };
  }
}
