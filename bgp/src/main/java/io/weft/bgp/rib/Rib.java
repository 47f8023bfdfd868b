package io.weft.bgp.rib;

import io.weft.bgp.rib.Candidate.PathIds;
import io.weft.bgp.rib.Candidate.Standing;
import io.weft.bgp.wire.Community;
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
import java.util.function.BiFunction;
import java.util.function.Predicate;

/**
 * The Loc-RIB (RFC 4271 §3.2) with all its candidates, by route key. What happens between two calls
 * of {@link #takeChanges} is one change per key at most: add and remove cancel out.
 */
public final class Rib {
  /** Paths of one peer to one route (RFC 7911); more are refused. */
  public static final int MAX_PATHS_OF_PEER = 64;

  private final Map<Route, RibEntry> entries = new LinkedHashMap<>();
  private final AttributePool pool = new AttributePool();
  private List<RibEntry> changed = new ArrayList<>();

  /** A path as received: what import policy makes of it is told apart. */
  public record Announced(Route route, long pathId, PathAttributes received) {}

  /** Adds the only path of {@code from} to a route, or replaces what it said of the key before. */
  public void announce(RoutesIn from, Route route, PathAttributes attributes) {
    announce(from, new Announced(route, 0, attributes), attributes);
  }

  /**
   * Adds a path, or replaces what {@code from} said before of the same key and identifier.
   *
   * @param kept its attributes after import policy
   * @return false when it is one path too many, and was left out
   */
  public boolean announce(RoutesIn from, Announced announced, PathAttributes kept) {
    var entry = entries.computeIfAbsent(announced.route().key(), RibEntry::new);
    var earlier = entry.of(from, announced.pathId());
    if (earlier.isEmpty() && entry.pathsOf(from) >= MAX_PATHS_OF_PEER) {
      return false;
    }
    int ourId = earlier.map(Candidate::pathId).orElseGet(entry::freePathId);
    var candidate =
        new Candidate(
            entry,
            from,
            announced.route(),
            PathIds.of(announced.pathId(), ourId),
            pool.acquire(announced.received()),
            pool.acquire(kept));
    if (earlier.isPresent() && earlier.get().repeats(candidate)) {
      release(candidate);
      stand(from, earlier.get(), Standing.CURRENT);
      return true;
    }
    touch(entry);
    if (earlier.isPresent()) {
      entry.replace(earlier.get(), candidate);
      from.remove(earlier.get());
      release(earlier.get());
    } else {
      entry.add(candidate);
    }
    from.add(candidate);
    return true;
  }

  /** Removes what {@code from} said of the key, if anything. */
  public void withdraw(RoutesIn from, Route key) {
    withdraw(from, key, 0);
  }

  /** Removes what {@code from} said of the key under its identifier, if anything. */
  public void withdraw(RoutesIn from, Route key, long pathId) {
    var entry = entries.get(key.key());
    if (entry != null) {
      entry.of(from, pathId).ifPresent(this::drop);
    }
  }

  /** Keeps everything of a peer that restarts, but what was stale already (RFC 4724 §4.2). */
  public void markStale(RoutesIn from) {
    removeIf(from, Candidate::isStale);
    for (var at = from.first(); at != null; at = at.behind) {
      stand(from, at, Standing.STALE);
    }
  }

  /** Keeps so what is of the families; the rest of the peer's routes goes. */
  public void markStale(RoutesIn from, List<Family> families) {
    removeIf(from, candidate -> !families.contains(candidate.route().family()));
    markStale(from);
  }

  /** Awaits that the peer says again what it said of the family (RFC 7313 §4). */
  public void await(RoutesIn from, Family family) {
    for (var at = from.first(); at != null; at = at.behind) {
      if (at.route().family().equals(family) && at.standing() == Standing.CURRENT) {
        stand(from, at, Standing.AWAITED);
      }
    }
  }

  /**
   * The time of a restart is over, and the peer is not back: its stale routes of the families stay
   * as a last resort (RFC 9494 §4.2), unless they say that they must not; the others go.
   */
  public void outlive(RoutesIn from, List<Family> families) {
    for (var at = from.first(); at != null; ) {
      var candidate = at;
      at = candidate.behind;
      if (isUnconfirmed(candidate)) {
        if (families.contains(candidate.route().family())
            && !candidate.attributes().has(Community.NO_LLGR)) {
          replace(candidate, lastResort(candidate.received()), lastResort(candidate.attributes()));
        } else {
          drop(candidate);
        }
      }
    }
  }

  private static PathAttributes lastResort(PathAttributes attributes) {
    if (attributes.has(Community.LLGR_STALE)) {
      return attributes;
    }
    var communities = new ArrayList<>(attributes.communities());
    communities.add(Community.LLGR_STALE);
    return attributes.withCommunities(communities);
  }

