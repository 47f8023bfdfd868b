package io.weft.bgp.rib;

import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.IpAddress;
import java.util.List;
import java.util.Optional;

/**
 * What one peer is told apart from who it is: of which families, and by which next hop.
 *
 * @param families that were agreed on (RFC 4760 §8); of others nothing is told
 * @param nextHop the rule for unicast routes
 * @param localAddress our end of the session; without one, or with one of the other IP version than
 *     the route, the next hop stays as it is
 */
public record Egress(List<Family> families, NextHop nextHop, Optional<IpAddress> localAddress) {
  public static final Egress EVPN =
      new Egress(List.of(Family.L2VPN_EVPN), NextHop.AUTOMATIC, Optional.empty());

  public Egress {
    families = List.copyOf(families);
  }

  /** True when the peer may hear of the route's family at all. */
  boolean carries(Route route) {
    return families.contains(route.family());
  }

  /** RFC 4271 §5.1.3: an external peer is told our address, not what lies behind us. */
  PathAttributes withNextHop(PathAttributes attributes, Route route, Source to) {
    boolean ours =
        switch (nextHop) {
          case AUTOMATIC -> to.kind() == Source.Kind.EXTERNAL;
          case SELF -> true;
          case UNCHANGED -> false;
        };
    if (!ours || !(route instanceof UnicastRoute unicast)) {
      return attributes;
    }
    return localAddress
        .filter(local -> local.bits() == unicast.prefix().address().bits())
        .map(local -> replaced(attributes, local))
        .orElse(attributes);
  }

  private static PathAttributes replaced(PathAttributes of, IpAddress local) {
    return new PathAttributes(
        of.origin(),
        of.asPath(),
        local,
        of.med(),
        of.localPreference(),
        of.originatorId(),
        of.clusterList(),
        of.extendedCommunities(),
        of.pmsiTunnel(),
        of.unknown());
  }
}
