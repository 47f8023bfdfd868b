package io.weft.bgp.speaker;

import io.weft.bgp.rib.Reason;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.RouteBlock;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What a peer said that was not imported, and why: route key and reason only, about 200 octets
 * each. At {@link #MAX} the oldest is forgotten and counted.
 */
final class Refusals {
  /** Refused routes of one peer that are remembered; about 13 MB. */
  static final int MAX = 65_536;

  private final LinkedHashMap<Route, Reason> reasons = new LinkedHashMap<>();
  private long forgotten;

  void add(Route route, Reason reason) {
    var key = route.key();
    reasons.remove(key);
    reasons.put(key, reason);
    if (reasons.size() > MAX) {
      reasons.pollFirstEntry();
      forgotten++;
    }
  }

  /** The route was withdrawn or is imported now. */
  void remove(Route route) {
    if (!reasons.isEmpty()) {
      reasons.remove(route.key());
    }
  }

  /** The same of routes that are made only where there is something to remove. */
  void removeAll(RouteBlock routes) {
    for (int i = 0; i < routes.size() && !reasons.isEmpty(); i++) {
      reasons.remove(routes.get(i).key());
    }
  }

  void clear() {
    reasons.clear();
    forgotten = 0;
  }

  /** True when a policy refused something, or something that is forgotten. */
  boolean byPolicy() {
    return forgotten > 0
        || reasons.values().stream().anyMatch(reason -> reason instanceof Reason.ByPolicy);
  }

  Optional<Reason> of(Route key) {
    return Optional.ofNullable(reasons.get(key));
  }

  /** Keys of what was refused, oldest first. */
  Stream<Route> keys(Predicate<Route> meant) {
    return reasons.keySet().stream().filter(meant);
  }

  /** All that are remembered, oldest first. */
  Map<Route, Reason> all() {
    return Collections.unmodifiableMap(new LinkedHashMap<>(reasons));
  }

  int size() {
    return reasons.size();
  }

  /** Refusals that are no longer remembered. */
  long forgotten() {
    return forgotten;
  }
}
