package io.weft.agent.loop;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one brain on one platform thread. Whoever has an event waits while the queue is full: TCP
 * then holds the peer back. An exception out of the brain is our own mistake: the loop stops and
 * says so, and the kernel goes on forwarding what stands.
 */
public final class EventLoop<E, F> implements AutoCloseable {
  /** Events that wait at most; whoever brings one more waits too. */
  public static final int QUEUE_CAPACITY = 16_384;

  /**
   * Events that the brain takes at once, when so many wait: enough to pack their outcome, and few
   * enough that a timer or a question does not wait for long.
   */
  static final int MAX_BATCH = 256;

  private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);

  private sealed interface Item<E> {
    record Event<E>(E event) implements Item<E> {}

    /** {@code refusal} is for when the loop has ended before. */
    record Question<E>(Runnable body, Consumer<Exception> refusal) implements Item<E> {}

    record Stop<E>() implements Item<E> {}
  }

  private final Brain<E, F> brain;
  private final Consumer<F> effects;
  private final BlockingQueue<Item<E>> queue = new ArrayBlockingQueue<>(QUEUE_CAPACITY);
  private final Thread thread;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

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

  /** Hands over an event, and waits while the queue is full. Dropped once the loop has ended. */
  public void put(E event) {
    enqueue(new Item.Event<>(event));
  }

  /**
   * Runs a question to the brain on its thread. The answer fails when the question does, or with
   * IllegalStateException when the loop has ended.
   */
  public <T> CompletableFuture<T> ask(Supplier<T> question) {
    var answer = new CompletableFuture<T>();
    enqueue(
        new Item.Question<>(() -> answer.complete(question.get()), answer::completeExceptionally));
    if (ended.isDone()) {
      refuseQuestions();
      answer.completeExceptionally(stopping());
    }
    return answer;
  }

  private static IllegalStateException stopping() {
    return new IllegalStateException("the agent is stopping");
  }

  /** Whoever waits for an answer need not wait longer. */
  private void refuseQuestions() {
    for (var item = queue.poll(); item != null; item = queue.poll()) {
      if (item instanceof Item.Question<E>(var _, var refusal)) {
        refusal.accept(stopping());
      }
    }
  }

  private void enqueue(Item<E> item) {
    try {
      while (!ended.isDone() && !queue.offer(item, 1, TimeUnit.SECONDS)) {
        LOG.debug("event queue full, waiting");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      boolean running = true;
      while (running) {
        running = once();
      }
      ended.complete(null);
    } catch (RuntimeException | Error e) {
      LOG.error("the brain failed; this is a defect of Weft. What stands in the kernel stays.", e);
      ended.completeExceptionally(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      ended.complete(null);
    } finally {
      refuseQuestions();
    }
  }

  private boolean once() throws InterruptedException {
    var item = next();
    if (item == null) {
      carryOut(List.of(brain.deadlineReached()));
      return true;
    }
    switch (item) {
      case Item.Event<E>(var event) -> carryOut(withFollowing(event));
      case Item.Question<E>(var body, var refusal) -> answer(body, refusal);
      case Item.Stop<E>() -> {
        return false;
      }
    }
    if (isDue()) { // else items without a pause would keep every timer waiting
      carryOut(List.of(brain.deadlineReached()));
    }
    return true;
  }

  /** A question changes nothing: if it fails, only the one who asks is hurt. */
  private static void answer(Runnable body, Consumer<Exception> refusal) {
    try {
      body.run();
    } catch (RuntimeException e) {
      LOG.error("a question to the brain failed; this is a defect of Weft", e);
      refusal.accept(e);
    }
  }

  private List<E> withFollowing(E first) {
    var batch = new ArrayList<E>();
    batch.add(first);
    while (batch.size() < MAX_BATCH && queue.peek() instanceof Item.Event<E>(var event)) {
      queue.remove();
      batch.add(event);
    }
    return batch;
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

  /** The next item, or null when the brain's deadline comes first. */
  private @Nullable Item<E> next() throws InterruptedException {
    var deadline = brain.nextDeadline();
    if (deadline.isEmpty()) {
      return queue.take();
    }
    long wait = deadline.getAsLong() - System.nanoTime();
    return wait <= 0 ? queue.poll() : queue.poll(wait, TimeUnit.NANOSECONDS);
  }

  /** Ends the loop once it has worked through what is queued; does not wait for that. */
  @Override
  public void close() {
    enqueue(new Item.Stop<>());
  }
}
