package io.weft.overlay.cluster;

import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Objects that are applied together are seen in any order, since each kind has a watch of its own.
 * So a complaint that may pass is said once it has stood for a moment.
 */
final class Patience {
  private static final long MOMENT = TimeUnit.SECONDS.toNanos(1);

  /** Since when, by subject. */
  private Map<String, Long> since = new TreeMap<>();

  /** What is there now, with nothing said of what has gone or is well again. */
  void see(long now, Iterable<ClusterObject> objects) {
    var next = new TreeMap<String, Long>();
    for (var object : objects) {
      if (object.verdict().complaint().filter(Verdict.Complaint::mayPass).isPresent()) {
        next.put(object.subject(), since.getOrDefault(object.subject(), now));
      }
    }
    since = next;
  }

  /** Nothing is to be said of it yet. */
  boolean waits(long now, String subject) {
    var began = since.get(subject);
    return began != null && now - began < MOMENT;
  }

  /** When something is to be said next. */
  OptionalLong next(long now) {
    return since.values().stream()
        .mapToLong(began -> began + MOMENT)
        .filter(due -> due - now > 0)
        .min();
  }
}
