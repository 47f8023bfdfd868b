package io.weft.bgp.speaker;

import io.weft.bgp.rib.Candidate;
import io.weft.bgp.rib.Candidate.Likeness;
import io.weft.bgp.rib.RibChange;
import io.weft.bgp.rib.RibEntry;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.RouteBlock;
import io.weft.bgp.wire.UpdatePacking;
import io.weft.net.RouteTarget;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

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
  private final List<Recipient> recipients;
  private final boolean constrained;

  /** Who wants routes with these targets, by place among the recipients; only asked, not walked. */
  private final HashMap<List<RouteTarget>, BitSet> interested = new HashMap<>();

  /** Keys to be withdrawn, by those who are told. */
  private final Map<BitSet, RouteBlock.Builder> withdrawn = new LinkedHashMap<>();

  /** What is said behind the withdrawals, and to whom. */
  private final List<Announcement> announcements = new ArrayList<>();

  private record Announcement(BitSet told, List<Message> messages) {}

  Broadcast(Advertising advertising, List<Recipient> recipients) {
    this.advertising = advertising;
    this.recipients = recipients;
    this.constrained = recipients.stream().anyMatch(told -> told.interest.isPresent());
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
    told.stream().forEach(at -> recipients.get(at).say(messages));
  }

  /** Tells of all best paths as they stand, to peers that have been told nothing of them. */
  void tellAll(Iterable<RibEntry> entries) {
    var batches = new LinkedHashMap<Likeness, List<Candidate>>();
    for (var entry : entries) {
      if (entry.family().equals(Family.L2VPN_EVPN)) {
        var path = entry.best().orElseThrow();
        batches.computeIfAbsent(path.likeness(), _ -> new ArrayList<>()).add(path);
      }
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

    /** The best paths now, of a batch that has some. */
    List<Candidate> paths() {
      var paths = new ArrayList<Candidate>(changes.size());
      for (var change : changes) {
        paths.add(change.chosenAfter().getFirst());
      }
      return paths;
    }

    private static boolean areAlike(Optional<Candidate> one, Optional<Candidate> other) {
      return one.isPresent() == other.isPresent()
          && (one.isEmpty() || one.get().isLike(other.orElseThrow()));
    }
  }

  /** What the peers of one rule hear of a batch, but for those that the path came from. */
  private static final class Outcome {
    final Optional<PathAttributes> told;
    final Optional<PathAttributes> due;
    final BitSet announced = new BitSet();
    final BitSet relabelled = new BitSet();

    Outcome(Optional<PathAttributes> told, Optional<PathAttributes> due) {
      this.told = told;
      this.due = due;
    }
  }

  private void tell(Batch batch) {
    var outcomes = new TreeMap<Integer, Outcome>(); // by audience, of which there are few
    var wanted = batch.before.flatMap(this::interested);
    var wants = batch.after.flatMap(this::interested);
    var withdrawnFrom = new BitSet();
    int count = batch.changes.size();
    for (int at = 0; at < recipients.size(); at++) {
      var recipient = recipients.get(at);
      if (isOrigin(recipient, batch.before) || isOrigin(recipient, batch.after)) {
        batch.changes.forEach(change -> advertising.tell(recipient, change));
        continue;
      }
      var outcome =
          outcomes.computeIfAbsent(
              advertising.audience(recipient),
              _ ->
                  new Outcome(
                      batch.before.flatMap(path -> advertising.export(recipient, path)),
                      batch.after.flatMap(path -> advertising.export(recipient, path))));
      boolean told = outcome.told.isPresent() && contains(wanted, at);
      boolean due = outcome.due.isPresent() && contains(wants, at);
      if (told && !due) {
        withdrawnFrom.set(at);
        recipient.sent -= count;
      } else if (due) {
        recipient.sent += told ? 0 : count;
        (told && outcome.told.equals(outcome.due) ? outcome.relabelled : outcome.announced).set(at);
      }
    }
    outcomes.forEach(
        (audience, outcome) -> announce(batch, advertising.audience(audience).longest(), outcome));
    if (!withdrawnFrom.isEmpty()) {
      var keys = withdrawn.computeIfAbsent(withdrawnFrom, _ -> new RouteBlock.Builder(count));
      batch.changes.forEach(change -> change.appendKeyTo(keys));
    }
  }

  private void announce(Batch batch, int longest, Outcome outcome) {
    if (!outcome.announced.isEmpty()) {
      announce(batch.paths(), outcome.due.orElseThrow(), longest, outcome.announced);
    }
    if (!outcome.relabelled.isEmpty()) { // told the same attributes: what is not key may differ
      var paths =
          batch.changes.stream()
              .filter(
                  change ->
                      !change.after().orElseThrow().saysRouteOf(change.before().orElseThrow()))
              .map(change -> change.after().orElseThrow())
              .toList();
      announce(paths, outcome.due.orElseThrow(), longest, outcome.relabelled);
    }
  }

  private void announce(
      List<Candidate> paths, PathAttributes attributes, int longest, BitSet told) {
    if (paths.isEmpty()) {
      return;
    }
    var block = new RouteBlock.Builder(paths.size());
    paths.forEach(path -> path.appendTo(block));
    announcements.add(
        new Announcement(told, UpdatePacking.announce(attributes, block.build(), longest)));
  }

  private void tellNew(List<Candidate> paths) {
    var wants = interested(paths.getFirst());
    var audiences = new TreeMap<Integer, BitSet>();
    for (int at = 0; at < recipients.size(); at++) {
      var recipient = recipients.get(at);
      if (contains(wants, at)
          && advertising.ruling(recipient, paths.getFirst()).passed().isPresent()) {
        recipient.sent += paths.size();
        audiences.computeIfAbsent(advertising.audience(recipient), _ -> new BitSet()).set(at);
      }
    }
    audiences.forEach(
        (audience, told) -> {
          var any = recipients.get(told.nextSetBit(0));
          var due = advertising.export(any, paths.getFirst()).orElseThrow();
          announce(paths, due, advertising.audience(audience).longest(), told);
        });
  }

  /** True when the peer said the path, or is its originator: not for what others of its rule do. */
  private static boolean isOrigin(Recipient recipient, Optional<Candidate> path) {
    return path.isPresent()
        && (path.get().source().address().equals(recipient.to.address())
            || path.get().originator().equals(recipient.to.routerId()));
  }

  private static boolean contains(Optional<BitSet> interested, int at) {
    return interested.isEmpty() || interested.get().get(at);
  }

  /** Who wants the path; empty: all. */
  private Optional<BitSet> interested(Candidate path) {
    if (!constrained) {
      return Optional.empty();
    }
    return Optional.of(
        interested.computeIfAbsent(
            path.attributes().routeTargets(),
            _ -> {
              var those = new BitSet();
              for (int at = 0; at < recipients.size(); at++) {
                those.set(at, recipients.get(at).wants(path));
              }
              return those;
            }));
  }
}
