package io.weft.bgp.wire;

import io.weft.bgp.wire.PathAttributes.Origin;
import io.weft.bgp.wire.PathAttributes.UnknownAttribute;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What has been read of one UPDATE so far: filled by the rows of {@link KnownAttribute}. */
final class UpdateDraft {
  final List<NumberedRoute> withdrawn = new ArrayList<>();
  final List<NumberedRoute> announced = new ArrayList<>();

  /** In place of the two lists: routes that need not be made objects, {@link #unfold} does it. */
  Optional<RouteBlock> withdrawnBlock = Optional.empty();

  Optional<RouteBlock> announcedBlock = Optional.empty();

  /** Those of the field behind the attributes: their next hop is NEXT_HOP. */
  final List<NumberedRoute> outerAnnounced = new ArrayList<>();

  final List<String> faults = new ArrayList<>();

  /** The family of an MP_UNREACH_NLRI without routes: End-of-RIB if nothing else is there. */
  Optional<Family> emptyUnreach = Optional.empty();

  /** Set by any fault for which RFC 7606 asks so; holds for every route announced. */
  boolean treatAsWithdraw;

  /** An MP_REACH_NLRI was there, of whatever family: the attributes have not swallowed it. */
  boolean reachSeen;

  Optional<IpAddress> nextHop = Optional.empty();
  Optional<Ipv4Address> outerNextHop = Optional.empty();
  Optional<Origin> origin = Optional.empty();
  Optional<AsPath> asPath = Optional.empty();
  Optional<AsPath> as4Path = Optional.empty();
  OptionalLong med = OptionalLong.empty();
  OptionalLong localPreference = OptionalLong.empty();
  Optional<Ipv4Address> originatorId = Optional.empty();
  List<Ipv4Address> clusterList = List.of();
  List<ExtendedCommunity> extendedCommunities = List.of();
  List<Community> communities = List.of();
  List<LargeCommunity> largeCommunities = List.of();
  Optional<PmsiTunnel> pmsiTunnel = Optional.empty();
  final List<UnknownAttribute> unknown = new ArrayList<>();

  void withdrawFor(String fault) {
    treatAsWithdraw = true;
    faults.add(fault + ": treated as withdrawn");
  }

  /** Makes objects of what was kept as octets. */
  void unfold() {
    withdrawnBlock.ifPresent(
        block -> block.forEach(route -> withdrawn.add(new NumberedRoute(route.key(), 0))));
    announcedBlock.ifPresent(
        block -> block.forEach(route -> announced.add(new NumberedRoute(route, 0))));
    withdrawnBlock = Optional.empty();
    announcedBlock = Optional.empty();
  }

  /** The attributes read; only when origin, path and next hop are there. */
  PathAttributes attributes() {
    var path = asPath.orElseThrow();
    return new PathAttributes(
        origin.orElseThrow(),
        as4Path.map(path::mergedWith).orElse(path),
        nextHop.orElseThrow(),
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
}
