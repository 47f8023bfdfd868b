package io.weft.simulation;

import java.util.PriorityQueue;

/** The virtual clock and what is to happen; at one instant things happen as they were asked for. */
final class Timeline {
  /** More happenings at one instant mean that it never ends. */
  static final int MOST_AT_ONE_INSTANT = 1_000_000;

  private record Happening(long atNanos, long number, Runnable action)
      implements Comparable<Happening> {
    @Override
    public int compareTo(Happening other) {
      int order = Long.compare(atNanos, other.atNanos);
      return order != 0 ? order : Long.compare(number, other.number);
    }
  }

  private final PriorityQueue<Happening> happenings = new PriorityQueue<>();
  private long now;
  private long count;
  private int atThisInstant;

  /** Nanoseconds since the world began. */
  long now() {
    return now;
  }

  /** Asks for an action; a time in the past means now. */
  void at(long atNanos, Runnable action) {
    happenings.add(new Happening(Math.max(now, atNanos), count++, action));
  }

  void after(long nanos, Runnable action) {
    at(now + nanos, action);
  }

  /** Lets everything happen that is due by then, the last instant included. */
  void runUntil(long until) {
    while (!happenings.isEmpty() && happenings.peek().atNanos() <= until) {
      var next = happenings.remove();
      atThisInstant = next.atNanos() == now ? atThisInstant + 1 : 0;
      if (atThisInstant > MOST_AT_ONE_INSTANT) {
        throw new IllegalStateException("time stands still at " + now + " ns");
      }
      now = next.atNanos();
      next.action().run();
    }
    now = Math.max(now, until);
  }
}
