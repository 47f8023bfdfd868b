package io.weft.bgp.speaker;

import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.RouteTargetMembership;
import io.weft.net.RouteTarget;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which EVPN routes a peer wants, by the memberships that it announced (RFC 4684 §3.2). A target
 * that several origins want counts until the last has withdrawn it.
 */
final class Interest {
  /** Memberships of one peer at most; what comes above them is not remembered. */
  static final int MAX_MEMBERSHIPS = 65_536;

  private final TreeMap<RouteTarget, Integer> targets = new TreeMap<>();
  private final TreeSet<Membership> memberships = new TreeSet<>();
  private boolean everything;

  private record Membership(long origin, RouteTarget target) implements Comparable<Membership> {
    @Override
    public int compareTo(Membership other) {
      int order = Long.compare(origin, other.origin);
      return order != 0 ? order : target.compareTo(other.target);
    }
  }

  /** False when the limit is reached and the membership was left out. */
  boolean add(RouteTargetMembership membership) {
    if (membership.target().isEmpty()) {
      everything = true;
      return true;
    }
    var key = key(membership);
    if (memberships.size() >= MAX_MEMBERSHIPS && !memberships.contains(key)) {
      return false;
    }
    if (memberships.add(key)) {
      targets.merge(key.target, 1, Integer::sum);
    }
    return true;
  }

  void remove(RouteTargetMembership membership) {
    if (membership.target().isEmpty()) {
      everything = false;
    } else if (memberships.remove(key(membership))) {
      targets.computeIfPresent(
          key(membership).target, (_, origins) -> origins == 1 ? null : origins - 1);
    }
  }

  /** True when just this membership stands. */
  boolean holds(RouteTargetMembership membership) {
    return membership.target().isEmpty() ? everything : memberships.contains(key(membership));
  }

  /** The same as it stands now, for comparing with what it becomes. */
  Interest copy() {
    var copy = new Interest();
    copy.targets.putAll(targets);
    copy.memberships.addAll(memberships);
    copy.everything = everything;
    return copy;
  }

  /** True for the attributes of a route that the peer is to hear of. */
  boolean wants(PathAttributes attributes) {
    if (everything) {
      return true;
    }
    for (var community : attributes.extendedCommunities()) {
      if (community.isRouteTarget() && targets.containsKey(community.routeTarget())) {
        return true;
      }
    }
    return false;
  }

  int size() {
    return memberships.size() + (everything ? 1 : 0);
  }

  private static Membership key(RouteTargetMembership membership) {
    return new Membership(
        membership.origin().orElseThrow().value(), membership.target().orElseThrow());
  }
}
