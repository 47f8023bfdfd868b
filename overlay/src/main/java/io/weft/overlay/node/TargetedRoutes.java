package io.weft.overlay.node;

import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.AnyAsTarget;
import io.weft.net.ImportTarget;
import io.weft.net.KeyTable;
import io.weft.net.RouteTarget;
import io.weft.net.RouteTargets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Routes with what is known of each, found by their keys or by the route targets that they carry:
 * who imports some need not look through all.
 */
final class TargetedRoutes<V> {
  /** So many that have gone are listed in any case. */
  private static final int SLACK = 16;

  private final Function<V, PathAttributes> attributes;
  private final KeyTable<Route, V> known;

  /**
   * Those that carry the same targets, in the same order. One that went is still listed until half
   * of them have gone: a list takes a tenth of the room of a set.
   */
  private static final class Group {
    final List<RouteTarget> targets;
    final ArrayList<Route> listed = new ArrayList<>();
    int size;

    Group(List<RouteTarget> targets) {
      this.targets = targets;
    }
  }

  private final LinkedHashMap<RouteTargets, Group> groups = new LinkedHashMap<>();
  private final TreeMap<ImportTarget, List<Group>> byTarget = new TreeMap<>();

  /** {@code key} and {@code attributes} tell those of what is known of a route. */
  TargetedRoutes(Function<V, Route> key, Function<V, PathAttributes> attributes) {
    this.known = new KeyTable<>(key);
    this.attributes = attributes;
  }

  Optional<V> find(Route key) {
    return Optional.ofNullable(known.get(key));
  }

  /** All of them, by what they carry. */
  void forEach(BiConsumer<Route, V> taker) {
    for (var group : groups.values()) {
      routes(group).forEach(key -> find(key).ifPresent(value -> taker.accept(key, value)));
    }
  }

  /** Adds or replaces; empty: removes. Gives what was known before. */
  Optional<V> put(Route key, Optional<V> value) {
    var before =
        Optional.ofNullable(value.isPresent() ? known.put(value.get()) : known.remove(key));
    var then = before.map(this::targets);
    var now = value.map(this::targets);
    if (!then.equals(now)) {
      then.ifPresent(this::removeFrom);
      now.ifPresent(targets -> add(group(targets), key));
    }
    return before;
  }

  private List<RouteTarget> targets(V value) {
    return attributes.apply(value).routeTargets();
  }

  private Group group(List<RouteTarget> targets) {
    var key = new RouteTargets(targets);
    var known = groups.get(key);
    if (known != null) {
      return known;
    }
    var group = new Group(targets);
    groups.put(key, group);
    for (var target : new LinkedHashSet<>(targets)) {
      byTarget.computeIfAbsent(target, _ -> new ArrayList<>()).add(group);
    }
    return group;
  }

  private static void add(Group group, Route key) {
    group.listed.add(key);
    group.size++;
  }

  /** One has gone, or carries others now. */
  private void removeFrom(List<RouteTarget> targets) {
    var group = group(targets);
    group.size--;
    if (group.size == 0) {
      groups.remove(new RouteTargets(targets));
      for (var target : new LinkedHashSet<>(targets)) {
        byTarget.computeIfPresent(
            target,
            (_, with) -> {
              with.remove(group);
              return with.isEmpty() ? null : with;
            });
      }
    } else if (group.listed.size() > 2 * group.size + SLACK) {
      var left = routes(group);
      group.listed.clear();
      group.listed.addAll(left);
      group.listed.trimToSize();
    }
  }

  /** Those that are in the group now, each once. */
  private Set<Route> routes(Group group) {
    var routes = new LinkedHashSet<Route>();
    for (var key : group.listed) {
      var value = known.get(key);
      if (value != null && targets(value).equals(group.targets)) {
        routes.add(key);
      }
    }
    return routes;
  }

  /** What a route carried or carries; nothing where there is none. */
  List<RouteTarget> targets(Optional<V> before, Optional<V> after) {
    var then = before.isPresent() ? targets(before.get()) : List.<RouteTarget>of();
    var now = after.isPresent() ? targets(after.get()) : List.<RouteTarget>of();
    if (then.isEmpty() || then.equals(now)) {
      return now;
    }
    var both = new LinkedHashSet<>(now);
    both.addAll(then);
    return List.copyOf(both);
  }

  /** The keys of the routes that carry one of the targets, each once. */
  Set<Route> matching(Collection<ImportTarget> targets) {
    var found = new LinkedHashSet<Route>();
    for (var target : targets) {
      switch (target) {
        case RouteTarget exact -> addTo(found, byTarget.getOrDefault(exact, List.of()));
        case AnyAsTarget any ->
            byTarget.forEach(
                (carried, groups) -> {
                  if (carried instanceof RouteTarget exact && any.matches(exact)) {
                    addTo(found, groups);
                  }
                });
      }
    }
    return found;
  }

  private void addTo(Set<Route> found, List<Group> groups) {
    groups.forEach(group -> found.addAll(routes(group)));
  }
}