  /** Removes what the peer has not announced again of the family. */
  public void removeStale(RoutesIn from, Family family) {
    if (from.unconfirmed() > 0) {
      removeIf(from, path -> isUnconfirmed(path) && path.route().family().equals(family));
    }
  }

  /** Removes what is stale of any family but these. */
  public void retainStale(RoutesIn from, List<Family> families) {
    if (from.unconfirmed() > 0) {
      removeIf(from, path -> isUnconfirmed(path) && !families.contains(path.route().family()));
    }
  }

  /** Removes what the peer has not announced again. */
  public void removeStale(RoutesIn from) {
    if (from.unconfirmed() > 0) {
      removeIf(from, Rib::isUnconfirmed);
    }
  }

  public void removeAll(RoutesIn from) {
    removeIf(from, _ -> true);
  }

  /**
   * Judges again what a peer said, as it was received.
   *
   * @param policy gives what is kept of it; empty: the path goes
   */
  public void judge(
      RoutesIn from, BiFunction<Route, PathAttributes, Optional<PathAttributes>> policy) {
    for (var at = from.first(); at != null; ) {
      var candidate = at;
      at = candidate.behind;
      var kept = policy.apply(candidate.route(), candidate.received());
      if (kept.isEmpty()) {
        drop(candidate);
      } else if (!candidate.hasAttributes(kept.get())) {
        replace(candidate, candidate.received(), kept.get());
      }
    }
  }

  /** Chooses best paths where something happened; what changed, in the order it was touched. */
  public List<RibChange> takeChanges() {
    var touched = changed;
    changed = new ArrayList<>();
    var changes = new ArrayList<RibChange>(touched.size());
    for (var entry : touched) {
      var former = entry.takeFormer();
      var before = entry.chosen();
      var after = BestPath.choose(entry.candidates());
      entry.choose(after);
      if (after.isEmpty()) {
        entries.remove(entry.key());
      }
      boolean others = differ(before, after) || pathsDiffer(former, entry.candidates());
      if (others) {
        boolean best = differ(firstOf(before), firstOf(after));
        var paths = List.copyOf(entry.candidates());
        changes.add(new RibChange(entry.key(), before, after, former, paths, best));
      }
    }
    return changes;
  }

  /** All entries, oldest first; none without a best path after {@link #takeChanges}. */
  public Collection<RibEntry> entries() {
    return Collections.unmodifiableCollection(entries.values());
  }

  /** What is known of one key. */
  public Optional<RibEntry> entry(Route key) {
    return Optional.ofNullable(entries.get(key.key()));
  }

  /** Distinct sets of path attributes in use. */
  public int attributeSets() {
    return pool.size();
  }

  private static List<Candidate> firstOf(List<Candidate> chosen) {
    return chosen.isEmpty() ? chosen : chosen.subList(0, 1);
  }

  private static boolean differ(List<Candidate> before, List<Candidate> after) {
    if (before.size() != after.size()) {
      return true;
    }
    for (int i = 0; i < before.size(); i++) {
      if (!before.get(i).says(after.get(i))) {
        return true;
      }
    }
    return false;
  }

  private static boolean pathsDiffer(List<Candidate> before, List<Candidate> after) {
    if (before.size() != after.size()) {
      return true;
    }
    for (int i = 0; i < before.size(); i++) {
      if (before.get(i).pathId() != after.get(i).pathId() || !before.get(i).says(after.get(i))) {
        return true;
      }
    }
    return false;
  }

  private static boolean isUnconfirmed(Candidate path) {
    return path.standing() != Standing.CURRENT;
  }

  private void stand(RoutesIn from, Candidate candidate, Standing standing) {
    if (candidate.standing() != standing) {
      touch(candidate.entry());
      from.mark(candidate, standing);
    }
  }

  private void removeIf(RoutesIn from, Predicate<Candidate> condition) {
    for (var at = from.first(); at != null; ) {
      var candidate = at;
      at = candidate.behind;
      if (condition.test(candidate)) {
        drop(candidate);
      }
    }
  }

  /** The same path with other attributes, in the same place and standing. */
  private void replace(Candidate former, PathAttributes received, PathAttributes kept) {
    touch(former.entry());
    var next =
        new Candidate(
            former.entry(),
            former.owner(),
            former.route(),
            former.ids(),
            pool.acquire(received),
            pool.acquire(kept));
    former.entry().replace(former, next);
    former.owner().replace(former, next);
    release(former);
  }

  private void drop(Candidate candidate) {
    touch(candidate.entry());
    candidate.entry().remove(candidate);
    candidate.owner().remove(candidate);
    release(candidate);
  }

  private void release(Candidate candidate) {
    pool.release(candidate.sharedReceived());
    pool.release(candidate.shared());
  }

  private void touch(RibEntry entry) {
    if (entry.touch()) {
      changed.add(entry);
    }
  }
}
