package io.weft.simulation;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Locale;

/** The last of what happened, for who reads why a run failed. */
final class LastEvents {
  private record Event(long nanos, String who, String what) {}

  private final int most;
  private final ArrayDeque<Event> events = new ArrayDeque<>();

  /** {@code most}: so many are kept, 1 or more. */
  LastEvents(int most) {
    this.most = most;
  }

  /** {@code nanos}: since the world began. */
  void add(long nanos, String who, String what) {
    if (events.size() == most) {
      events.remove();
    }
    events.add(new Event(nanos, who, what));
  }

  /** A line each: seconds, who, what; the oldest first. */
  List<String> lines() {
    return events.stream().map(LastEvents::line).toList();
  }

  private static String line(Event event) {
    return String.format(Locale.ROOT, "%.6f %s %s", event.nanos() / 1e9, event.who(), event.what());
  }
}
