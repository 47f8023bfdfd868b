package io.weft.overlay.evpn;

import io.weft.bgp.wire.Route;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What routes say of one MAC, address or prefix, by their keys, in the order in which they came.
 * Nearly always it is one route: its table takes an eighth of the room of one that can grow.
 */
final class FewRoutes {
  private FewRoutes() {}

  /** The table with the route added or replaced; the one that was given may have changed. */
  static <V> Map<Route, V> with(Map<Route, V> routes, Route key, V said) {
    if (routes.isEmpty() || routes.size() == 1 && routes.containsKey(key)) {
      return Collections.singletonMap(key, said);
    }
    var more = routes.size() == 1 ? new LinkedHashMap<>(routes) : routes;
    more.put(key, said);
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
    return routes.size() == 1
        ? Collections.singletonMap(
            routes.keySet().iterator().next(), routes.values().iterator().next())
        : routes;
  }
}
