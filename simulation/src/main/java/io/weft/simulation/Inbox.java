package io.weft.simulation;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** What has come to a machine over the network and was not taken. */
final class Inbox {
  private record Unread(Arrival arrival, Runnable read) {}

  private final int limit;
  private final List<Arrival> arrivals = new ArrayList<>();

  /** What came while there was no room, or nobody read: it waits in TCP. */
  private final ArrayDeque<Unread> unread = new ArrayDeque<>();

  private long since;

  /** {@code limit}: arrivals that have left TCP, at most. */
  Inbox(int limit) {
    this.limit = limit;
  }

  /**
   * Something comes.
   *
   * @param reads whether somebody reads
   * @param read done as soon as it leaves TCP
   */
  void add(long now, Arrival arrival, boolean reads, Runnable read) {
    if (waiting() == 0) {
      since = now;
    }
    if (reads && unread.isEmpty() && arrivals.size() < limit) {
      arrivals.add(arrival);
      read.run();
    } else {
      unread.add(new Unread(arrival, read));
    }
  }

  /** As much as there is room for; what waits behind it leaves TCP then. */
  List<Arrival> take(long now) {
    fill();
    var taken = List.copyOf(arrivals);
    arrivals.clear();
    fill();
    since = now;
    return taken;
  }

  private void fill() {
    while (!unread.isEmpty() && arrivals.size() < limit) {
      var next = unread.remove();
      arrivals.add(next.arrival());
      next.read().run();
    }
  }

  void clear() {
    arrivals.clear();
    unread.clear();
  }

  /** All that came and was not taken. */
  int waiting() {
    return arrivals.size() + unread.size();
  }

  /** What of it has left TCP. */
  int queued() {
    return arrivals.size();
  }

  /** Something waits, and nothing was taken for so long. */
  boolean isBehind(long now, Duration most) {
    return waiting() > 0 && now - since > most.toNanos();
  }
}
