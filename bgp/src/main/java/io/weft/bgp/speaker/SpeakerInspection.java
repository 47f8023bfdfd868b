package io.weft.bgp.speaker;

import io.weft.bgp.rib.RibSize;
import io.weft.bgp.wire.Route;
import java.util.List;
import java.util.function.Predicate;

/** What can be asked of a speaker while it works, on its thread; nothing here takes long. */
public interface SpeakerInspection {
  /** How it stands with its peers. */
  SpeakerStatus status();

  /** How much its table holds. */
  RibSize table();

  /**
   * Begins to look for paths; nothing is looked at yet.
   *
   * @param from 0, or where an earlier walk ended ({@link RouteWalk#next})
   */
  RouteWalk walk(RouteSelection wanted, int from);

  /** What became of a route, and why; without paths when nothing is known of it. */
  Explanation explain(Route route);

  /**
   * Keys of what peers said and of which nothing is held; as many at most as {@link
   * io.weft.bgp.speaker.SpeakerView.PeerView#refused} counts are looked at.
   */
  List<Route> refused(Predicate<Route> meant);
}
