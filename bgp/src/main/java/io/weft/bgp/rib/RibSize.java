package io.weft.bgp.rib;

import io.weft.bgp.wire.Family;
import java.util.List;

/**
 * How much a table holds, as cheap to tell with a million routes as without.
 *
 * @param routes by family and type, those of which there are any, in the order of their codes
 * @param attributeSets distinct sets of path attributes in use
 */
public record RibSize(List<Count> routes, int attributeSets) {
  public RibSize {
    routes = List.copyOf(routes);
  }

  /**
   * Routes of a kind, each once, however many peers say it.
   *
   * @param type EVPN route type (RFC 7432 §7); -1 of unicast
   */
  public record Count(Family family, int type, int routes) {}
}
