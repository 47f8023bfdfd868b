package io.weft.agent.json;

import io.weft.bgp.speaker.SpeakerView.RouteView;
import java.util.List;
import java.util.OptionalInt;

/**
 * What was found of the routes that somebody wants.
 *
 * @param matching paths that were found, those beyond the limit included
 * @param next where to go on, in a page that does not reach the end of the table
 */
public record RoutePage(List<RouteView> routes, long matching, OptionalInt next) {
  public RoutePage {
    routes = List.copyOf(routes);
  }
}
