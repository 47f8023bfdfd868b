package io.weft.overlay.node;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Route;
import io.weft.net.ImportTarget;
import io.weft.net.IpAddress;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** What routes of other nodes go into: a MAC-VRF or an IP-VRF. */
interface Importer {
  /** Takes in a route, or its end. */
  void learn(Route key, Optional<Path> path);

  /** The keys of the routes that it has taken in, and perhaps of some that say nothing to it. */
  Collection<Route> held();

  /** The routes that carry one of these may enter (RFC 4364 §4.3.1). */
  List<ImportTarget> importTargets();

  /** This node's own VTEPs, among others. */
  Underlay underlay();

  /**
   * True when the route may enter: by its targets, its encapsulation (RFC 8365 §5.1.3), its VTEP.
   */
  default boolean imports(Path path) {
    var communities = path.attributes().extendedCommunities();
    if (!takes(path) || !isOwnFamily(path.attributes().nextHop())) {
      return false;
    }
    boolean other = false;
    for (var community : communities) {
      if (community.equals(ExtendedCommunity.ENCAPSULATION_VXLAN)) {
        return true;
      }
      other |= community.isEncapsulation();
    }
    return !other;
  }

  /** True when its targets let the route in. */
  default boolean takes(Path path) {
    return carriesOneOf(importTargets(), path);
  }

  /** Asked for every route: without a list of what it carries. */
  static boolean carriesOneOf(List<ImportTarget> targets, Path path) {
    for (var community : path.attributes().extendedCommunities()) {
      if (community.isRouteTarget()) {
        var carried = community.routeTarget();
        for (var target : targets) {
          if (target.matches(carried)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  /** Another node, and of a family of our own tunnels: the kernel refuses a mixture. */
  default boolean isReachable(IpAddress other) {
    return !underlay().isOurs(other) && isOwnFamily(other);
  }

  private boolean isOwnFamily(IpAddress other) {
    return underlay().towards(other).isPresent() && !other.isMulticast();
  }
}
