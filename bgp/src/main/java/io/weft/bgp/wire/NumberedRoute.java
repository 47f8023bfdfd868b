package io.weft.bgp.wire;

/** A route with its path identifier (RFC 7911 §3); 0 where none was agreed on. */
record NumberedRoute(Route route, long pathId) {
  NumberedRoute key() {
    return new NumberedRoute(route.key(), pathId);
  }
}
