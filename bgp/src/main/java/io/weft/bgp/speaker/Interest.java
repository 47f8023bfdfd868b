package io.weft.bgp.speaker;

import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.RouteTargetMembership;
import io.weft.net.RouteTarget;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which EVPN routes a peer wants, by the memberships that it announced (RFC 4684 §3.2), and which
 * it wanted before this step. A target that several origins want counts until the last has
 * withdrawn it.
 */
final class Interest {
  /** Memberships of one peer at most; what comes above them is not remembered. */
  static final int MAX_MEMBERSHIPS = 65_536;

  private final TreeMap<RouteTarget, Integer> targets = new TreeMap<>();
  private final TreeSet<Membership> memberships = new TreeSet<>();
  private boolean everything;

  /** Where it is known who wants what, and this peer's place there. */
  private Optional<Roster> roster = Optional.empty();

  private int place;

  // How that stood before this step of which something has changed.
  private final TreeMap<RouteTarget, Boolean> formerTargets = new TreeMap<>();
  private final TreeMap<Membership, Boolean> formerMemberships = new TreeMap<>();
  private Optional<Boolean> formerEverything = Optional.empty();

  private record Membership(long origin, RouteTarget target) implements Comparable<Membership> {
    @Override
    public int compareTo(Membership other) {
      int order = Long.compare(origin, other.origin);
      return order != 0 ? order : target.compareTo(other.target);
    }
  }

  /** From now on the roster is told; nothing is wanted yet. */
  void tell(Roster whom, int ofPlace) {
    roster = Optional.of(whom);
    place = ofPlace;
  }

  /** The roster forgets what was wanted. */
  void leave() {
    roster.ifPresent(r -> targets.keySet().forEach(target -> r.wants(place, target, false)));
    roster = Optional.empty();
  }

  /** False when the limit is reached and the membership was left out. */
  boolean add(RouteTargetMembership membership) {
    if (membership.target().isEmpty()) {
      wantEverything(true);
      return true;
    }
    var key = key(membership);
    if (memberships.size() >= MAX_MEMBERSHIPS && !memberships.contains(key)) {
      return false;
    }
    if (memberships.add(key)) {
      remember(key, false);
      targets.merge(key.target, 1, Integer::sum);
      roster.ifPresent(r -> r.wants(place, key.target, true));
    }
    return true;
  }

  void remove(RouteTargetMembership membership) {
    if (membership.target().isEmpty()) {
      wantEverything(false);
      return;
    }
    var key = key(membership);
    if (memberships.remove(key)) {
      remember(key, true);
      targets.computeIfPresent(key.target, (_, origins) -> origins == 1 ? null : origins - 1);
      if (!targets.containsKey(key.target)) {
        roster.ifPresent(r -> r.wants(place, key.target, false));
      }
    }
  }

  private void wantEverything(boolean next) {
    if (formerEverything.isEmpty() && everything != next) {
      formerEverything = Optional.of(everything);
    }
    everything = next;
    roster.ifPresent(r -> r.wantsAll(place, next));
  }

  private void remember(Membership key, boolean held) {
    formerMemberships.putIfAbsent(key, held);
    formerTargets.putIfAbsent(key.target, targets.containsKey(key.target));
  }

  /**
   * True when something left in this step that this would bring again, all or in part: the peer has
   * dropped then what it wants once more.
   */
  boolean isRejoinedBy(RouteTargetMembership membership) {
    boolean leftAll = formerEverything.orElse(false) && !everything;
    if (membership.target().isEmpty()) {
      return leftAll || !everything && formerMemberships.entrySet().stream().anyMatch(this::isLeft);
    }
    var key = key(membership);
    return leftAll || formerMemberships.getOrDefault(key, false) && !memberships.contains(key);
  }

  private boolean isLeft(Map.Entry<Membership, Boolean> before) {
    return before.getValue() && !memberships.contains(before.getKey());
  }

  /** True when something changed in this step. */
  boolean hasChanged() {
    return formerEverything.isPresent() || !formerMemberships.isEmpty();
  }

  /**
   * The targets of the routes that it may hear of since this step, or no more; empty: of any route.
   */
  Optional<Set<RouteTarget>> changedTargets() {
    return formerEverything.isPresent()
        ? Optional.empty()
        : Optional.of(Collections.unmodifiableSet(formerTargets.keySet()));
  }

  /** The targets of the routes that it hears of; empty: it hears of all. */
  Optional<Set<RouteTarget>> targets() {
    return everything
        ? Optional.empty()
        : Optional.of(Collections.unmodifiableSet(targets.keySet()));
  }

  /** The step is over: what was before it no longer matters. */
  void settle() {
    formerEverything = Optional.empty();
    formerMemberships.clear();
    formerTargets.clear();
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

  /** True for the attributes of a route that it was to hear of before this step. */
  boolean wanted(PathAttributes attributes) {
    if (formerEverything.orElse(everything)) {
      return true;
    }
    for (var community : attributes.extendedCommunities()) {
      if (community.isRouteTarget()) {
        var target = community.routeTarget();
        if (formerTargets.getOrDefault(target, targets.containsKey(target))) {
          return true;
        }
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
