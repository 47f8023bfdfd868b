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
 * Frames that were stopped, by port and reason: what the kernel's counters say, and what they said
 * before they began anew because somebody took their table away.
 */
final class StopCounters {
  /** Where the number of the reason stands in a key. */
  private static final int REASON = 16;

  /** One counter of the kernel. */
  private record Counter(String port, StopReason reason) {}

  private static final class Count {
    private long before;
    private long now;
  }

  private final Map<String, EnumMap<StopReason, Count>> counts = new TreeMap<>();
  private int table;

  /**
   * What the counters say now, and with what they had said: the sums.
   *
   * @param made how often the table was made
   */
  Map<String, EnumMap<StopReason, Long>> read(Collection<Element> elements, int made) {
    if (made != table) {
      counts.values().forEach(reasons -> reasons.values().forEach(StopCounters::restart));
      table = made;
    }
    for (var element : elements) {
      if (element.content() instanceof Content.Counter(long packets, _)) {
        counter(element)
            .ifPresent(
                counter ->
                    counts
                            .computeIfAbsent(counter.port(), _ -> new EnumMap<>(StopReason.class))
                            .computeIfAbsent(counter.reason(), _ -> new Count())
                            .now =
                        packets);
      }
    }
    var sums = new TreeMap<String, EnumMap<StopReason, Long>>();
    counts.forEach(
        (port, reasons) -> {
          var sum = new EnumMap<StopReason, Long>(StopReason.class);
          reasons.forEach((reason, count) -> sum.put(reason, count.before + count.now));
          sums.put(port, sum);
        });
    return sums;
  }

  private static void restart(Count count) {
    count.before += count.now;
    count.now = 0;
  }

  private static Optional<Counter> counter(Element element) {
    int number =
        ByteBuffer.wrap(element.key().toArray()).order(ByteOrder.nativeOrder()).getInt(REASON);
    for (var reason : StopReason.values()) {
      if (reason.number == number) {
        return Optional.of(new Counter(PortElements.port(element.key()), reason));
      }
    }
    return Optional.empty();
  }

  void forget(String port) {
    counts.remove(port);
  }
}
