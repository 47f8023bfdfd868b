package io.weft.bgp.rib;

import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Route;
import java.util.List;
import java.util.Optional;

/** All paths to one route key, and those in use: a picture, true until the table changes. */
public final class RibEntry {
  private final EntryTable entries;
  private final int number;
  private final List<Candidate> candidates;
  private final List<Candidate> chosen;

  RibEntry(EntryTable entries, int number, List<Candidate> candidates) {
    this.entries = entries;
    this.number = number;
    this.candidates = candidates;
    this.chosen = BestPath.choose(candidates);
  }

  public Route key() {
    return entries.route(number, Candidate.NO_REST);
  }

  public Family family() {
    return entries.family(number);
  }

  public List<Candidate> candidates() {
    return candidates;
  }

  /** The best path. */
  public Optional<Candidate> best() {
    return chosen.isEmpty() ? Optional.empty() : Optional.of(chosen.getFirst());
  }

  /** The best path and, of unicast, those that are as good; best first. */
  public List<Candidate> chosen() {
    return chosen;
  }
}
