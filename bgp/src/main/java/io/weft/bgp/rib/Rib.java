package io.weft.bgp.rib;

import io.weft.bgp.rib.Candidate.Standing;
import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.NlriParts;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.RouteBlock;
import io.weft.net.RouteTarget;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The Loc-RIB (RFC 4271 §3.2) with all its candidates, by route key. What happens between two calls
 * of {@link #takeChanges} is one change per key at most: add and remove cancel out.
 */
public final class Rib {
  /** Paths of one peer to one route (RFC 7911); more are refused. */
  public static final int MAX_PATHS_OF_PEER = 64;

  private static final int NONE = PathTable.NONE;
  private final EntryTable entries = new EntryTable();
  private final PathTable paths = new PathTable();
  private final AttributePool pool = new AttributePool();
  private final RestPool rests = new RestPool();
  private final Origins origins = new Origins();
  private final NlriParts parts = new NlriParts();

  /** Entries in which something happened, and the paths that each had before. */
  private final BitSet touched = new BitSet();

  private List<Touch> touches = new ArrayList<>();

  /** Made when it is first asked for: only who has clients of few interests needs it. */
  private @Nullable TargetIndex byTarget;

  /** Entries that were left without a path; their keys are still named in the last changes. */
  private List<Integer> emptied = new ArrayList<>();

  private record Touch(int entry, List<Candidate> former) {}

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
    int received = pool.acquire(announced.received());
    int shared = pool.acquire(kept);
    boolean taken = announce(from, (int) announced.pathId(), received, shared);
    pool.release(received);
    pool.release(shared);
    return taken;
  }

  /** Adds the only paths of {@code from} to these routes, as {@link #announce} does. */
  public void announceAll(RoutesIn from, RouteBlock routes, PathAttributes attributes) {
    int shared = pool.acquire(attributes);
    for (int i = 0; i < routes.size(); i++) {
      parts.split(routes.octets(), routes.start(i));
      announce(from, 0, shared, shared);
    }
    pool.release(shared);
  }

  /** Adds a path to the route that was split last. */
  private boolean announce(RoutesIn from, int pathId, int received, int kept) {
    int entry = entries.findOrAdd(parts.key(), parts.keyLength());
    int path = path(entry, from, pathId);
    if (path == NONE && pathId != 0 && pathsOf(entry, from) >= MAX_PATHS_OF_PEER) {
      return false;
    }
    int origin = origins.acquire(from);
    int rest = rests.acquire(parts);
    if (path != NONE && paths.says(path, origin, received, kept, rest)) {
      origins.release(origin);
      rests.release(rest);
      stand(path, Standing.CURRENT);
      return true;
    }
    pool.acquire(received);
    pool.acquire(kept);
    touch(entry);
    if (path == NONE) {
      path = paths.add(entry, pathId, paths.freeId(entries.first(entry)));
      append(entry, path);
    } else {
      leave(path);
      release(path);
    }
    say(path, origin, received, kept, rest);
    join(from, path);
    return true;
  }

  /** Removes what {@code from} said of the key, if anything. */
  public void withdraw(RoutesIn from, Route key) {
    withdraw(from, key, 0);
  }

  /** Removes what {@code from} said of the key under its identifier, if anything. */
  public void withdraw(RoutesIn from, Route key, long pathId) {
    parts.split(key);
    withdraw(from, (int) pathId);
  }

  /** Removes what {@code from} said of the keys of these routes. */
  public void withdrawAll(RoutesIn from, RouteBlock routes) {
    for (int i = 0; i < routes.size(); i++) {
      parts.split(routes.octets(), routes.start(i));
      withdraw(from, 0);
    }
  }

  private void withdraw(RoutesIn from, int pathId) {
    int entry = entries.find(parts.key(), parts.keyLength());
    int path = entry == NONE ? NONE : path(entry, from, pathId);
    if (path != NONE) {
      drop(path);
    }
  }

  /** Keeps everything of a peer that restarts, but what was stale already (RFC 4724 §4.2). */
  public void markStale(RoutesIn from) {
    removeIf(from, path -> paths.standing(path) == Standing.STALE);
    for (int path = from.first; path != NONE; path = paths.behind(path)) {
      stand(path, Standing.STALE);
    }
  }

  /** Keeps so what is of the families; the rest of the peer's routes goes. */
  public void markStale(RoutesIn from, List<Family> families) {
    removeIf(from, path -> !families.contains(family(path)));
    markStale(from);
  }

  /** Awaits that the peer says again what it said of the family (RFC 7313 §4). */
  public void await(RoutesIn from, Family family) {
    for (int path = from.first; path != NONE; path = paths.behind(path)) {
      if (paths.standing(path) == Standing.CURRENT && family(path).equals(family)) {
        stand(path, Standing.AWAITED);
      }
    }
  }

  /**
   * The time of a restart is over, and the peer is not back: its stale routes of the families stay
   * as a last resort (RFC 9494 §4.2), unless they say that they must not; the others go.
   */
  public void outlive(RoutesIn from, List<Family> families) {
    removeIf(
        from,
        path -> {
          if (!isUnconfirmed(path)) {
            return false;
          }
          var kept = attributes(paths.kept(path));
          if (!families.contains(family(path)) || kept.has(Community.NO_LLGR)) {
            return true;
          }
          var received = attributes(paths.received(path));
          replace(path, received.asLastResort(), kept.asLastResort());
          return false;
        });
  }

  /** Removes what the peer has not announced again of the family. */
  public void removeStale(RoutesIn from, Family family) {
    if (from.unconfirmed() > 0) {
      removeIf(from, path -> isUnconfirmed(path) && family(path).equals(family));
    }
  }

  /** Removes what is stale of any family but these. */
  public void retainStale(RoutesIn from, List<Family> families) {
    removeIf(from, path -> isUnconfirmed(path) && !families.contains(family(path)));
  }

  /** Removes what the peer has not announced again. */
  public void removeStale(RoutesIn from) {
    removeIf(from, this::isUnconfirmed);
  }

  public void removeAll(RoutesIn from) {
    removeIf(from, _ -> true);
  }

  /**
   * Judges again what a peer said, as it was received.
   *
   * @param policy gives what is kept of it; empty: the path goes
   */
  public void judge(RoutesIn from, Function<Candidate, Optional<PathAttributes>> policy) {
    removeIf(
        from,
        path -> {
          var received = attributes(paths.received(path));
          var kept = policy.apply(candidate(path));
          kept.filter(next -> !next.equals(attributes(paths.kept(path))))
              .ifPresent(next -> replace(path, received, next));
          return kept.isEmpty();
        });
  }

  /**
   * Chooses best paths where something happened; what changed, in the order it was touched. The
   * changes can be asked for their routes until this is called again.
   */
  public List<RibChange> takeChanges() {
    for (int entry : emptied) {
      if (isForgotten(entry)) {
        entries.remove(entry);
      }
    }
    emptied = new ArrayList<>();
    var done = touches;
    touches = new ArrayList<>();
    touched.clear();
    var changes = new ArrayList<RibChange>(done.size());
    for (var touch : done) {
      var former = touch.former();
      var now = candidates(touch.entry());
      if (now.isEmpty()) {
        emptied.add(touch.entry());
      }
      RibChange.between(former, now).ifPresent(changes::add);
    }
    return changes;
  }

  private boolean isForgotten(int entry) {
    return entries.first(entry) == NONE && !touched.get(entry);
  }

  /** All entries with a path; pictures that are made one by one. */
  public Iterable<RibEntry> entries() {
    return entries(_ -> true);
  }

  /** Those of the families that are meant: nothing is made of the others. */
  public Iterable<RibEntry> entries(Predicate<Family> meant) {
    return () ->
        IntStream.range(0, entries.limit())
            .filter(entry -> entries.first(entry) != NONE && meant.test(entries.family(entry)))
            .mapToObj(this::picture)
            .iterator();
  }

  /** EVPN routes of which a path carries one of the targets, in the order of {@link #entries()}. */
  public Iterable<RibEntry> entries(Collection<RouteTarget> targets) {
    var found = new BitSet();
    targetIndex().forEach(targets, path -> found.set(paths.entry(path)));
    return () ->
        found.stream()
            .filter(entry -> entries.family(entry).equals(Family.L2VPN_EVPN))
            .mapToObj(this::picture)
            .iterator();
  }

  private TargetIndex targetIndex() {
    if (byTarget == null) {
      byTarget = new TargetIndex();
      for (int entry = 0; entry < entries.limit(); entry++) {
        for (int path = entries.first(entry); path != NONE; path = paths.next(path)) {
          byTarget.add(path, pool.get(paths.kept(path)));
        }
      }
    }
    return byTarget;
  }

  /** All entries are numbered below this; an entry has its number as long as it has a path. */
  public int entryLimit() {
    return entries.limit();
  }

  /** The entry of this number; empty: there is none, or its key is another than is wanted. */
  public Optional<RibEntry> entry(int number, KeySelection wanted) {
    return entries.first(number) != NONE && entries.isAmong(number, wanted)
        ? Optional.of(picture(number))
        : Optional.empty();
  }

  /** What is known of one key. */
  public Optional<RibEntry> entry(Route key) {
    if (key.family().equals(Family.ROUTE_TARGET)) {
      return Optional.empty();
    }
    parts.split(key);
    int entry = entries.find(parts.key(), parts.keyLength());
    return entry == NONE || entries.first(entry) == NONE
        ? Optional.empty()
        : Optional.of(picture(entry));
  }

  /** How much is in it. */
  public RibSize size() {
    return new RibSize(entries.counts(emptied), pool.size());
  }

  // Pictures.

  private RibEntry picture(int entry) {
    return new RibEntry(entries, entry, candidates(entry));
  }

  private List<Candidate> candidates(int entry) {
    int first = entries.first(entry);
    if (first == NONE) {
      return List.of();
    }
    if (paths.next(first) == NONE) { // nearly all
      return List.of(candidate(first));
    }
    var all = new ArrayList<Candidate>(2); // two reflectors said it
    for (int path = first; path != NONE; path = paths.next(path)) {
      all.add(candidate(path));
    }
    return List.copyOf(all);
  }

  private Candidate candidate(int path) {
    return new Candidate(
        entries,
        paths.entry(path),
        rests.value(paths.rest(path)),
        pool.get(paths.received(path)),
        pool.get(paths.kept(path)),
        origins.source(paths.origin(path)),
        paths.theirs(path),
        paths.ours(path),
        paths.standing(path) == Standing.STALE);
  }

  private PathAttributes attributes(int number) {
    return pool.get(number).value();
  }

  private Family family(int path) {
    return entries.family(paths.entry(path));
  }

  private boolean isUnconfirmed(int path) {
    return paths.standing(path) != Standing.CURRENT;
  }

  // Paths of an entry.

  private int path(int entry, RoutesIn of, int theirs) {
    int path = entries.first(entry);
    while (path != NONE
        && !(paths.theirs(path) == theirs && origins.owner(paths.origin(path)) == of)) {
      path = paths.next(path);
    }
    return path;
  }

  private int pathsOf(int entry, RoutesIn owner) {
    int count = 0;
    for (int path = entries.first(entry); path != NONE; path = paths.next(path)) {
      count += origins.owner(paths.origin(path)) == owner ? 1 : 0;
    }
    return count;
  }

  private void append(int entry, int added) {
    int last = paths.last(entries.first(entry));
    if (last == NONE) {
      entries.setFirst(entry, added);
    } else {
      paths.setNext(last, added);
    }
  }

  private void remove(int entry, int removed) {
    int before = NONE;
    for (int path = entries.first(entry); path != removed; path = paths.next(path)) {
      before = path;
    }
    if (before == NONE) {
      entries.setFirst(entry, paths.next(removed));
    } else {
      paths.setNext(before, paths.next(removed));
    }
  }

  // Paths of an owner.

  private void removeIf(RoutesIn from, IntPredicate condition) {
    for (int at = from.first; at != NONE; ) {
      int path = at;
      at = paths.behind(path);
      if (condition.test(path)) {
        drop(path);
      }
    }
  }

  /** Puts a path behind the others of its owner, as one that is current. */
  private void join(RoutesIn owner, int path) {
    paths.link(owner.last, path);
    paths.setStanding(path, Standing.CURRENT);
    if (owner.first == NONE) {
      owner.first = path;
    }
    owner.last = path;
    owner.count(Standing.CURRENT, 1);
  }

  private void leave(int path) {
    var owner = origins.owner(paths.origin(path));
    if (owner.first == path) {
      owner.first = paths.behind(path);
    }
    if (owner.last == path) {
      owner.last = paths.before(path);
    }
    paths.unlink(path);
    owner.count(paths.standing(path), -1);
  }

  private void stand(int path, Standing standing) {
    var before = paths.standing(path);
    if (before != standing) {
      if (before == Standing.STALE || standing == Standing.STALE) { // nobody sees the others
        touch(paths.entry(path));
      }
      var owner = origins.owner(paths.origin(path));
      owner.count(before, -1);
      paths.setStanding(path, standing);
      owner.count(standing, 1);
    }
  }

  /** The same path with other attributes, in the same place and standing. */
  private void replace(int path, PathAttributes received, PathAttributes kept) {
    touch(paths.entry(path));
    int formerReceived = paths.received(path);
    int formerKept = paths.kept(path);
    forgetTargets(path);
    say(path, paths.origin(path), pool.acquire(received), pool.acquire(kept), paths.rest(path));
    pool.release(formerReceived);
    pool.release(formerKept);
  }

  private void drop(int path) {
    touch(paths.entry(path));
    remove(paths.entry(path), path);
    leave(path);
    release(path);
    paths.free(path);
  }

  private void say(int path, int origin, int received, int kept, int rest) {
    paths.say(path, origin, received, kept, rest);
    if (byTarget != null) {
      byTarget.add(path, pool.get(kept));
    }
  }

  private void forgetTargets(int path) {
    if (byTarget != null) {
      byTarget.remove(path, pool.get(paths.kept(path)));
    }
  }

  private void release(int path) {
    forgetTargets(path);
    pool.release(paths.received(path));
    pool.release(paths.kept(path));
    rests.release(paths.rest(path));
    origins.release(paths.origin(path));
  }

  private void touch(int entry) {
    if (!touched.get(entry)) {
      touched.set(entry);
      touches.add(new Touch(entry, candidates(entry)));
    }
  }
}
