package io.weft.agent.kernel;

import io.weft.linux.nftables.ElementSet.Content;
import io.weft.linux.nftables.ElementSet.Element;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Frames that were stopped, by port and reason, over the life of one table and of those after it.
 */
final class StopCounters {
  /** Where the number of the reason stands in a key. */
  private static final int REASON = 16;

  /** Counted by tables that are gone. */
  private final TreeMap<String, EnumMap<StopReason, Long>> before = new TreeMap<>();

  /** Before and now. */
  private Map<String, EnumMap<StopReason, Long>> all = new TreeMap<>();

  /** What the table's counters say now. */
  void read(Collection<Element> elements) {
    var now = copy(before);
    for (var element : elements) {
      if (element.content() instanceof Content.Counter(long packets, _)) {
        reason(element)
            .ifPresent(
                reason ->
                    now.computeIfAbsent(
                            PortElements.port(element.key()), _ -> new EnumMap<>(StopReason.class))
                        .merge(reason, packets, Long::sum));
      }
    }
    all = now;
  }

  private static Optional<StopReason> reason(Element element) {
    int number =
        ByteBuffer.wrap(element.key().toArray()).order(ByteOrder.nativeOrder()).getInt(REASON);
    for (var reason : StopReason.values()) {
      if (reason.number == number) {
        return Optional.of(reason);
      }
    }
    return Optional.empty();
  }

  /** The table's counters begin anew. */
  void restart() {
    before.clear();
    before.putAll(copy(all));
  }

  void forget(String port) {
    before.remove(port);
    all.remove(port);
  }

  /** By port, as it was last read. */
  Map<String, EnumMap<StopReason, Long>> all() {
    return copy(all);
  }

  private static Map<String, EnumMap<StopReason, Long>> copy(
      Map<String, EnumMap<StopReason, Long>> from) {
    var copy = new TreeMap<String, EnumMap<StopReason, Long>>();
    from.forEach((port, counts) -> copy.put(port, new EnumMap<>(counts)));
    return copy;
  }
}
