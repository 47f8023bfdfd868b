package io.weft.bgp.policy;

import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.LargeCommunity;
import io.weft.bgp.wire.MulticastRoute;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.RouteTarget;
import java.util.List;
import java.util.Optional;

/**
 * Which routes are meant: those for which every list that is not empty holds one that fits, the two
 * lists of communities being as one.
 *
 * @param evpnTypes EVPN route types; no route of another family fits one
 * @param routeTargets one of them is on the route
 * @param communities one of them, or of the large ones, is on the route (RFC 1997)
 * @param largeCommunities one of them, or of the standard ones, is on the route (RFC 8092)
 * @param prefixes of unicast routes and of EVPN type 5; no other route fits one
 * @param peers the neighbour's address is in one of them
 * @param nextHops the route's next hop is one of them
 */
public record Match(
    List<Family> families,
    List<Integer> evpnTypes,
    List<RouteTarget> routeTargets,
    List<Community> communities,
    List<LargeCommunity> largeCommunities,
    List<PrefixRange> prefixes,
    List<IpPrefix> peers,
    List<IpAddress> nextHops) {
  /** All routes. */
  public static final Match ANY =
      new Match(List.of(), List.of(), List.of(), List.of(), List.of(), List.of());

  public Match {
    families = List.copyOf(families);
    evpnTypes = List.copyOf(evpnTypes);
    routeTargets = List.copyOf(routeTargets);
    communities = List.copyOf(communities);
    largeCommunities = List.copyOf(largeCommunities);
    prefixes = List.copyOf(prefixes);
    peers = List.copyOf(peers);
    nextHops = List.copyOf(nextHops);
  }

  /** By whatever next hop. */
  public Match(
      List<Family> families,
      List<Integer> evpnTypes,
      List<RouteTarget> routeTargets,
      List<Community> communities,
      List<LargeCommunity> largeCommunities,
      List<PrefixRange> prefixes,
      List<IpPrefix> peers) {
    this(
        families,
        evpnTypes,
        routeTargets,
        communities,
        largeCommunities,
        prefixes,
        peers,
        List.of());
  }

  /** Without large communities. */
  public Match(
      List<Family> families,
      List<Integer> evpnTypes,
      List<RouteTarget> routeTargets,
      List<Community> communities,
      List<PrefixRange> prefixes,
      List<IpPrefix> peers) {
    this(families, evpnTypes, routeTargets, communities, List.of(), prefixes, peers);
  }

  /** Routes to these prefixes, by one of the next hops where there are any. */
  public static Match of(List<PrefixRange> prefixes, List<IpAddress> nextHops) {
    return new Match(
        List.of(), List.of(), List.of(), List.of(), List.of(), prefixes, List.of(), nextHops);
  }

  boolean fits(Route route, PathAttributes attributes, IpAddress peer) {
    return (families.isEmpty() || families.contains(route.family()))
        && (evpnTypes.isEmpty()
            || (route instanceof EvpnRoute evpn && evpnTypes.contains(type(evpn))))
        && (routeTargets.isEmpty()
            || attributes.routeTargets().stream().anyMatch(routeTargets::contains))
        && hasACommunity(attributes)
        && (prefixes.isEmpty()
            || prefix(route)
                .filter(prefix -> prefixes.stream().anyMatch(range -> range.matches(prefix)))
                .isPresent())
        && (peers.isEmpty() || peers.stream().anyMatch(range -> range.contains(peer)))
        && (nextHops.isEmpty() || nextHops.contains(attributes.nextHop()));
  }

  private boolean hasACommunity(PathAttributes attributes) {
    return communities.isEmpty() && largeCommunities.isEmpty()
        || communities.stream().anyMatch(attributes::has)
        || largeCommunities.stream().anyMatch(attributes.largeCommunities()::contains);
  }

  private static int type(EvpnRoute route) {
    return switch (route) {
      case EvpnRoute.EthernetAutoDiscovery _ -> 1;
      case EvpnRoute.MacIpAdvertisement _ -> 2;
      case EvpnRoute.InclusiveMulticast _ -> 3;
      case EvpnRoute.EthernetSegment _ -> 4;
      case IpPrefixRoute _ -> 5;
      case MulticastRoute multicast -> multicast.type();
      case EvpnRoute.UnknownEvpnRoute unknown -> unknown.type();
    };
  }

  private static Optional<IpPrefix> prefix(Route route) {
    if (route instanceof UnicastRoute unicast) {
      return Optional.of(unicast.prefix());
    }
    return route instanceof IpPrefixRoute five ? Optional.of(five.prefix()) : Optional.empty();
  }
}
