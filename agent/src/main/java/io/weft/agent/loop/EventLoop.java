package io.weft.agent.loop;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one brain on one platform thread. Whoever has an event waits while the queue is full: TCP
 * then holds the peer back. An exception out of the brain is our own mistake: the loop stops and
 * says so, and the kernel goes on forwarding what stands.
 */
public final class EventLoop<E, F> implements AutoCloseable {
  /** Events that wait at most; whoever brings one more waits too. */
  public static final int QUEUE_CAPACITY = 2_048;

  /**
   * Events that the brain takes at once, when so many wait: enough to pack their outcome, and few
   * enough that a timer or a question does not wait for long.
   */
  static final int MAX_BATCH = 256;

  private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);

  private sealed interface Item<E> {
    record Event<E>(E event) implements Item<E> {}

    /** {@code slice} gives the answer, or nothing as long as it is to be called again. */
    record Question<E, T>(Supplier<Optional<T>> slice, CompletableFuture<T> answer)
        implements Item<E> {
      /** True when nothing is left to do. A question changes nothing: only its asker is hurt. */
      boolean go() {
        try {
          if (!answer.isDone()) {
            slice.get().ifPresent(answer::complete);
          }
        } catch (RuntimeException e) {
          LOG.error("a question to the brain failed; this is a defect of Weft", e);
          answer.completeExceptionally(e);
        }
        return answer.isDone();
      }

      void refuse() {
        answer.completeExceptionally(stopping());
      }
    }

    record Stop<E>() implements Item<E> {}
  }

  private final Brain<E, F> brain;
  private final Consumer<F> effects;
  private final Inbox<Item<E>> inbox = new Inbox<>(QUEUE_CAPACITY);
  private final Thread thread;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  /** Questions with slices left; of the loop's thread alone. */
  private final ArrayDeque<Item.Question<E, ?>> unanswered = new ArrayDeque<>();

  /**
   * Makes a loop that {@link #start} starts.
   *
   * @param effects carries out one effect; called on the loop's thread, must not block for long and
   *     must not wait for this loop
   */
  public EventLoop(String name, Brain<E, F> brain, Consumer<F> effects) {
    this.brain = brain;
    this.effects = effects;
    this.thread = Thread.ofPlatform().name(name).daemon(true).unstarted(this::run);
  }

  /** Begins with what has been put already. */
  public void start() {
    thread.start();
  }

  /** Completes when the loop has been closed; exceptionally when the brain failed. */
  public CompletableFuture<Void> ended() {
    return ended;
  }

  /** Events and questions that wait. */
  public int waiting() {
    return inbox.size();
  }

  /** Hands over an event, and waits while the queue is full. Dropped once the loop has ended. */
  public void put(E event) {
    enqueue(List.of(new Item.Event<>(event)));
  }

  /** Hands over events that came together, as {@link #put} does each. */
  public void putAll(List<? extends E> events) {
    var items = new ArrayList<Item<E>>(events.size());
    events.forEach(event -> items.add(new Item.Event<>(event)));
    enqueue(items);
  }

  /**
   * Runs a question to the brain on its thread, behind the events that were put before. The answer
   * fails when the question does, or with IllegalStateException when the loop has ended.
   */
  public <T> CompletableFuture<T> ask(Supplier<T> question) {
    return askInSlices(() -> Optional.of(question.get()));
  }

  /**
   * The same for a question that takes long. Between two slices the brain takes events, so that
   * nobody waits longer than one slice takes; nor does the next slice wait for more than one batch
   * of events. Whoever does not want the answer any more cancels it.
   *
   * @param slice is called until it gives an answer
   */
  public <T> CompletableFuture<T> askInSlices(Supplier<Optional<T>> slice) {
    var question = new Item.Question<E, T>(slice, new CompletableFuture<>());
    enqueue(List.of(question));
    if (ended.isDone()) {
      question.refuse();
    }
    return question.answer();
  }

  private static IllegalStateException stopping() {
    return new IllegalStateException("the agent is stopping");
  }

  private void enqueue(List<? extends Item<E>> items) {
    try {
      inbox.put(items);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      boolean running = true;
      while (running) {
        running = once();
        goOnAnswering();
      }
      ended.complete(null);
    } catch (RuntimeException | Error e) {
      LOG.error("the brain failed; this is a defect of Weft. What stands in the kernel stays.", e);
      ended.completeExceptionally(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      ended.complete(null);
    } finally {
      // Whoever waits for an answer need not wait longer.
      unanswered.forEach(Item.Question::refuse);
      for (var item : inbox.close()) {
        if (item instanceof Item.Question<E, ?> question) {
          question.refuse();
        }
      }
    }
  }

  private boolean once() throws InterruptedException {
    var items = inbox.take(patience(), MAX_BATCH, item -> item instanceof Item.Event<E>);
    var events = new ArrayList<E>(items.size());
    for (var item : items) {
      switch (item) {
        case Item.Event<E>(var event) -> events.add(event);
        case Item.Question<E, ?> question -> {
          if (!question.go()) {
            unanswered.add(question);
          }
        }
        case Item.Stop<E>() -> {
          return false;
        }
      }
    }
    if (!events.isEmpty()) {
      carryOut(events);
    }
    if (isDue()) { // whatever came: events without a pause would keep every timer waiting
      carryOut(List.of(brain.deadlineReached()));
    }
    return true;
  }

  private void goOnAnswering() {
    var question = unanswered.poll();
    if (question != null && !question.go()) {
      unanswered.add(question);
    }
  }

  private boolean isDue() {
    var deadline = brain.nextDeadline();
    return deadline.isPresent() && deadline.getAsLong() - System.nanoTime() <= 0;
  }

  private void carryOut(List<E> events) {
    for (var effect : brain.step(System.nanoTime(), events)) {
      effects.accept(effect);
    }
  }

  /** Nanoseconds that the loop may wait for something to come. */
  private long patience() {
    if (!unanswered.isEmpty()) {
      return 0;
    }
    var deadline = brain.nextDeadline();
    return deadline.isEmpty()
        ? Long.MAX_VALUE
        : Math.max(0, deadline.getAsLong() - System.nanoTime());
  }

  /** Ends the loop once it has worked through what is queued; does not wait for that. */
  @Override
  public void close() {
    enqueue(List.of(new Item.Stop<>()));
  }
}
