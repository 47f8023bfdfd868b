package io.weft.overlay.node;

import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.node.ForeignView.Change;
import io.weft.overlay.node.ForeignView.Count;
import io.weft.overlay.node.ForeignView.Deed;
import io.weft.overlay.node.NodeEvent.Observation;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * What others do to objects of ours in the kernel: what was changed and since when, and when it was
 * as it shall be again. The kernel does not say who it was. The plan mends it.
 */
final class ForeignChanges {
  /** Lines in the log in one {@link #PERIOD}; others are counted. */
  static final int MAX_LINES = 20;

  static final Duration PERIOD = Duration.ofMinutes(1);

  /** Mended ones that are remembered; of older ones the counters tell. */
  static final int MAX_RECENT = 100;

  /** Those of which is remembered since when they wait for being mended; others are counted. */
  static final int MAX_OPEN = 4096;

  private final ForwardingPlan plan;
  private final Effects effects;
  private final EnumMap<ForwardingKey.Kind, EnumMap<Deed, Long>> counts =
      new EnumMap<>(ForwardingKey.Kind.class);
  private final TreeMap<ForwardingKey, Change> open = new TreeMap<>();
  private final ArrayDeque<Change> recent = new ArrayDeque<>();
  private long mended;
  private long slowestNanos;
  private long linesSince;
  private int lines;

  ForeignChanges(ForwardingPlan plan, Effects effects) {
    this.plan = plan;
    this.effects = effects;
  }

  /** Before the plan takes them: what it believed to stand is what was changed. */
  void see(long now, List<Observation> observations) {
    for (var seen : observations) {
      if (!seen.consequence()) {
        deed(seen).ifPresent(deed -> note(now, seen, deed));
      }
    }
  }

  /** Empty when it is as it shall be, or is on its way there. */
  private Optional<Deed> deed(Observation seen) {
    var wanted = plan.desired(seen.key()).map(ForwardingObject::observable);
    if (seen.object().equals(wanted) || seen.object().equals(plan.realized(seen.key()))) {
      return Optional.empty();
    }
    if (wanted.isEmpty()) {
      return seen.object().map(_ -> Deed.ADDED);
    }
    if (plan.realized(seen.key()).isEmpty()) {
      return Optional.empty(); // it was not there yet, or is being mended
    }
    return Optional.of(seen.object().isEmpty() ? Deed.DELETED : Deed.CHANGED);
  }

  private void note(long now, Observation seen, Deed deed) {
    counts
        .computeIfAbsent(seen.key().kind(), _ -> new EnumMap<>(Deed.class))
        .merge(deed, 1L, Long::sum);
    var found = seen.object().map(ForwardingObject::toString).orElse("");
    if (open.size() < MAX_OPEN) {
      open.putIfAbsent(seen.key(), new Change(seen.key(), deed, found, now, OptionalLong.empty()));
    }
    say(now, seen.key(), deed, found);
  }

  private void say(long now, ForwardingKey key, Deed deed, String found) {
    if (lines == 0 || now - linesSince >= PERIOD.toNanos()) {
      if (lines > MAX_LINES) {
        effects.report("kernel", (lines - MAX_LINES) + " lines about foreign changes left out");
      }
      linesSince = now;
      lines = 0;
    }
    if (++lines <= MAX_LINES) {
      effects.report(
          "kernel",
          switch (deed) {
            case DELETED ->
                "someone else deleted "
                    + key
                    + (key.kind() == ForwardingKey.Kind.PORT
                        ? "; attach its endpoint again"
                        : "; it is made again");
            case CHANGED -> "someone else changed " + key + " to " + found + "; it is set right";
            case ADDED -> "someone else added " + found + " to tables of ours; it is removed";
          });
    }
  }

  /** After a step: those of which the kernel now holds what is wanted are mended. */
  void settle(long now) {
    if (open.isEmpty()) {
      return;
    }
    for (var change : List.copyOf(open.values())) {
      boolean wanted = plan.desired(change.key()).isPresent();
      if (!wanted && change.deed() != Deed.ADDED) {
        open.remove(change.key()); // given up, as the endpoint of a port that was deleted
      } else if (wanted ? plan.isRealized(change.key()) : plan.isGone(change.key())) {
        open.remove(change.key());
        mended++;
        slowestNanos = Math.max(slowestNanos, now - change.sinceNanos());
        recent.addLast(change.mendedAt(now));
        if (recent.size() > MAX_RECENT) {
          recent.removeFirst();
        }
      }
    }
  }

  ForeignView view() {
    var rows = new ArrayList<Count>();
    counts.forEach(
        (kind, deeds) -> deeds.forEach((deed, count) -> rows.add(new Count(kind, deed, count))));
    return new ForeignView(
        rows, mended, slowestNanos, List.copyOf(open.values()), List.copyOf(recent));
  }
}
