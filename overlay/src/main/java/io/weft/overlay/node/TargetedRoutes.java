package io.weft.overlay.node;

import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.AnyAsTarget;
import io.weft.net.ImportTarget;
import io.weft.net.RouteTarget;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
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
  private final Function<V, PathAttributes> attributes;
  private final Map<Route, V> known = new LinkedHashMap<>();

  /** Those that carry the same targets, in the same order. */
  private static final class Group {
    final LinkedHashSet<Route> routes = new LinkedHashSet<>();
  }

  private final HashMap<List<RouteTarget>, Group> groups = new HashMap<>(); // only asked
  private final TreeMap<ImportTarget, List<Group>> byTarget = new TreeMap<>();

  /** {@code attributes} tells those that a route carries. */
  TargetedRoutes(Function<V, PathAttributes> attributes) {
    this.attributes = attributes;
  }

  Optional<V> find(Route key) {
    return Optional.ofNullable(known.get(key));
  }

  /** All of them, in the order in which they came. */
  void forEach(BiConsumer<Route, V> taker) {
    known.forEach(taker);
  }

  /** Adds or replaces; empty: removes. Gives what was known before. */
  Optional<V> put(Route key, Optional<V> value) {
    var before =
        Optional.ofNullable(value.isPresent() ? known.put(key, value.get()) : known.remove(key));
    var then = before.map(this::targets);
    var now = value.map(this::targets);
    if (!then.equals(now)) {
      then.ifPresent(targets -> removeFrom(targets, key));
      now.ifPresent(targets -> group(targets).routes.add(key));
    }
    return before;
  }

  private List<RouteTarget> targets(V value) {
    return attributes.apply(value).routeTargets();
  }

  private Group group(List<RouteTarget> targets) {
    var known = groups.get(targets);
    if (known != null) {
      return known;
    }
    var group = new Group();
    groups.put(targets, group);
    for (var target : new LinkedHashSet<>(targets)) {
      byTarget.computeIfAbsent(target, _ -> new ArrayList<>()).add(group);
    }
    return group;
  }

  private void removeFrom(List<RouteTarget> targets, Route key) {
    var group = group(targets);
    group.routes.remove(key);
    if (group.routes.isEmpty()) {
      groups.remove(targets);
      for (var target : new LinkedHashSet<>(targets)) {
        byTarget.computeIfPresent(
            target,
            (_, with) -> {
              with.remove(group);
              return with.isEmpty() ? null : with;
            });
      }
    }
  }

  /** What a route carries, each once; nothing where there is none. */
  Set<RouteTarget> targets(Optional<V> value) {
    return new LinkedHashSet<>(value.map(this::targets).orElse(List.of()));
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

  private static void addTo(Set<Route> found, List<Group> groups) {
    groups.forEach(group -> found.addAll(group.routes));
  }
}
