package io.weft.cli;

import io.weft.simulation.Crew;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The machines of a simulation think on several threads: that of the run, and some more. Work that
 * nobody has begun when it is needed is done by the run itself, so that it never waits for a thread
 * that does not get a processor. Steps take microseconds: who has nothing to do looks again for a
 * while before it sleeps.
 */
final class ThinkingCrew implements Crew, AutoCloseable {
  private static final int LOOKS = 1_000;
  private static final long SLEEP_NANOS = 1_000_000;
  private static final long WAIT_NANOS = 20_000;

  private final ConcurrentLinkedQueue<Work> waiting = new ConcurrentLinkedQueue<>();
  private final List<Thinker> thinkers = new ArrayList<>();
  private volatile boolean closed;

  /** {@code threads}: with that of the run, 1 or more. */
  ThinkingCrew(int threads) {
    for (int i = 1; i < threads; i++) {
      var thinker = new Thinker("think-" + i);
      thinker.setDaemon(true);
      thinkers.add(thinker);
      thinker.start();
    }
  }

  @Override
  public Begun begin(Runnable work) {
    if (thinkers.isEmpty()) {
      return Crew.ALONE.begin(work);
    }
    for (var first = waiting.peek(); first != null && first.isBegun(); first = waiting.peek()) {
      waiting.poll(); // by the run; another that goes with it is begun when it is joined
    }
    var begun = new Work(work);
    waiting.add(begun);
    for (var thinker : thinkers) {
      if (thinker.asleep) {
        LockSupport.unpark(thinker);
        break;
      }
    }
    return begun;
  }

  /** Waits for what its threads have begun; what none has, is done by who joins it. */
  @Override
  public void close() {
    closed = true;
    thinkers.forEach(LockSupport::unpark);
    boolean interrupted = false;
    for (var thinker : thinkers) {
      while (thinker.isAlive()) {
        try {
          thinker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Work implements Begun {
    private static final int WAITS = 0;
    private static final int IS_DONE = 1;
    private static final int DONE = 2;

    private final Runnable work;
    private final AtomicInteger state = new AtomicInteger(WAITS);
    private Optional<Throwable> thrown = Optional.empty();

    Work(Runnable work) {
      this.work = work;
    }

    boolean isBegun() {
      return state.get() != WAITS;
    }

    /** False when somebody else has begun it. */
    boolean tryRun() {
      if (!state.compareAndSet(WAITS, IS_DONE)) {
        return false;
      }
      try {
        work.run();
      } catch (RuntimeException | Error e) { // whoever joins is told
        thrown = Optional.of(e);
      }
      state.set(DONE);
      return true;
    }

    @Override
    public void join() {
      if (!tryRun()) {
        int looks = 0;
        while (state.get() != DONE) {
          var other = waiting.poll();
          if (other != null) { // somebody will have to do it
            other.tryRun();
            looks = 0;
          } else if (looks++ < LOOKS) {
            Thread.onSpinWait();
          } else {
            LockSupport.parkNanos(WAIT_NANOS); // the other may need this processor
          }
        }
      }
      switch (thrown.orElse(null)) {
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case null, default -> {}
      }
    }
  }

  private final class Thinker extends Thread {
    private volatile boolean asleep;

    Thinker(String name) {
      super(name);
    }

    @Override
    public void run() {
      int looks = 0;
      while (!closed) {
        var next = waiting.poll();
        if (next != null) {
          next.tryRun();
          looks = 0;
        } else if (looks < LOOKS) {
          looks++;
          Thread.onSpinWait();
        } else {
          sleep();
        }
      }
    }

    private void sleep() {
      asleep = true;
      if (waiting.isEmpty() && !closed) {
        LockSupport.parkNanos(SLEEP_NANOS);
      }
      asleep = false;
    }
  }
}
