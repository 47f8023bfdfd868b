package io.weft.bgp.speaker;

import io.weft.bgp.rib.Candidate;
import io.weft.bgp.rib.Candidate.Likeness;
import io.weft.bgp.rib.RibChange;
import io.weft.bgp.rib.RibEntry;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.RouteBlock;
import io.weft.bgp.wire.UpdatePacking;
import io.weft.net.RouteTargets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Tells many peers of EVPN routes at once. Changes between paths that are alike are one batch:
 * whether and how a peer hears of it is decided once for all peers of one rule, and those who hear
 * the same are given the same messages.
 *
 * <p>For peers only whose rule looks at no single route, and for whom nothing but the table has
 * changed ({@link Recipient#hearsByBatch}).
 */
final class Broadcast {
  private final Advertising advertising;
  private final Roster roster;

  /** The peers of each rule, by its number: places in the roster. */
  private final Map<Integer, BitSet> audiences;

  /** Who wants routes with these targets, by place in the roster; only asked, not walked. */
  private final HashMap<RouteTargets, BitSet> interested = new HashMap<>();

  /** Keys to be withdrawn, by those who are told. */
  private final Map<BitSet, RouteBlock.Builder> withdrawn = new LinkedHashMap<>();

  /** What is said behind the withdrawals, and to whom. */
  private final List<Announcement> announcements = new ArrayList<>();

  private record Announcement(BitSet told, List<Message> messages) {}

  Broadcast(Advertising advertising, Roster roster, Map<Integer, BitSet> audiences) {
    this.advertising = advertising;
    this.roster = roster;
    this.audiences = audiences;
  }

  /** Tells of what changed. */
  void tell(List<RibChange> changes) {
    var batches = new LinkedHashMap<Kind, Batch>();
    Optional<Batch> last = Optional.empty();
    for (var change : changes) {
      if (last.isEmpty() || !last.get().takes(change)) {
        var kind = Kind.of(change);
        last = Optional.of(batches.computeIfAbsent(kind, _ -> new Batch(change)));
      }
      last.get().changes.add(change);
    }
    batches.values().forEach(this::tell);
    withdrawn.forEach(
        (told, keys) -> say(told, UpdatePacking.withdraw(keys.build(), Message.MAX_LENGTH)));
    announcements.forEach(announcement -> say(announcement.told, announcement.messages));
  }

  private void say(BitSet told, List<Message> messages) {
    roster.forEach(told, recipient -> recipient.say(messages));
  }

  /** Tells of all best paths of EVPN as they stand, to peers that were told nothing of them. */
  void tellAll(Iterable<RibEntry> entries) {
    var batches = new LinkedHashMap<Likeness, List<Candidate>>();
    for (var entry : entries) {
      var path = entry.best().orElseThrow();
      batches.computeIfAbsent(path.likeness(), _ -> new ArrayList<>()).add(path);
    }
    batches.values().forEach(this::tellNew);
    announcements.forEach(announcement -> say(announcement.told, announcement.messages));
  }

  private record Kind(Optional<Likeness> before, Optional<Likeness> after) {
    static Kind of(RibChange change) {
      return new Kind(
          change.before().map(Candidate::likeness), change.after().map(Candidate::likeness));
    }
  }

  /** Changes of one kind; of the paths the first stands for all. */
  private static final class Batch {
    final Optional<Candidate> before;
    final Optional<Candidate> after;
    final List<RibChange> changes = new ArrayList<>();

    Batch(RibChange first) {
      before = first.before();
      after = first.after();
    }

    boolean takes(RibChange change) {
      return areAlike(before, change.before()) && areAlike(after, change.after());
    }

    /** The best paths now of such changes, in a batch that has some. */
    List<Candidate> paths(Predicate<RibChange> which) {
      var paths = new ArrayList<Candidate>(changes.size());
      for (var change : changes) {
        if (which.test(change)) {
          paths.add(change.chosenAfter().getFirst());
        }
      }
      return paths;
    }

    private static boolean areAlike(Optional<Candidate> one, Optional<Candidate> other) {
      return one.isPresent() == other.isPresent()
          && (one.isEmpty() || one.get().isLike(other.orElseThrow()));
    }
  }

  private void tell(Batch batch) {
    var withdrawnFrom = new BitSet();
    var origins = new BitSet();
    batch.before.ifPresent(path -> roster.addOrigins(path, origins));
    batch.after.ifPresent(path -> roster.addOrigins(path, origins));
    audiences.forEach(
        (audience, members) -> {
          var alike = alike(batch, members, origins);
          if (!alike.isEmpty()) {
            withdrawnFrom.or(tell(batch, advertising.audience(audience).longest(), alike));
          }
        });
    if (!withdrawnFrom.isEmpty()) {
      var keys =
          withdrawn.computeIfAbsent(
              withdrawnFrom, _ -> new RouteBlock.Builder(batch.changes.size()));
      batch.changes.forEach(change -> change.appendKeyTo(keys));
    }
  }

  /**
   * Those who hear the same. Those that a path came from are told alone, its originator too: not
   * for what others of its rule do.
   */
  private BitSet alike(Batch batch, BitSet members, BitSet origins) {
    var alone = (BitSet) members.clone();
    alone.and(origins);
    roster.forEach(
        alone, origin -> batch.changes.forEach(change -> advertising.tell(origin, change)));
    return without(members, alone);
  }

  /** Announces to peers of one rule; who of them is to be told that the routes are gone. */
  private BitSet tell(Batch batch, int longest, BitSet alike) {
    var any = roster.at(alike.nextSetBit(0));
    var told = batch.before.flatMap(path -> advertising.export(any, path));
    var due = batch.after.flatMap(path -> advertising.export(any, path));
    var knew = told.isEmpty() ? new BitSet() : wanting(batch.before, alike);
    var hears = due.isEmpty() ? new BitSet() : wanting(batch.after, alike);
    var gone = without(knew, hears);
    var added = without(hears, knew);
    roster.forEach(gone, recipient -> recipient.sent -= batch.changes.size());
    roster.forEach(added, recipient -> recipient.sent += batch.changes.size());
    if (due.isPresent()) {
      boolean same = told.equals(due);
      announce(batch.paths(_ -> true), due.get(), longest, same ? added : hears);
      if (same) { // what is not key may differ
        var relabelled = batch.paths(Broadcast::isRelabelled);
        announce(relabelled, due.get(), longest, without(hears, added));
      }
    }
    return gone;
  }

  private static boolean isRelabelled(RibChange change) {
    return !change.after().orElseThrow().saysRouteOf(change.before().orElseThrow());
  }

  private static BitSet without(BitSet those, BitSet others) {
    var left = (BitSet) those.clone();
    left.andNot(others);
    return left;
  }

  private BitSet wanting(Optional<Candidate> path, BitSet those) {
    var left = (BitSet) those.clone();
    path.ifPresent(wanted -> left.and(interested(wanted)));
    return left;
  }

  private void announce(
      List<Candidate> paths, PathAttributes attributes, int longest, BitSet told) {
    if (paths.isEmpty() || told.isEmpty()) {
      return;
    }
    var block = new RouteBlock.Builder(paths.size());
    paths.forEach(path -> path.appendTo(block));
    announcements.add(
        new Announcement(told, UpdatePacking.announce(attributes, block.build(), longest)));
  }

  private void tellNew(List<Candidate> paths) {
    var path = paths.getFirst();
    audiences.forEach(
        (audience, members) -> {
          var told = new BitSet();
          var due = Optional.<PathAttributes>empty();
          var wanting = wanting(Optional.of(path), members);
          for (int at = wanting.nextSetBit(0); at >= 0; at = wanting.nextSetBit(at + 1)) {
            var heard = advertising.export(roster.at(at), path);
            if (heard.isPresent()) {
              due = heard;
              told.set(at);
              roster.at(at).sent += paths.size();
            }
          }
          int longest = advertising.audience(audience).longest();
          due.ifPresent(attributes -> announce(paths, attributes, longest, told));
        });
  }

  private BitSet interested(Candidate path) {
    var targets = new RouteTargets(path.attributes().routeTargets());
    return interested.computeIfAbsent(targets, carried -> roster.interested(carried.list()));
  }
}
