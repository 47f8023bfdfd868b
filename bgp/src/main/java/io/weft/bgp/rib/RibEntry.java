package io.weft.bgp.rib;

import io.weft.bgp.wire.Route;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** All paths to one route key, and those in use. */
public final class RibEntry {
  private final Route key;
  private final List<Candidate> candidates = new ArrayList<>(1);
  private List<Candidate> chosen = List.of();

  /** The candidates before the first change since the last choice. */
  private Optional<List<Candidate>> former = Optional.empty();

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
    return chosen.stream().findFirst();
  }

  /** The best path and, of unicast, those that are as good; best first. */
  public List<Candidate> chosen() {
    return chosen;
  }

  Optional<Candidate> of(RoutesIn owner, long theirPathId) {
    for (var candidate : candidates) {
      if (candidate.owner() == owner && candidate.receivedPathId() == theirPathId) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  int pathsOf(RoutesIn owner) {
    int paths = 0;
    for (var candidate : candidates) {
      paths += candidate.owner() == owner ? 1 : 0;
    }
    return paths;
  }

  /** The smallest identifier that no path has. */
  int freePathId() {
    for (int id = 1; ; id++) {
      int free = id;
      if (candidates.stream().noneMatch(candidate -> candidate.pathId() == free)) {
        return id;
      }
    }
  }

  void add(Candidate candidate) {
    candidates.add(candidate);
  }

  void replace(Candidate former, Candidate next) {
    candidates.set(candidates.indexOf(former), next);
  }

  void remove(Candidate candidate) {
    candidates.remove(candidate);
  }

  /** True for the first change since the last choice: from then on it is remembered what was. */
  boolean touch() {
    if (former.isPresent()) {
      return false;
    }
    former = Optional.of(List.copyOf(candidates));
    return true;
  }

  /** The candidates before the first touch, and forgets it. */
  List<Candidate> takeFormer() {
    var was = former.orElseThrow();
    former = Optional.empty();
    return was;
  }

  void choose(List<Candidate> next) {
    chosen = next;
  }
}
