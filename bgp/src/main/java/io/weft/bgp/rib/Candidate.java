package io.weft.bgp.rib;

import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.Ipv4Address;
import org.jspecify.annotations.Nullable;

/**
 * One path to a route, in one table of routes received and in one entry of the Loc-RIB. Only its
 * standing changes; another announcement makes another candidate.
 */
public final class Candidate {
  /** Whether the peer still stands by what it said. */
  enum Standing {
    CURRENT,
    /** To be said again in the answer to a refresh that has begun (RFC 7313 §4). */
    AWAITED,
    /** Kept while its peer restarts (RFC 4724 §4.2, RFC 9494 §4.2). */
    STALE
  }

  private final RibEntry entry;
  private final RoutesIn owner;
  private final Route route;
  private final PathIds ids;
  private final SharedAttributes received;
  private final SharedAttributes shared;
  private final Source source;
  private Standing standing = Standing.CURRENT;

  // Links of the owner's list: cheaper than another table of a million keys.
  @Nullable Candidate before;
  @Nullable Candidate behind;

  /**
   * Identifiers of a path among others to the same route (RFC 7911 §3).
   *
   * @param theirs by which the peer speaks of it, 0 where it says one path only
   * @param ours by which we speak of it, from 1, kept while the peer replaces it
   */
  record PathIds(long theirs, int ours) {
    private static final PathIds FIRST = new PathIds(0, 1);

    static PathIds of(long theirs, int ours) {
      return theirs == 0 && ours == 1 ? FIRST : new PathIds(theirs, ours);
    }
  }

  Candidate(
      RibEntry entry,
      RoutesIn owner,
      Route route,
      PathIds ids,
      SharedAttributes received,
      SharedAttributes shared) {
    this.entry = entry;
    this.owner = owner;
    this.route = route;
    this.ids = ids;
    this.received = received;
    this.shared = shared;
    this.source = owner.source();
  }

  /** As announced, labels included. */
  public Route route() {
    return route;
  }

  /** After import policy. */
  public PathAttributes attributes() {
    return shared.value();
  }

  /** Before import policy. */
  public PathAttributes received() {
    return received.value();
  }

  public Source source() {
    return source;
  }

  /** The identifier by which the peer speaks of it, 0..2^32-1; 0 where it says one path only. */
  public long receivedPathId() {
    return ids.theirs();
  }

  /** The identifier by which we speak of it: no other path to the route has it. */
  public int pathId() {
    return ids.ours();
  }

  /** Kept while its peer restarts (RFC 4724 §4.2). */
  public boolean isStale() {
    return standing == Standing.STALE;
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

  /** True when the peer said the same, under the same identifier. */
  boolean repeats(Candidate other) {
    return says(other)
        && ids.equals(other.ids)
        && (received == other.received || received().equals(other.received()));
  }

  @SuppressWarnings("ReferenceEquality") // a shortcut only: mostly it is the same object
  boolean hasAttributes(PathAttributes attributes) {
    return attributes() == attributes || attributes().equals(attributes);
  }

  RibEntry entry() {
    return entry;
  }

  RoutesIn owner() {
    return owner;
  }

  PathIds ids() {
    return ids;
  }

  SharedAttributes sharedReceived() {
    return received;
  }

  SharedAttributes shared() {
    return shared;
  }

  Standing standing() {
    return standing;
  }

  void setStanding(Standing next) {
    standing = next;
  }
}
