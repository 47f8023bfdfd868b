package io.weft.overlay.node;

import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.AnyAsTarget;
import io.weft.net.ImportTarget;
import io.weft.net.RouteTarget;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Routes with what is known of each, found by their keys or by the route targets that they carry:
 * who imports some need not look through all.
 */
final class TargetedRoutes<V> {
  private static final LinkedHashSet<Route> NONE = new LinkedHashSet<>();

  private final Function<V, PathAttributes> attributes;
  private final Map<Route, V> known = new LinkedHashMap<>();
  private final TreeMap<ImportTarget, LinkedHashSet<Route>> byTarget = new TreeMap<>();

  /** {@code attributes} tells those that a route carries. */
  TargetedRoutes(Function<V, PathAttributes> attributes) {
    this.attributes = attributes;
  }

  Optional<V> find(Route key) {
    return Optional.ofNullable(known.get(key));
  }

  /** Adds or replaces; empty: removes. Gives what was known before. */
  Optional<V> put(Route key, Optional<V> value) {
    var before =
        Optional.ofNullable(value.isPresent() ? known.put(key, value.get()) : known.remove(key));
    var then = targets(before);
    var now = targets(value);
    if (!then.equals(now)) {
      then.forEach(target -> removeFrom(target, key));
      now.forEach(target -> byTarget.computeIfAbsent(target, _ -> new LinkedHashSet<>()).add(key));
    }
    return before;
  }

  private void removeFrom(RouteTarget target, Route key) {
    var routes = byTarget.get(target);
    if (routes != null && routes.remove(key) && routes.isEmpty()) {
      byTarget.remove(target);
    }
  }

  /** What a route carries, each once; nothing where there is none. */
  Set<RouteTarget> targets(Optional<V> value) {
    return new LinkedHashSet<>(
        value.map(attributes).map(PathAttributes::routeTargets).orElse(List.of()));
  }

  /** The keys of the routes that carry one of the targets, each once. */
  Set<Route> matching(Collection<ImportTarget> targets) {
    var found = new LinkedHashSet<Route>();
    for (var target : targets) {
      switch (target) {
        case RouteTarget exact -> found.addAll(byTarget.getOrDefault(exact, NONE));
        case AnyAsTarget any ->
            byTarget.forEach(
                (carried, routes) -> {
                  if (carried instanceof RouteTarget exact && any.matches(exact)) {
                    found.addAll(routes);
                  }
                });
      }
    }
    return found;
  }
}
