package io.weft.bgp.rib;

import io.weft.bgp.rib.Candidate.Standing;

/**
 * Adj-RIB-In of one peer (RFC 4271 §3.2) after import policy, or the routes of our own: a list in
 * order of arrival. Altered by {@link Rib} only.
 */
public final class RoutesIn {
  private Source source;

  /** Number in the table's {@link Origins}; negative: none yet. */
  int origin = -1;

  /** The ends of the list of its paths in {@link PathTable}. */
  int first = PathTable.NONE;

  int last = PathTable.NONE;

  private int size;
  private int stale;
  private int awaited;

  public RoutesIn(Source source) {
    this.source = source;
  }

  /** Who announces from now on; paths there already keep the source that they came with. */
  public void announcedBy(Source next) {
    source = next;
  }

  public Source source() {
    return source;
  }

  public int size() {
    return size;
  }

  public int staleSize() {
    return stale;
  }

  /** Routes that the peer is to say again, for whatever reason. */
  public int unconfirmed() {
    return stale + awaited;
  }

  void count(Standing standing, int change) {
    size += change;
    switch (standing) {
      case CURRENT -> {}
      case AWAITED -> awaited += change;
      case STALE -> stale += change;
    }
  }
}
