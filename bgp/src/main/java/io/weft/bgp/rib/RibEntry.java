package io.weft.bgp.rib;

import io.weft.bgp.wire.Route;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** All paths to one route key, and the one in use. */
public final class RibEntry {
  private final Route key;
  private final List<Candidate> candidates = new ArrayList<>(1);
  private Optional<Candidate> best = Optional.empty();
  private boolean changed;

  RibEntry(Route key) {
    this.key = key;
  }

  public Route key() {
    return key;
  }

  public List<Candidate> candidates() {
    return Collections.unmodifiableList(candidates);
  }

  /** The best path as of the last {@link Rib#takeChanges}. */
  public Optional<Candidate> best() {
    return best;
  }

  Optional<Candidate> of(RoutesIn owner) {
    for (var candidate : candidates) {
      if (candidate.owner() == owner) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  void add(Candidate candidate) {
    candidates.add(candidate);
  }

  void remove(Candidate candidate) {
    candidates.remove(candidate);
  }

  void choose(Optional<Candidate> chosen) {
    best = chosen;
  }

  boolean isChanged() {
    return changed;
  }

  void setChanged(boolean changed) {
    this.changed = changed;
  }
}
