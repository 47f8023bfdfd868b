package io.weft.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The time of a machine: the world's, or, while the machine is apart, its own. Then the world goes
 * on, and what comes to the machine waits for a while, or until somebody looks at the machine or
 * does something to it. All of it happens then, each thing at its time. So one machine thinks for a
 * while, and what it needs is read from memory once; that is on any thread, since it concerns no
 * other, and the thread of the world waits for it only when the next of it is to be begun.
 */
final class OwnTime {
  /** What has come waits no longer than this, and the world hears of it within as long again. */
  private static final long MOST_NANOS = 100_000_000;

  private final Timeline world;
  private final Timeline own = new Timeline(Crew.ALONE);
  private boolean apart;
  private int times;
  private int passes;

  /** What has come and was not begun with. */
  private List<Timeline.Planned> waiting = new ArrayList<>();

  private Optional<Crew.Begun> begun = Optional.empty();

  /** What the world is to know of: written by whoever works, read after the join. */
  private final List<Runnable> told = new ArrayList<>();

  OwnTime(Timeline world) {
    this.world = world;
  }

  /** What happens to the machine happens by this. */
  Timeline timeline() {
    return apart ? own : world;
  }

  boolean isApart() {
    return apart;
  }

  /** How often what waited was given to the crew. */
  int passes() {
    return passes;
  }

  /** The machine is behind the world from now on; false where the world waits for nobody. */
  boolean leave(Machine machine) {
    if (!world.isPatient()) {
      return false;
    }
    apart = true;
    world.leaves(machine);
    lookLater(machine, ++times);
    return true;
  }

  /** What waits by then is worked off; a machine to which nothing comes is apart no more. */
  private void lookLater(Machine machine, int mine) {
    world.after(
        MOST_NANOS,
        () -> {
          if (times == mine) {
            join();
          }
          if (times == mine) { // what the world was told may have brought it back
            if (waiting.isEmpty()) {
              machine.comeBack();
            } else {
              give();
              lookLater(machine, mine);
            }
          }
        });
  }

  /** A message has come to who is apart; it is taken in some time. */
  void come(Runnable taking) {
    waiting.add(new Timeline.Planned(world.now(), true, taking));
  }

  private void give() {
    var given = waiting;
    waiting = new ArrayList<>();
    passes++;
    long last = world.now() - 1; // more may come now
    begun = Optional.of(world.crew().begin(() -> pass(given, last)));
  }

  /** All that happens to who is apart until now has happened, and it is where the world is. */
  void comeBack(Machine machine) {
    join();
    var given = waiting;
    waiting = new ArrayList<>();
    try {
      pass(given, world.isHappening() ? world.now() - 1 : world.now());
    } finally {
      tellAll();
    }
    returned(machine);
    own.drain().forEach(world::plan);
  }

  private void returned(Machine machine) {
    apart = false;
    times++;
    world.cameBack(machine);
  }

  private void pass(List<Timeline.Planned> given, long last) {
    given.forEach(own::plan);
    own.runUntil(last);
  }

  private void join() {
    var work = begun;
    begun = Optional.empty();
    try {
      work.ifPresent(Crew.Begun::join);
    } finally {
      tellAll();
    }
  }

  /** The world is told; of who is apart, when it looks. */
  void tell(Runnable what) {
    if (apart) {
      told.add(what);
    } else {
      what.run();
    }
  }

  /** What is told may have somebody look at this machine. */
  private void tellAll() {
    var all = List.copyOf(told);
    told.clear();
    all.forEach(Runnable::run);
  }

  /** Nothing more happens to who is apart; nobody works for it. */
  void abandon(Machine machine) {
    var work = begun;
    begun = Optional.empty();
    waiting.clear();
    try {
      work.ifPresent(Crew.Begun::join);
    } finally {
      told.clear();
      returned(machine);
    }
  }
}
