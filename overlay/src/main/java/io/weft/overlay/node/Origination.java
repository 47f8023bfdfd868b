package io.weft.overlay.node;

import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.wire.Route;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What this node has said of itself; turns what it wants to say into what is new. */
final class Origination {
  private final Map<Route, OriginatedRoute> said = new LinkedHashMap<>();

  /** The keys of all that counts as said. */
  Collection<Route> said() {
    return Collections.unmodifiableCollection(said.keySet());
  }

  /** What was said under the key, and counts. */
  Optional<OriginatedRoute> said(Route key) {
    return Optional.ofNullable(said.get(key));
  }

  /** The events that lead from what was said to {@code wanted}; afterwards that counts as said. */
  List<SpeakerEvent> say(List<OriginatedRoute> wanted) {
    var next = new LinkedHashMap<Route, OriginatedRoute>();
    for (var route : wanted) {
      next.put(route.route().key(), route);
    }
    var gone = said.keySet().stream().filter(key -> !next.containsKey(key)).toList();
    var changed =
        next.entrySet().stream()
            .filter(entry -> !entry.getValue().equals(said.get(entry.getKey())))
            .map(Map.Entry::getValue)
            .toList();
    said.clear();
    said.putAll(next);
    var events = new ArrayList<SpeakerEvent>();
    if (!gone.isEmpty()) {
      events.add(new SpeakerEvent.OriginatedRoutesRemoved(gone));
    }
    if (!changed.isEmpty()) {
      events.add(new SpeakerEvent.RoutesOriginated(changed));
    }
    return events;
  }
}
