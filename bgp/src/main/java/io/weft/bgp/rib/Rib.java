package io.weft.bgp.rib;

import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/**
 * The Loc-RIB (RFC 4271 §3.2) with all its candidates, by route key. What happens between two calls
 * of {@link #takeChanges} is one change per key at most: add and remove cancel out.
 */
public final class Rib {
  private final Map<Route, RibEntry> entries = new LinkedHashMap<>();
  private final AttributePool pool = new AttributePool();
  private List<RibEntry> changed = new ArrayList<>();

  /** Adds a path, or replaces what {@code from} said of the same key before. */
  public void announce(RoutesIn from, Route route, PathAttributes attributes) {
    var entry = entries.computeIfAbsent(route.key(), RibEntry::new);
    var shared = pool.acquire(attributes);
    var candidate = new Candidate(entry, from, route, shared);
    var earlier = entry.of(from);
    if (earlier.isPresent() && earlier.get().says(candidate)) {
      pool.release(shared);
      refresh(from, earlier.get());
      return;
    }
    earlier.ifPresent(this::drop);
    touch(entry);
    entry.add(candidate);
    from.add(candidate);
  }

  /** Removes what {@code from} said of the key, if anything. */
  public void withdraw(RoutesIn from, Route key) {
    var entry = entries.get(key.key());
    if (entry != null) {
      entry.of(from).ifPresent(this::drop);
    }
  }

  /** Keeps everything of a peer that restarts, but what was stale already (RFC 4724 §4.2). */
  public void markStale(RoutesIn from) {
    removeStale(from);
    for (var at = from.first(); at != null; at = at.behind) {
      touch(at.entry());
      from.mark(at, true);
    }
  }

  /** Keeps so what is of the families; the rest of the peer's routes goes. */
  public void markStale(RoutesIn from, List<Family> families) {
    removeIf(from, candidate -> !families.contains(candidate.route().family()));
    markStale(from);
  }

  /** Removes what the peer has not announced again of the family. */
  public void removeStale(RoutesIn from, Family family) {
    if (from.staleSize() > 0) {
      removeIf(from, path -> path.isStale() && path.route().family().equals(family));
    }
  }

  /** Removes what is stale of any family but these. */
  public void retainStale(RoutesIn from, List<Family> families) {
    if (from.staleSize() > 0) {
      removeIf(from, path -> path.isStale() && !families.contains(path.route().family()));
    }
  }

  /** Removes what the peer has not announced again. */
  public void removeStale(RoutesIn from) {
    if (from.staleSize() > 0) {
      removeIf(from, Candidate::isStale);
    }
  }

  public void removeAll(RoutesIn from) {
    removeIf(from, _ -> true);
  }

  /** Removes paths that an import policy for their family no longer lets pass. */
  public void retain(RoutesIn from, BiPredicate<Family, PathAttributes> policy) {
    removeIf(from, candidate -> !policy.test(candidate.route().family(), candidate.attributes()));
  }

  /** Chooses best paths where something happened; what changed, in the order it was touched. */
  public List<RibChange> takeChanges() {
    var touched = changed;
    changed = new ArrayList<>();
    var changes = new ArrayList<RibChange>(touched.size());
    for (var entry : touched) {
      entry.setChanged(false);
      var before = entry.best();
      var after = BestPath.of(entry.candidates());
      entry.choose(after);
      if (after.isEmpty()) {
        entries.remove(entry.key());
      }
      if (differ(before, after)) {
        changes.add(new RibChange(entry.key(), before, after));
      }
    }
    return changes;
  }

  /** All entries, oldest first; none without a best path after {@link #takeChanges}. */
  public Collection<RibEntry> entries() {
    return Collections.unmodifiableCollection(entries.values());
  }

  /** Distinct sets of path attributes in use. */
  public int attributeSets() {
    return pool.size();
  }

  private static boolean differ(Optional<Candidate> before, Optional<Candidate> after) {
    if (before.isEmpty() || after.isEmpty()) {
      return before.isPresent() || after.isPresent();
    }
    return !before.get().says(after.get());
  }

  private void refresh(RoutesIn from, Candidate candidate) {
    if (candidate.isStale()) {
      touch(candidate.entry());
      from.mark(candidate, false);
    }
  }

  private void removeIf(RoutesIn from, Predicate<Candidate> condition) {
    var at = from.first();
    while (at != null) {
      var candidate = at;
      at = candidate.behind;
      if (condition.test(candidate)) {
        drop(candidate);
      }
    }
  }

  private void drop(Candidate candidate) {
    touch(candidate.entry());
    candidate.entry().remove(candidate);
    candidate.owner().remove(candidate);
    pool.release(candidate.shared());
  }

  private void touch(RibEntry entry) {
    if (!entry.isChanged()) {
      entry.setChanged(true);
      changed.add(entry);
    }
  }
}
