package io.weft.bgp.speaker;

import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;

/**
 * One way to a route: what a peer said.
 *
 * @param key of the route: tables are keyed by it
 * @param route as announced, labels included
 * @param peer from whom
 * @param peerRouterId the peer's BGP identifier
 * @param stale kept while the peer restarts (RFC 4724 §4.2)
 */
public record Path(
    Route key,
    Route route,
    PathAttributes attributes,
    IpAddress peer,
    Ipv4Address peerRouterId,
    boolean stale) {
  public Path {
    assert key.equals(route.key()) : key + " is not the key of " + route;
  }

  public Path(
      Route route,
      PathAttributes attributes,
      IpAddress peer,
      Ipv4Address peerRouterId,
      boolean stale) {
    this(route.key(), route, attributes, peer, peerRouterId, stale);
  }

  /** Of the route and who said it: what they say of it is nearly always the same. */
  @Override
  public int hashCode() {
    return 31 * key.hashCode() + peer.hashCode();
  }
}
