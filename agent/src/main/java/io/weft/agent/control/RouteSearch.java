package io.weft.agent.control;

import io.weft.agent.json.RouteFilter;
import io.weft.agent.json.RoutePage;
import io.weft.bgp.speaker.RouteWalk;
import io.weft.bgp.speaker.SpeakerInspection;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Looks for the routes of one {@code routes} call, in slices on the brain's thread. */
final class RouteSearch {
  /** Entries that are looked at between two looks at the clock: some tens of microseconds. */
  private static final int AT_ONCE = 64;

  private final RouteFilter filter;
  private final List<RouteView> found = new ArrayList<>();
  private Optional<RouteWalk> begun = Optional.empty();
  private long matching;

  RouteSearch(RouteFilter filter) {
    this.filter = filter;
  }

  /** One slice; the page once it is complete. */
  Optional<RoutePage> go(SpeakerInspection speaker) {
    if (begun.isEmpty()) {
      begun = Optional.of(speaker.walk(filter.selection(), filter.from().orElse(0)));
    }
    var walk = begun.get();
    boolean more = true;
    for (var slice = new Slice(); more && !isFull() && !slice.isOver(); ) {
      more = walk.go(AT_ONCE, this::take);
    }
    if (more && !isFull()) {
      return Optional.empty();
    }
    var next = more ? OptionalInt.of(walk.next()) : OptionalInt.empty();
    return Optional.of(new RoutePage(found, matching, next));
  }

  /** A page ends with the entries that fill it; otherwise the rest is still to be counted. */
  private boolean isFull() {
    return filter.from().isPresent() && found.size() >= filter.limit();
  }

  private void take(List<RouteView> paths) {
    matching += paths.size();
    for (var path : paths) {
      if (filter.from().isPresent() || found.size() < filter.limit()) {
        found.add(path);
      }
    }
  }
}
