package io.weft.bgp.wire;

import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.Octets;
import io.weft.net.RouteTarget;
import io.weft.net.SecretHash;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Path attributes of one UPDATE, less the NLRI (RFC 4271 §5). Immutable; share and intern it.
 *
 * @param nextHop from MP_REACH_NLRI (RFC 4760 §3): for EVPN the VTEP that originated the route
 * @param med MULTI_EXIT_DISC, 0..2^32-1
 * @param localPreference always present on iBGP
 * @param originatorId ORIGINATOR_ID (RFC 4456 §8), absent where not reflected
 * @param clusterList CLUSTER_LIST (RFC 4456 §8), nearest reflector first
 * @param extendedCommunities in the order received
 * @param unknown attributes that Weft does not use, kept for passing on: aggregator, and optional
 *     transitive ones that it does not know (others end here, RFC 4271 §5)
 * @param communities in the order received (RFC 1997)
 * @param largeCommunities in the order received, none twice (RFC 8092 §5)
 */
public record PathAttributes(
    Origin origin,
    AsPath asPath,
    IpAddress nextHop,
    OptionalLong med,
    OptionalLong localPreference,
    Optional<Ipv4Address> originatorId,
    List<Ipv4Address> clusterList,
    List<ExtendedCommunity> extendedCommunities,
    Optional<PmsiTunnel> pmsiTunnel,
    List<UnknownAttribute> unknown,
    List<Community> communities,
    List<LargeCommunity> largeCommunities) {

  /** ORIGIN (RFC 4271 §5.1.1); lower is preferred. */
  public enum Origin {
    IGP,
    EGP,
    INCOMPLETE
  }

  /**
   * An optional attribute carried but not understood.
   *
   * @param flags as they are to be passed on, extended length bit cleared: the decoder sets the
   *     Partial bit in what it does not know (RFC 4271 §5)
   */
  public record UnknownAttribute(int flags, int type, Octets value) {
    public boolean isTransitive() {
      return (flags & 0x40) != 0;
    }
  }

  public PathAttributes {
    clusterList = List.copyOf(clusterList);
    extendedCommunities = List.copyOf(extendedCommunities);
    unknown = List.copyOf(unknown);
    communities = List.copyOf(communities);
    largeCommunities = List.copyOf(largeCommunities);
  }

  /** Without standard and large communities. */
  public PathAttributes(
      Origin origin,
      AsPath asPath,
      IpAddress nextHop,
      OptionalLong med,
      OptionalLong localPreference,
      Optional<Ipv4Address> originatorId,
      List<Ipv4Address> clusterList,
      List<ExtendedCommunity> extendedCommunities,
      Optional<PmsiTunnel> pmsiTunnel,
      List<UnknownAttribute> unknown) {
    this(
        origin,
        asPath,
        nextHop,
        med,
        localPreference,
        originatorId,
        clusterList,
        extendedCommunities,
        pmsiTunnel,
        unknown,
        List.of(),
        List.of());
  }

  /** What a node puts on a route of its own: LOCAL_PREF 100, empty AS_PATH. */
  public static PathAttributes originated(
      IpAddress nextHop, List<ExtendedCommunity> communities, Optional<PmsiTunnel> pmsiTunnel) {
    return new PathAttributes(
        Origin.IGP,
        AsPath.EMPTY,
        nextHop,
        OptionalLong.empty(),
        OptionalLong.of(100),
        Optional.empty(),
        List.of(),
        communities,
        pmsiTunnel,
        List.of());
  }

  /**
   * Of all that a peer may choose anew for every route, which is all but the origin: every route
   * that comes is looked up by it.
   */
  @Override
  public int hashCode() {
    int hash = 31 * nextHop.hashCode() + originatorId.hashCode();
    hash = 31 * (31 * hash + SecretHash.of(clusterList)) + SecretHash.of(communities);
    hash = 31 * (31 * hash + SecretHash.of(extendedCommunities)) + asPath.hashCode();
    hash = SecretHash.of(SecretHash.of(hash, med.orElse(-1)), localPreference.orElse(-1));
    hash = 31 * (31 * hash + SecretHash.of(largeCommunities)) + pmsiTunnel.hashCode();
    return 31 * hash + SecretHash.of(unknown);
  }

  /** The route targets among the extended communities, in the order received. */
  public List<RouteTarget> routeTargets() {
    var targets = new ArrayList<RouteTarget>(extendedCommunities.size());
    for (var community : extendedCommunities) {
      if (community.isRouteTarget()) {
        targets.add(community.routeTarget());
      }
    }
    return Collections.unmodifiableList(targets);
  }

  /** The MAC mobility community, if one is there. */
  public Optional<ExtendedCommunity> macMobility() {
    for (var community : extendedCommunities) {
      if (community.isMacMobility()) {
        return Optional.of(community);
      }
    }
    return Optional.empty();
  }

  public boolean has(Community community) {
    return communities.contains(community);
  }

  public PathAttributes withOrigin(Origin next) {
    return new PathAttributes(
        next,
        asPath,
        nextHop,
        med,
        localPreference,
        originatorId,
        clusterList,
        extendedCommunities,
        pmsiTunnel,
        unknown,
        communities,
        largeCommunities);
  }

  public PathAttributes withAsPath(AsPath next) {
    return new PathAttributes(
        origin,
        next,
        nextHop,
        med,
        localPreference,
        originatorId,
        clusterList,
        extendedCommunities,
        pmsiTunnel,
        unknown,
        communities,
        largeCommunities);
  }

  public PathAttributes withNextHop(IpAddress next) {
    return new PathAttributes(
        origin,
        asPath,
        next,
        med,
        localPreference,
        originatorId,
        clusterList,
        extendedCommunities,
        pmsiTunnel,
        unknown,
        communities,
        largeCommunities);
  }

  public PathAttributes withMed(OptionalLong next) {
    return new PathAttributes(
        origin,
        asPath,
        nextHop,
        next,
        localPreference,
        originatorId,
        clusterList,
        extendedCommunities,
        pmsiTunnel,
        unknown,
        communities,
        largeCommunities);
  }

  public PathAttributes withLocalPreference(OptionalLong next) {
    return new PathAttributes(
        origin,
        asPath,
        nextHop,
        med,
        next,
        originatorId,
        clusterList,
        extendedCommunities,
        pmsiTunnel,
        unknown,
        communities,
        largeCommunities);
  }

  public PathAttributes withOriginatorId(Optional<Ipv4Address> next) {
    return new PathAttributes(
        origin,
        asPath,
        nextHop,
        med,
        localPreference,
        next,
        clusterList,
        extendedCommunities,
        pmsiTunnel,
        unknown,
        communities,
        largeCommunities);
  }

  public PathAttributes withClusterList(List<Ipv4Address> next) {
    return new PathAttributes(
        origin,
        asPath,
        nextHop,
        med,
        localPreference,
        originatorId,
        next,
        extendedCommunities,
        pmsiTunnel,
        unknown,
        communities,
        largeCommunities);
  }

  public PathAttributes withExtendedCommunities(List<ExtendedCommunity> next) {
    return new PathAttributes(
        origin,
        asPath,
        nextHop,
        med,
        localPreference,
        originatorId,
        clusterList,
        next,
        pmsiTunnel,
        unknown,
        communities,
        largeCommunities);
  }

  public PathAttributes withPmsiTunnel(Optional<PmsiTunnel> next) {
    return new PathAttributes(
        origin,
        asPath,
        nextHop,
        med,
        localPreference,
        originatorId,
        clusterList,
        extendedCommunities,
        next,
        unknown,
        communities,
        largeCommunities);
  }

  public PathAttributes withUnknown(List<UnknownAttribute> next) {
    return new PathAttributes(
        origin,
        asPath,
        nextHop,
        med,
        localPreference,
        originatorId,
        clusterList,
        extendedCommunities,
        pmsiTunnel,
        next,
        communities,
        largeCommunities);
  }

  /** With the community of a path that outlives its session for long (RFC 9494 §4.2). */
  public PathAttributes asLastResort() {
    if (has(Community.LLGR_STALE)) {
      return this;
    }
    var all = new ArrayList<>(communities);
    all.add(Community.LLGR_STALE);
    return withCommunities(all);
  }

  public PathAttributes withCommunities(List<Community> next) {
    return new PathAttributes(
        origin,
        asPath,
        nextHop,
        med,
        localPreference,
        originatorId,
        clusterList,
        extendedCommunities,
        pmsiTunnel,
        unknown,
        next,
        largeCommunities);
  }

  public PathAttributes withLargeCommunities(List<LargeCommunity> next) {
    return new PathAttributes(
        origin,
        asPath,
        nextHop,
        med,
        localPreference,
        originatorId,
        clusterList,
        extendedCommunities,
        pmsiTunnel,
        unknown,
        communities,
        next);
  }
}
