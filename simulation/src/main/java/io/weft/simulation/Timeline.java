package io.weft.simulation;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The virtual clock and what is to happen; at one instant first comes what comes over the network,
 * and then things happen as they were asked for.
 *
 * <p>A brain's step may be under way while time goes on: what follows from it is done later, as of
 * the time of the step ({@link #asOf}), before anybody can have noticed.
 */
final class Timeline {
  /** More happenings at one instant mean that it never ends. */
  static final int MOST_AT_ONE_INSTANT = 1_000_000;

  private record Happening(long atNanos, boolean comes, long number, Runnable action)
      implements Comparable<Happening> {
    @Override
    public int compareTo(Happening other) {
      int order = Long.compare(atNanos, other.atNanos);
      order = order != 0 ? order : Boolean.compare(other.comes, comes);
      return order != 0 ? order : Long.compare(number, other.number);
    }
  }

  /** Something that is to happen. */
  record Planned(long atNanos, boolean comes, Runnable action) {}

  private final Crew crew;
  private final PriorityQueue<Happening> happenings = new PriorityQueue<>();

  /** Whose steps are under way, in the order in which these began. */
  private final LinkedHashSet<Machine> thinking = new LinkedHashSet<>();

  /** Machines that are behind, in the order in which they began to be. */
  private final LinkedHashSet<Machine> apart = new LinkedHashSet<>();

  private boolean patient;

  private long now;

  /** How far time has come; {@link #now} is behind it within {@link #asOf}. */
  private long front;

  private long count;
  private int atThisInstant;

  /** Something happens just now, and at the same instant more may. */
  private boolean happening;

  /** {@code crew}: who does what the machines think. */
  Timeline(Crew crew) {
    this.crew = crew;
  }

  /** Nanoseconds since the world began. */
  long now() {
    return now;
  }

  /** Who does what the machines think. */
  Crew crew() {
    return crew;
  }

  /** Asks for an action; a time in the past means now. */
  void at(long atNanos, Runnable action) {
    plan(new Planned(atNanos, false, action));
  }

  /** Something comes over the network at that time: likewise. */
  void comes(long atNanos, Runnable action) {
    plan(new Planned(atNanos, true, action));
  }

  void plan(Planned that) {
    long when = Math.max(front, that.atNanos());
    happenings.add(new Happening(when, that.comes(), count++, that.action()));
  }

  void after(long nanos, Runnable action) {
    at(now + nanos, action);
  }

  /**
   * Whether machines may be behind where nobody can tell ({@link OwnTime}); at first they may not.
   */
  boolean isPatient() {
    return patient;
  }

  /** From now on they may. */
  void bePatient() {
    patient = true;
  }

  /** From now on they may not, and nobody is. */
  void hurry() {
    patient = false;
    comeBack();
  }

  /** Nobody is behind now. */
  void comeBack() {
    while (!apart.isEmpty()) {
      apart.getFirst().comeBack();
    }
  }

  /** A machine is behind from now on. */
  void leaves(Machine machine) {
    apart.add(machine);
  }

  /** It is so no more. */
  void cameBack(Machine machine) {
    apart.remove(machine);
  }

  /** All that is to happen, in its order; nothing is, after that. */
  List<Planned> drain() {
    var planned = new ArrayList<Planned>();
    while (!happenings.isEmpty()) {
      var next = happenings.remove();
      planned.add(new Planned(next.atNanos(), next.comes(), next.action()));
    }
    return planned;
  }

  /** Does it as if it were still that time; what it asks for happens now at the earliest. */
  void asOf(long then, Runnable action) {
    long here = now;
    now = then;
    try {
      action.run();
    } finally {
      now = here;
    }
  }

  /** Begins a step of the machine, which is finished before {@link #runUntil} comes back. */
  Crew.Begun begin(Machine machine, Runnable thought) {
    thinking.add(machine);
    return crew.begin(thought);
  }

  void hasThought(Machine machine) {
    thinking.remove(machine);
  }

  /**
   * Lets everything happen that is due by then, the last instant included.
   *
   * @throws RuntimeException what the first action or step threw that did so; no step is under way
   *     then either
   */
  void runUntil(long until) {
    try {
      do {
        happen(until);
        settle();
      } while (!happenings.isEmpty() && happenings.peek().atNanos() <= until);
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
    front = Math.max(front, until);
    now = front;
  }

  /** What comes of all steps that are under way is done now. */
  void settle() {
    while (!thinking.isEmpty()) {
      thinking.getFirst().finishStep();
    }
  }

  /** Afterwards nobody thinks any more; nothing comes of what was thought. */
  void abandon(Throwable first) {
    while (!thinking.isEmpty()) {
      abandon(thinking.getFirst()::abandon, first);
    }
    while (!apart.isEmpty()) {
      abandon(apart.getFirst()::abandonOwnTime, first);
    }
  }

  private static void abandon(Runnable machine, Throwable first) {
    try {
      machine.run();
    } catch (RuntimeException | Error e) {
      if (!e.equals(first)) {
        first.addSuppressed(e);
      }
    }
  }

  private void happen(long until) {
    while (!happenings.isEmpty() && happenings.peek().atNanos() <= until) {
      var next = happenings.remove();
      atThisInstant = next.atNanos() == front ? atThisInstant + 1 : 0;
      if (atThisInstant > MOST_AT_ONE_INSTANT) {
        throw new IllegalStateException("time stands still at " + front + " ns");
      }
      front = next.atNanos();
      now = front;
      happening = true;
      try {
        next.action().run();
      } finally {
        happening = false;
      }
    }
  }

  /** True within what happens: more may happen at this very instant. */
  boolean isHappening() {
    return happening;
  }
}
