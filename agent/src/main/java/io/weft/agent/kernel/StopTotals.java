package io.weft.agent.kernel;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What was stopped in each tenant's namespace since the agent's start: sums that do not fall when a
 * port goes, and its counters with it. One thread owns it.
 */
final class StopTotals {
  /** Namespaces that are counted, those that have gone among them; frames of others are not. */
  static final int MAX_NAMESPACES = 1024;

  private final TreeMap<String, EnumMap<StopReason, Long>> totals = new TreeMap<>();

  /** The picture with the sums in it. */
  GuardView count(GuardView before, GuardView now) {
    now.stopped()
        .forEach(
            (port, counts) -> {
              var namespace = now.namespaces().getOrDefault(port, "");
              if (totals.containsKey(namespace) || totals.size() < MAX_NAMESPACES) {
                var sums = totals.computeIfAbsent(namespace, _ -> new EnumMap<>(StopReason.class));
                var last = before.stopped().get(port);
                counts.forEach(
                    (reason, count) -> sums.merge(reason, grown(last, reason, count), Long::sum));
              }
            });
    return now.withTotals(copy());
  }

  /** Of a counter that begins anew, what it shows. */
  private static long grown(@Nullable Map<StopReason, Long> last, StopReason reason, long count) {
    long former = last == null ? 0 : last.getOrDefault(reason, 0L);
    return count >= former ? count - former : count;
  }

  private SortedMap<String, Map<StopReason, Long>> copy() {
    var copy = new TreeMap<String, Map<StopReason, Long>>();
    totals.forEach((namespace, sums) -> copy.put(namespace, Map.copyOf(sums)));
    return Collections.unmodifiableSortedMap(copy);
  }
}
