package io.weft.overlay.node;

import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.wire.Route;
import io.weft.net.ImportTarget;
import io.weft.net.RouteTarget;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What this node has said of itself; turns what it wants to say into what is new. */
final class Origination {
  private final TargetedRoutes<OriginatedRoute> said =
      new TargetedRoutes<>(one -> one.route().key(), OriginatedRoute::attributes);

  /** Who said what, each list as it was given. */
  private Map<Object, List<OriginatedRoute>> bySpeaker = new LinkedHashMap<>();

  /** One of both at least: what was said under a key, and what is said now. */
  record Change(Route key, Optional<OriginatedRoute> before, Optional<OriginatedRoute> after) {}

  /** The keys of what counts as said and carries one of these targets. */
  Set<Route> said(Collection<ImportTarget> targets) {
    return said.matching(targets);
  }

  /** All that counts as said. */
  List<OriginatedRoute> said() {
    return bySpeaker.values().stream().flatMap(List::stream).toList();
  }

  /** What was said under the key, and counts. */
  Optional<OriginatedRoute> said(Route key) {
    return said.find(key);
  }

  /** What the route carried or carries. */
  List<RouteTarget> targets(Change change) {
    return said.targets(change.before(), change.after());
  }

  /**
   * What leads from what was said to {@code wanted}, which counts as said afterwards; ends come
   * first. It takes no time for a list that is the very one of before.
   *
   * @param wanted by who says it; no two say a route with the same key
   */
  List<Change> say(Map<Object, List<OriginatedRoute>> wanted) {
    var gone = new LinkedHashMap<Route, OriginatedRoute>();
    bySpeaker.forEach(
        (speaker, routes) -> {
          if (!routes.equals(wanted.get(speaker))) {
            routes.forEach(route -> gone.put(route.route().key(), route));
          }
        });
    var fresh = new LinkedHashMap<Route, OriginatedRoute>();
    wanted.forEach(
        (speaker, routes) -> {
          if (!routes.equals(bySpeaker.get(speaker))) {
            routes.forEach(route -> fresh.put(route.route().key(), route));
          }
        });
    bySpeaker = wanted;
    gone.keySet().removeAll(fresh.keySet());
    var changes = new ArrayList<Change>();
    for (var key : gone.keySet()) {
      changes.add(new Change(key, said.put(key, Optional.empty()), Optional.empty()));
    }
    fresh.forEach(
        (key, route) -> {
          var before = said.put(key, Optional.of(route));
          if (!before.equals(Optional.of(route))) {
            changes.add(new Change(key, before, Optional.of(route)));
          }
        });
    return changes;
  }
}
