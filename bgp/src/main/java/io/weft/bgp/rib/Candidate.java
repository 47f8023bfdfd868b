package io.weft.bgp.rib;

import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.RouteBlock;
import io.weft.net.Ipv4Address;
import java.util.Arrays;

/**
 * One path to a route, as it stood when it was asked for. The route itself can be had until the
 * table changes after the next {@link Rib#takeChanges}.
 */
public final class Candidate {
  static final byte[] NO_REST = new byte[0];

  /** Whether the peer still stands by what it said. */
  enum Standing {
    CURRENT(0),
    /** To be said again in the answer to a refresh that has begun (RFC 7313 §4). */
    AWAITED(1),
    /** Kept while its peer restarts (RFC 4724 §4.2, RFC 9494 §4.2). */
    STALE(2);

    /** In {@link PathTable}: two bits. */
    final int code;

    Standing(int code) {
      this.code = code;
    }
  }

  private final EntryTable entries;
  private final int entry;
  private final byte[] rest;
  private final SharedAttributes received;
  private final SharedAttributes shared;
  private final Source source;
  private final int theirs;
  private final int ours;
  private final boolean stale;

  Candidate(
      EntryTable entries,
      int entry,
      byte[] rest,
      SharedAttributes received,
      SharedAttributes shared,
      Source source,
      int theirs,
      int ours,
      boolean stale) {
    this.entries = entries;
    this.entry = entry;
    this.rest = rest;
    this.received = received;
    this.shared = shared;
    this.source = source;
    this.theirs = theirs;
    this.ours = ours;
    this.stale = stale;
  }

  /** As announced, labels included; made anew each time. */
  public Route route() {
    return entries.route(entry, rest);
  }

  public Family family() {
    return entries.family(entry);
  }

  /** Adds the route to a block of EVPN routes. */
  public void appendTo(RouteBlock.Builder block) {
    entries.append(entry, rest, block);
  }

  /** Adds the key of the route to a block of EVPN routes. */
  void appendKeyTo(RouteBlock.Builder block) {
    entries.append(entry, NO_REST, block);
  }

  Route key() {
    return entries.route(entry, NO_REST);
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
    return Integer.toUnsignedLong(theirs);
  }

  /** The identifier by which we speak of it: no other path to the route has it. */
  public int pathId() {
    return ours;
  }

  /** Kept while its peer restarts (RFC 4724 §4.2). */
  public boolean isStale() {
    return stale;
  }

  /** ORIGINATOR_ID, or the peer itself where the route was not reflected (RFC 4456 §9). */
  public Ipv4Address originator() {
    return attributes().originatorId().orElse(source.routerId());
  }

  /** All that decides who hears of a path and how, unless a policy looks at the route itself. */
  public record Likeness(Object attributes, Source source, Family family) {}

  public Likeness likeness() {
    return new Likeness(shared, source, family());
  }

  /** True when likeness is certainly equal; false may be said of equals too. */
  @SuppressWarnings("ReferenceEquality") // this is for runs of routes from one message
  public boolean isLike(Candidate other) {
    return shared == other.shared && source == other.source && family().equals(other.family());
  }

  /** True when nobody who looks at the best path could tell them apart, both to one key. */
  public boolean says(Candidate other) {
    return this == other
        || source.equals(other.source)
            && saysRouteOf(other)
            && (shared == other.shared || attributes().equals(other.attributes()));
  }

  /** True when the routes are equal, those of both being to one key. */
  public boolean saysRouteOf(Candidate other) {
    return Arrays.equals(rest, other.rest);
  }

  SharedAttributes shared() {
    return shared;
  }
}
