package io.weft.bgp.speaker;

import io.weft.bgp.rib.Candidate;
import io.weft.bgp.rib.Rib;
import io.weft.bgp.rib.RibEntry;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.PathAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Goes through the table in pieces, so that nobody has to wait until a long look is over. The table
 * may change between two pieces: each entry is told as it stands when it is looked at. One that
 * stood all the time is told once; one that came or went meanwhile, once or not at all.
 */
public final class RouteWalk {
  private final Rib rib;
  private final RouteSelection wanted;
  private int next;
  private Optional<PathAttributes> last = Optional.empty();
  private boolean lastFits;

  RouteWalk(Rib rib, RouteSelection wanted, int from) {
    this.rib = rib;
    this.wanted = wanted;
    this.next = from;
  }

  /**
   * Looks at so many more entries.
   *
   * @param found takes, for each entry with some, the paths that are wanted
   * @return false when there are no more
   */
  public boolean go(int entries, Consumer<List<RouteView>> found) {
    int end = (int) Math.min(rib.entryLimit(), (long) next + entries);
    for (; next < end; next++) {
      var entry = rib.entry(next, wanted.keys());
      if (entry.isPresent()) {
        var paths = wanted(entry.get());
        if (!paths.isEmpty()) {
          found.accept(paths);
        }
      }
    }
    return next < rib.entryLimit();
  }

  /** Where another walk would go on: 0 or more. */
  public int next() {
    return next;
  }

  private List<RouteView> wanted(RibEntry entry) {
    var paths = new ArrayList<RouteView>(1);
    for (var path : entry.candidates()) {
      if (isWanted(entry, path)) {
        var view = Explaining.view(entry, path);
        if (wanted.also().test(view)) {
          paths.add(view);
        }
      }
    }
    return paths;
  }

  private boolean isWanted(RibEntry entry, Candidate path) {
    return (!wanted.local() || path.source().isLocal())
        && (wanted.peer().isEmpty() || Explaining.peer(path).equals(wanted.peer()))
        && (!wanted.best() || entry.best().equals(Optional.of(path)))
        && (wanted.target().isEmpty() || hasTarget(path.attributes()));
  }

  @SuppressWarnings("ReferenceEquality") // a shortcut only, for runs of routes
  private boolean hasTarget(PathAttributes attributes) {
    if (last.isEmpty() || last.get() != attributes) {
      last = Optional.of(attributes);
      lastFits = attributes.routeTargets().contains(wanted.target().orElseThrow());
    }
    return lastFits;
  }
}
