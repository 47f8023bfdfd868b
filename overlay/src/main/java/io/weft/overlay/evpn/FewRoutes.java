package io.weft.overlay.evpn;

import io.weft.bgp.wire.Route;
import java.util.AbstractMap;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What routes say of one MAC, address or prefix, by their keys, in the order in which they came.
 * Nearly always it is one route: its table takes a tenth of the room of one that can grow.
 */
final class FewRoutes {
  private FewRoutes() {}

  /** The table of one route, which never changes. */
  static <V> Map<Route, V> one(Route key, V said) {
    return new OneRoute<>(key, said);
  }

  /** The table with the route added or replaced; the one that was given may have changed. */
  static <V> Map<Route, V> with(Map<Route, V> routes, Route key, V said) {
    return with(routes, one(key, said));
  }

  /** The same with the table of {@link #one} route, which may be in several. */
  static <V> Map<Route, V> with(Map<Route, V> routes, Map<Route, V> one) {
    if (routes.isEmpty() || routes.size() == 1 && one.keySet().equals(routes.keySet())) {
      return one;
    }
    var more = routes.size() == 1 ? new LinkedHashMap<>(routes) : routes;
    more.putAll(one);
    return more;
  }

  /** The table without the route; the one that was given may have changed. */
  static <V> Map<Route, V> without(Map<Route, V> routes, Route key) {
    if (!routes.containsKey(key)) {
      return routes;
    }
    if (routes.size() == 1) {
      return Collections.emptyMap();
    }
    routes.remove(key);
    return routes.size() == 1 ? one(routes) : routes;
  }

  private static <V> Map<Route, V> one(Map<Route, V> routes) {
    var left = routes.entrySet().iterator().next();
    return one(left.getKey(), left.getValue());
  }

  /** Without the views that the platform's own keeps once they were asked for. */
  private static final class OneRoute<V> extends AbstractMap<Route, V> {
    private final Route key;
    private final V said;

    OneRoute(Route key, V said) {
      this.key = key;
      this.said = said;
    }

    @Override
    public int size() {
      return 1;
    }

    @Override
    public boolean containsKey(Object other) {
      return key.equals(other);
    }

    @Override
    public @Nullable V get(Object other) {
      return key.equals(other) ? said : null;
    }

    @Override
    public Collection<V> values() {
      return Collections.singletonList(said);
    }

    @Override
    public Set<Route> keySet() {
      return Collections.singleton(key);
    }

    @Override
    public Set<Map.Entry<Route, V>> entrySet() {
      return Collections.singleton(Map.entry(key, said));
    }
  }
}
