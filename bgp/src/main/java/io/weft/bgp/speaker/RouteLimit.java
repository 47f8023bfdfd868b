package io.weft.bgp.speaker;

import io.weft.bgp.speaker.SessionOptions.MaximumPrefixes;

/** How near a peer is to its limit of routes, in the order of urgency. */
enum RouteLimit {
  BELOW,
  /** At the share of the limit that is worth a warning. */
  NEAR,
  ABOVE;

  static RouteLimit of(MaximumPrefixes maximum, int routes) {
    if (routes > maximum.limit()) {
      return ABOVE;
    }
    return routes * 100L >= (long) maximum.limit() * maximum.warnPercent() ? NEAR : BELOW;
  }
}
