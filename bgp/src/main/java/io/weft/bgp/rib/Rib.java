package io.weft.bgp.rib;

import io.weft.bgp.rib.Candidate.PathIds;
import io.weft.bgp.rib.Candidate.Standing;
import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.NlriParts;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.RouteBlock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The Loc-RIB (RFC 4271 §3.2) with all its candidates, by route key. What happens between two calls
 * of {@link #takeChanges} is one change per key at most: add and remove cancel out.
 */
public final class Rib {
  /** Paths of one peer to one route (RFC 7911); more are refused. */
  public static final int MAX_PATHS_OF_PEER = 64;

  private final RouteTable entries = new RouteTable();
  private final AttributePool pool = new AttributePool();
  private final NlriParts parts = new NlriParts();
  private List<RibEntry> changed = new ArrayList<>();

  /** The last rest of a route: those that come together mostly have one. */
  private byte[] lastRest = RibEntry.NO_REST;

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
    parts.split(announced.route());
    var received = pool.acquire(announced.received());
    var shared = pool.acquire(kept);
    boolean taken = announce(from, announced.pathId(), received, shared);
    pool.release(received);
    pool.release(shared);
    return taken;
  }

  /** Adds the only paths of {@code from} to these routes, as {@link #announce} does. */
  public void announceAll(RoutesIn from, RouteBlock routes, PathAttributes attributes) {
    var shared = pool.acquire(attributes);
    for (int i = 0; i < routes.size(); i++) {
      parts.split(routes.octets(), routes.start(i));
      announce(from, 0, shared, shared);
    }
    pool.release(shared);
  }

  /** Adds a path to the route that was split last. */
  private boolean announce(
      RoutesIn from, long pathId, SharedAttributes received, SharedAttributes kept) {
    var entry = entries.findOrAdd(parts);
    var earlier = entry.of(from, pathId);
    if (earlier == null && entry.pathsOf(from) >= MAX_PATHS_OF_PEER) {
      return false;
    }
    int ourId = earlier == null ? entry.freePathId() : earlier.pathId();
    var ids = PathIds.of(pathId, ourId);
    var candidate = new Candidate(entry, from, rest(), ids, received, kept);
    if (earlier != null && earlier.repeats(candidate)) {
      stand(from, earlier, Standing.CURRENT);
      return true;
    }
    received.acquire();
    kept.acquire();
    touch(entry);
    if (earlier == null) {
      entry.add(candidate);
    } else {
      entry.replace(earlier, candidate);
      from.remove(earlier);
      release(earlier);
    }
    from.add(candidate);
    return true;
  }

  /** What is not key of the route that was split last. */
  private byte[] rest() {
    if (!Arrays.equals(parts.rest(), 0, parts.restLength(), lastRest, 0, lastRest.length)) {
      lastRest = Arrays.copyOf(parts.rest(), parts.restLength());
    }
    return lastRest;
  }

  /** Removes what {@code from} said of the key, if anything. */
  public void withdraw(RoutesIn from, Route key) {
    withdraw(from, key, 0);
  }

  /** Removes what {@code from} said of the key under its identifier, if anything. */
  public void withdraw(RoutesIn from, Route key, long pathId) {
    parts.split(key);
    withdraw(from, pathId);
  }

  /** Removes what {@code from} said of the keys of these routes. */
  public void withdrawAll(RoutesIn from, RouteBlock routes) {
    for (int i = 0; i < routes.size(); i++) {
      parts.split(routes.octets(), routes.start(i));
      withdraw(from, 0);
    }
  }

  private void withdraw(RoutesIn from, long pathId) {
    var entry = entries.find(parts.key(), parts.keyLength());
    var path = entry == null ? null : entry.of(from, pathId);
    if (path != null) {
      drop(path);
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
    removeIf(from, candidate -> !families.contains(candidate.family()));
    markStale(from);
  }

  /** Awaits that the peer says again what it said of the family (RFC 7313 §4). */
  public void await(RoutesIn from, Family family) {
    for (var at = from.first(); at != null; at = at.behind) {
      if (at.family().equals(family) && at.standing() == Standing.CURRENT) {
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
        if (families.contains(candidate.family())
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
      removeIf(from, path -> isUnconfirmed(path) && path.family().equals(family));
    }
  }

  /** Removes what is stale of any family but these. */
  public void retainStale(RoutesIn from, List<Family> families) {
    if (from.unconfirmed() > 0) {
      removeIf(from, path -> isUnconfirmed(path) && !families.contains(path.family()));
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
        entries.remove(entry);
      }
      boolean others = differ(before, after) || pathsDiffer(former, entry.candidates());
      if (others) {
        boolean best = differ(firstOf(before), firstOf(after));
        changes.add(new RibChange(entry, before, after, former, entry.candidates(), best));
      }
    }
    return changes;
  }

  /** All entries, oldest first; none without a best path after {@link #takeChanges}. */
  public Iterable<RibEntry> entries() {
    return entries;
  }

  /** The keys of all entries. */
  public Stream<Route> keys() {
    return StreamSupport.stream(entries.spliterator(), false).map(RibEntry::key);
  }

  /** What is known of one key. */
  public Optional<RibEntry> entry(Route key) {
    parts.split(key);
    return Optional.ofNullable(entries.find(parts.key(), parts.keyLength()));
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
            former.rest(),
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
