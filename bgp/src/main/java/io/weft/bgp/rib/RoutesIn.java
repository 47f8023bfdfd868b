package io.weft.bgp.rib;

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
    stale -= candidate.isStale() ? 1 : 0;
  }

  void mark(Candidate candidate, boolean isStale) {
    if (candidate.isStale() != isStale) {
      candidate.setStale(isStale);
      stale += isStale ? 1 : -1;
    }
  }
}
