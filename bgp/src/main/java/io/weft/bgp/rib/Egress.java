package io.weft.bgp.rib;

import io.weft.bgp.policy.Policy;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.IpAddress;
import java.util.List;
import java.util.Optional;

/**
 * What one peer is told apart from who it is: of which families, by which next hop, and what an
 * operator lets out.
 *
 * @param families that were agreed on (RFC 4760 §8); of others nothing is told
 * @param nextHop the rule for unicast routes
 * @param localAddress our end of the session; without one, or with one by which the route cannot be
 *     said, the next hop stays as it is
 * @param policy judges what is about to go out
 * @param ipv4OverIpv6 the peer takes IPv4 unicast with an IPv6 next hop (RFC 8950 §4)
 * @param longLived families whose long-lived stale routes the peer understands (RFC 9494 §4.5)
 */
public record Egress(
    List<Family> families,
    NextHop nextHop,
    Optional<IpAddress> localAddress,
    Optional<Policy> policy,
    boolean ipv4OverIpv6,
    List<Family> longLived) {
  public Egress {
    families = List.copyOf(families);
    longLived = List.copyOf(longLived);
  }

  public Egress withPolicy(Optional<Policy> next) {
    return new Egress(families, nextHop, localAddress, next, ipv4OverIpv6, longLived);
  }

  /** True when the peer may hear of the route's family at all. */
  boolean carries(Route route) {
    return families.contains(route.family());
  }

  /** True when the route can be said with this next hop; that of EVPN may be of either version. */
  boolean takes(Route route, IpAddress hop) {
    return !(route instanceof UnicastRoute unicast)
        || hop.bits() == unicast.prefix().address().bits()
        || ipv4OverIpv6 && unicast.prefix().address().isIpv4();
  }

  /**
   * RFC 4271 §5.1.3: an external peer is told our address, not what lies behind us; an internal one
   * is, of what we originate.
   */
  PathAttributes withNextHop(PathAttributes attributes, Candidate path, Source to) {
    boolean ours =
        switch (nextHop) {
          case AUTOMATIC -> to.kind() == Source.Kind.EXTERNAL || path.source().isLocal();
          case SELF -> true;
          case UNCHANGED -> false;
        };
    if (!ours || !(path.route() instanceof UnicastRoute)) {
      return attributes;
    }
    return localAddress
        .map(IpAddress::withoutZone)
        .filter(local -> takes(path.route(), local))
        .map(attributes::withNextHop)
        .orElse(attributes);
  }
}
