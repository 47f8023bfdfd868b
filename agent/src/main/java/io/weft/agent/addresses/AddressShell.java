package io.weft.agent.addresses;

import io.weft.overlay.ipam.AddressWrite;
import io.weft.overlay.ipam.AddressWrite.Outcome;
import io.weft.overlay.node.NodeEvent;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that owns the store of addresses: reads it, carries out what comes, and tells what
 * others have changed. What it tells of the store is never older than what it told before.
 */
public final class AddressShell implements AutoCloseable {
  /** A change by another node stays unseen for so long at most. */
  static final int WATCH_MILLIS = 500;

  private static final Logger LOG = LoggerFactory.getLogger(AddressShell.class);

  private final AddressStore store;
  private final Consumer<NodeEvent> events;

  /** The brain has one write of each record under way, so there always is room. */
  private final BlockingQueue<AddressWrite> writes =
      new ArrayBlockingQueue<>(2 * AddressStore.MAX_RECORDS);

  private final Thread thread;
  private volatile boolean stopping;

  // Of the thread alone.
  private Optional<NodeEvent> told = Optional.empty();
  private boolean unread = true;

  /**
   * Owns the store.
   *
   * @param events takes what happens; may block
   */
  public AddressShell(AddressStore store, Consumer<NodeEvent> events) {
    this.store = store;
    this.events = events;
    this.thread = Thread.ofPlatform().name("addresses").daemon(true).unstarted(this::run);
  }

  /** Begins by reading the store; once. */
  public synchronized void start() {
    if (thread.getState() == Thread.State.NEW) {
      thread.start();
    }
  }

  /** Hands over a change. */
  public void write(AddressWrite write) {
    writes.add(write);
  }

  /** What is wrong with the store although it can be read, a line each. */
  public List<String> problems() {
    return store.problems();
  }

  private void run() {
    try {
      while (!stopping) {
        watch();
        var write = writes.poll(WATCH_MILLIS, TimeUnit.MILLISECONDS);
        while (write != null) {
          events.accept(new NodeEvent.AddressWritten(write, carryOut(write)));
          write = writes.poll();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.error("the store of addresses is not looked after any more; this is a defect of Weft", e);
      events.accept(
          new NodeEvent.AddressesUnreadable("the store of addresses: the agent failed: " + e));
    }
  }

  private void watch() {
    try {
      if (unread || store.mayHaveChanged()) {
        read();
      }
    } catch (IOException e) {
      unread = true;
      events.accept(
          new NodeEvent.AddressesUnreadable(
              "the store of addresses cannot be read: " + e.getMessage()));
    }
  }

  private void read() throws IOException {
    var state = store.read();
    var seen = new NodeEvent.AddressesSeen(state, store.isCopy());
    if (unread || !told.equals(Optional.of(seen))) {
      told = Optional.of(seen);
      events.accept(seen);
    }
    unread = false;
  }

  /** Whatever came of it, it is told with a picture of what the store holds now. */
  private Outcome carryOut(AddressWrite write) {
    try {
      boolean done = store.write(write);
      read();
      return done ? new Outcome.Done() : new Outcome.Refused();
    } catch (IOException e) {
      unread = true;
      return new Outcome.Failed("the store of addresses cannot be written: " + e.getMessage());
    }
  }

  /** Stops and waits for the end; a write that is under way is finished. */
  @Override
  public void close() throws IOException {
    stopping = true;
    try {
      thread.join(TimeUnit.SECONDS.toMillis(6));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    store.close();
  }
}
