package io.weft.agent.kernel;

import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads now and then what the packet filters have stopped, and says in the log at which ports and
 * from which addresses that goes on: of each once a minute.
 */
final class GuardWatch {
  private static final Logger LOG = LoggerFactory.getLogger(GuardWatch.class);

  /** Looks at names come once a second; counters are read at each second of these. */
  private static final int LOOKS_PER_READ = 3;

  private static final int LOOKS_PER_SWEEP = 10;
  private static final long QUIET_NANOS = 60_000_000_000L;

  /** Lines at one look at most; the others come with the next. */
  private static final int MAX_LINES = 20;

  private final Map<String, Long> said = new TreeMap<>();
  private final StopTotals totals = new StopTotals();
  private volatile GuardView view = GuardView.NONE;
  private long looks;

  GuardView view() {
    return view;
  }

  /** Once a second, on the kernel's thread. */
  void look(long now, KernelTables tables) {
    looks++;
    if (looks % LOOKS_PER_SWEEP == 0) {
      tables.sweepVteps();
    }
    if (looks % LOOKS_PER_READ == 0) {
      var before = view;
      view = totals.count(before, tables.guards());
      said.values().removeIf(when -> now - when > QUIET_NANOS);
      Guards.news(before, view)
          .filter(news -> !said.containsKey(news.subject()))
          .limit(MAX_LINES)
          .forEach(
              news -> {
                said.put(news.subject(), now);
                LOG.warn("stopped at {}: {}", news.subject(), news.what());
              });
    }
  }
}
