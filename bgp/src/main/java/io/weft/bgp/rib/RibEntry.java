package io.weft.bgp.rib;

import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.NlriParts;
import io.weft.bgp.wire.Route;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * All paths to one route key, and those in use. The key is kept as octets ({@link NlriParts}): a
 * table has a million of them, and few are ever looked at.
 */
public final class RibEntry {
  private final byte[] key;
  private final int hash;

  // Immutable lists, replaced as a whole: what was before costs nothing to remember, and an entry
  // with one path, as nearly all are, has one list for both.
  private List<Candidate> candidates = List.of();
  private List<Candidate> chosen = List.of();

  /** The candidates before the first change since the last choice. */
  private @Nullable List<Candidate> former;

  RibEntry(byte[] key, int hash) {
    this.key = key;
    this.hash = hash;
  }

  public Route key() {
    return NlriParts.route(key, NO_REST);
  }

  static final byte[] NO_REST = new byte[0];

  public Family family() {
    return NlriParts.family(key, 0);
  }

  /** The octets of the key; not to be changed. */
  byte[] octets() {
    return key;
  }

  int hash() {
    return hash;
  }

  boolean hasKey(byte[] octets, int length) {
    return Arrays.equals(key, 0, key.length, octets, 0, length);
  }

  public List<Candidate> candidates() {
    return candidates;
  }

  /** The best path as of the last {@link Rib#takeChanges}. */
  public Optional<Candidate> best() {
    return chosen.isEmpty() ? Optional.empty() : Optional.of(chosen.getFirst());
  }

  /** The best path and, of unicast, those that are as good; best first. */
  public List<Candidate> chosen() {
    return chosen;
  }

  @Nullable Candidate of(RoutesIn owner, long theirPathId) {
    for (int i = 0; i < candidates.size(); i++) {
      var candidate = candidates.get(i);
      if (candidate.owner() == owner && candidate.receivedPathId() == theirPathId) {
        return candidate;
      }
    }
    return null;
  }

  int pathsOf(RoutesIn owner) {
    int paths = 0;
    for (int i = 0; i < candidates.size(); i++) {
      paths += candidates.get(i).owner() == owner ? 1 : 0;
    }
    return paths;
  }

  /** The smallest identifier that no path has. */
  int freePathId() {
    if (candidates.isEmpty()) {
      return 1;
    }
    for (int id = 1; ; id++) {
      int free = id;
      if (candidates.stream().noneMatch(candidate -> candidate.pathId() == free)) {
        return id;
      }
    }
  }

  void add(Candidate candidate) {
    if (candidates.isEmpty()) {
      candidates = List.of(candidate);
    } else {
      var next = new ArrayList<>(candidates);
      next.add(candidate);
      candidates = List.copyOf(next);
    }
  }

  void replace(Candidate former, Candidate next) {
    candidates = candidates.stream().map(path -> path == former ? next : path).toList();
  }

  void remove(Candidate candidate) {
    candidates =
        candidates.size() == 1
            ? List.of()
            : candidates.stream().filter(path -> path != candidate).toList();
  }

  /** True for the first change since the last choice: from then on it is remembered what was. */
  boolean touch() {
    if (former != null) {
      return false;
    }
    former = candidates;
    return true;
  }

  /** The candidates before the first touch, and forgets it. */
  List<Candidate> takeFormer() {
    var was = former == null ? candidates : former;
    former = null;
    return was;
  }

  void choose(List<Candidate> next) {
    chosen = next;
  }
}
