package io.weft.bgp.rib;

import io.weft.bgp.rib.Candidate.Standing;
import org.jspecify.annotations.Nullable;

/**
 * Adj-RIB-In of one peer (RFC 4271 §3.2) after import policy, or the routes of our own: a list in
 * order of arrival. Altered by {@link Rib} only.
 */
public final class RoutesIn {
  private Source source;
  private @Nullable Candidate first;
  private @Nullable Candidate last;
  private int size;
  private int stale;
  private int awaited;

  public RoutesIn(Source source) {
    this.source = source;
  }

  /** Who announces from now on; candidates there already keep the source that they came with. */
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

  @Nullable Candidate first() {
    return first;
  }

  void add(Candidate candidate) {
    candidate.before = last;
    if (last != null) {
      last.behind = candidate;
    } else {
      first = candidate;
    }
    last = candidate;
    size++;
  }

  void remove(Candidate candidate) {
    if (candidate.before != null) {
      candidate.before.behind = candidate.behind;
    } else {
      first = candidate.behind;
    }
    if (candidate.behind != null) {
      candidate.behind.before = candidate.before;
    } else {
      last = candidate.before;
    }
    candidate.before = null;
    candidate.behind = null;
    size--;
    count(candidate.standing(), -1);
  }

  /** Puts one candidate into the place and standing of another. */
  void replace(Candidate former, Candidate next) {
    next.setStanding(former.standing());
    next.before = former.before;
    next.behind = former.behind;
    if (next.before != null) {
      next.before.behind = next;
    } else {
      first = next;
    }
    if (next.behind != null) {
      next.behind.before = next;
    } else {
      last = next;
    }
    former.before = null;
    former.behind = null;
  }

  void mark(Candidate candidate, Standing standing) {
    count(candidate.standing(), -1);
    candidate.setStanding(standing);
    count(standing, 1);
  }

  private void count(Standing standing, int change) {
    switch (standing) {
      case CURRENT -> {}
      case AWAITED -> awaited += change;
      case STALE -> stale += change;
    }
  }
}
