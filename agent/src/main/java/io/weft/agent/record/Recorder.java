package io.weft.agent.record;

import io.weft.agent.loop.Brain;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.overlay.node.Node;
import io.weft.overlay.node.NodeConfig;
import io.weft.overlay.node.NodeEffect;
import io.weft.overlay.node.NodeEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before the brain of a node and writes down what it takes, for {@link Replay}. A thread of
 * its own writes; the brain never waits for it: when {@link #CAPACITY} steps wait to be written,
 * further ones are left out, and a segment with a snapshot begins behind them. A disk that refuses
 * ends the recording, not the agent.
 */
public final class Recorder implements Brain<NodeEvent, NodeEffect>, AutoCloseable {
  /** Steps that wait to be written. */
  static final int CAPACITY = 8_192;

  private static final Logger LOG = LoggerFactory.getLogger(Recorder.class);

  /** So many times what it should have, and a segment ends in the midst of a write. */
  private static final int OVERDUE = 2;

  /** So many times, and steps are left out of it. */
  private static final int MOST = 4;

  private static final long PATIENCE_MILLIS = 200;
  private static final long CLOSING_MILLIS = 5_000;

  private sealed interface Item {
    record Begin(boolean whole, List<RecordedStep> snapshot) implements Item {}

    record Step(RecordedStep step) implements Item {}
  }

  private final Node node;
  private final NodeConfig config;
  private final Brain<NodeEvent, NodeEffect> brain;
  private final Snapshot snapshot;
  private final Segments segments;
  private final ArrayBlockingQueue<Item> queue = new ArrayBlockingQueue<>(CAPACITY);

  /** Items that are given and not written yet. */
  private final AtomicInteger waiting = new AtomicInteger();

  private final Thread thread;
  private volatile boolean full;
  private volatile boolean overdue;
  private volatile boolean leftOut;
  private volatile boolean closing;
  private volatile Optional<String> problem = Optional.empty();

  // Of the brain's thread alone.
  private boolean lost;

  // Of the writing thread alone: the next segment has been asked for.
  private boolean asked;

  private Recorder(
      Node node, NodeConfig config, Brain<NodeEvent, NodeEffect> brain, Segments segments) {
    this.node = node;
    this.config = config;
    this.brain = brain;
    this.snapshot = new Snapshot(node);
    this.segments = segments;
    this.thread = Thread.ofPlatform().name("record").daemon(true).unstarted(this::write);
  }

  /**
   * Begins a recording of a node that has taken no event yet.
   *
   * @param brain takes the node's events
   * @param mostOctets of all segments; the oldest goes when there are more
   * @throws IOException when the directory cannot be written to
   */
  public static Recorder begin(
      Path directory,
      long mostOctets,
      Node node,
      NodeConfig config,
      Brain<NodeEvent, NodeEffect> brain)
      throws IOException {
    var recorder = new Recorder(node, config, brain, Segments.open(directory, mostOctets));
    recorder.segments.begin(Stream.of(new RecordingHead(config, false).text()));
    recorder.thread.start();
    return recorder;
  }

  @Override
  public List<NodeEffect> step(long nowNanos, NodeEvent event) {
    return step(nowNanos, List.of(event));
  }

  @Override
  public List<NodeEffect> step(long nowNanos, List<NodeEvent> events) {
    if (problem.isEmpty()) {
      beginAnew(nowNanos);
      events.forEach(snapshot::see);
      put(new Item.Step(new RecordedStep(nowNanos, Instant.now(), false, List.copyOf(events))));
    }
    var effects = brain.step(nowNanos, events);
    for (var effect : effects) {
      if (effect instanceof NodeEffect.Bgp(SpeakerEffect.Close(long connection, _))) {
        snapshot.closed(connection);
      }
    }
    return effects;
  }

  /**
   * A segment is full, or something was left out: the next begins where the brain is now, between
   * two writes to the kernel if that may be.
   */
  private void beginAnew(long nowNanos) {
    boolean due = full || lost;
    if (!due || node.isWriting() && !overdue || queue.remainingCapacity() == 0) {
      return;
    }
    var when = Instant.now();
    var steps = new ArrayList<RecordedStep>();
    snapshot.steps().forEach(events -> steps.add(new RecordedStep(nowNanos, when, true, events)));
    full = false;
    overdue = false;
    boolean whole = !lost;
    lost = false;
    put(new Item.Begin(whole, steps));
  }

  private void put(Item item) {
    if (lost) {
      return;
    }
    waiting.incrementAndGet();
    if (!queue.offer(item)) {
      waiting.decrementAndGet();
      lost = true;
      LOG.warn("the recording lacks events: the disk is too slow for it");
    }
  }

  @Override
  public OptionalLong nextDeadline() {
    return brain.nextDeadline();
  }

  @Override
  public NodeEvent deadlineReached() {
    return brain.deadlineReached();
  }

  private void write() {
    try (segments) {
      while (!closing || !queue.isEmpty()) {
        var item = queue.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        if (item == null) {
          segments.flush();
        } else {
          write(item);
          waiting.decrementAndGet();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      var words = "the recording has ended, the agent goes on: " + e;
      problem = Optional.of(words);
      queue.clear();
      LOG.error(words);
    }
  }

  private void write(Item item) throws IOException {
    switch (item) {
      case Item.Begin(boolean whole, var steps) -> {
        var head = new RecordingHead(config, whole && !leftOut).text();
        segments.begin(Stream.concat(Stream.of(head), steps.stream().map(RecordedStep::text)));
        leftOut = false;
        asked = false;
      }
      case Item.Step _ when leftOut -> {} // until the next segment
      case Item.Step(var step) -> {
        segments.add(step.text());
        if (segments.isFull(1) && !asked) {
          asked = true;
          full = true;
        }
        overdue |= segments.isFull(OVERDUE);
        leftOut |= segments.isFull(MOST);
      }
    }
  }

  /** All that was given is written, or left out, or the recording has ended. */
  boolean isIdle() {
    return waiting.get() == 0 || problem.isPresent();
  }

  /** Why nothing is recorded any more, a line each. */
  public List<String> problems() {
    return problem.stream().toList();
  }

  /** Writes what waits, for some seconds at most. */
  @Override
  public void close() {
    closing = true;
    try {
      thread.join(CLOSING_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
