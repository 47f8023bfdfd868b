package io.weft.bgp.rib;

import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.Ipv4Address;
import org.jspecify.annotations.Nullable;

/**
 * One path to a route, in one table of routes received and in one entry of the Loc-RIB. Only
 * staleness changes; another announcement makes another candidate.
 */
public final class Candidate {
  private final RibEntry entry;
  private final RoutesIn owner;
  private final Route route;
  private final SharedAttributes shared;
  private final Source source;
  private boolean stale;

  // Links of the owner's list: cheaper than another table of a million keys.
  @Nullable Candidate before;
  @Nullable Candidate behind;

  Candidate(RibEntry entry, RoutesIn owner, Route route, SharedAttributes shared) {
    this.entry = entry;
    this.owner = owner;
    this.route = route;
    this.shared = shared;
    this.source = owner.source();
  }

  /** As announced, labels included. */
  public Route route() {
    return route;
  }

  public PathAttributes attributes() {
    return shared.value();
  }

  public Source source() {
    return source;
  }

  /** Kept while its peer restarts (RFC 4724 §4.2). */
  public boolean isStale() {
    return stale;
  }

  /** ORIGINATOR_ID, or the peer itself where the route was not reflected (RFC 4456 §9). */
  public Ipv4Address originator() {
    return attributes().originatorId().orElse(source.routerId());
  }

  /** True when nobody who looks at the best path could tell them apart. */
  public boolean says(Candidate other) {
    return this == other
        || source.equals(other.source)
            && route.equals(other.route)
            && (shared == other.shared || attributes().equals(other.attributes()));
  }

  RibEntry entry() {
    return entry;
  }

  RoutesIn owner() {
    return owner;
  }

  SharedAttributes shared() {
    return shared;
  }

  void setStale(boolean stale) {
    this.stale = stale;
  }
}
