package io.weft.agent.record;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.overlay.node.Node;
import io.weft.overlay.node.NodeEffect;
import io.weft.overlay.node.NodeEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Plays what a {@link Recorder} wrote to the same brain. The oldest segment that is there leads a
 * fresh brain to where it begins; from one to the next the brain goes on, unless something was left
 * out between them: then it begins anew.
 */
public final class Replay {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * What was played last.
   *
   * @param number of the step, from 1, in what is kept of the recording
   * @param nowNanos on the node's monotonic clock
   * @param when by the clock of its machine
   * @param events that were taken
   * @param effects that followed
   */
  public record Played(
      long number, long nowNanos, Instant when, List<NodeEvent> events, List<NodeEffect> effects) {}

  private Optional<Node> node = Optional.empty();
  private Optional<Played> last = Optional.empty();
  private OptionalLong batch = OptionalLong.empty();
  private long steps;

  private Replay() {}

  /**
   * Plays a recording.
   *
   * @param until the number of the last step; so many or more than there are: all
   * @throws IOException when it cannot be read, or is none, or was written by another version; in
   *     words
   */
  public static Replay play(Path directory, long until) throws IOException {
    var replay = new Replay();
    var segments = Files.isDirectory(directory) ? Segments.list(directory) : List.<Path>of();
    if (segments.isEmpty()) {
      throw new IOException(
          "there is no recording in "
              + directory
              + " (files events-*.jsonl of weft node --record)");
    }
    for (var segment : segments) {
      if (replay.steps < until) {
        replay.segment(segment, until);
      }
    }
    return replay;
  }

  /** The node as it is after the last step. */
  public Node node() {
    return node.orElseThrow();
  }

  /** The last step; empty when there was none. */
  public Optional<Played> last() {
    return last;
  }

  private void segment(Path file, long until) throws IOException {
    try (var lines = Files.newBufferedReader(file)) {
      var head = RecordingHead.of(JSON.readTree(Optional.ofNullable(lines.readLine()).orElse("")));
      boolean goesOn = node.isPresent() && head.whole();
      if (!goesOn) {
        node = Optional.of(new Node(head.config()));
        batch = OptionalLong.empty();
      }
      var line = lines.readLine();
      while (line != null && steps < until) {
        var next = lines.readLine();
        if (next == null && !line.endsWith("}")) {
          break; // it is being written
        }
        var step = RecordedStep.of(JSON.readTree(line));
        line = next;
        if (!step.snapshot()) {
          take(step);
        } else if (!goesOn) {
          restore(step);
        }
      }
    } catch (JsonProcessingException e) {
      throw new IOException(file + " is damaged: " + e.getOriginalMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /** The kernel has all that a snapshot brings the brain to want: it was so when it was taken. */
  private void restore(RecordedStep step) {
    played(step, step.events());
    while (batch.isPresent()) {
      played(step, List.of(new NodeEvent.ChangesApplied(batch.getAsLong(), List.of())));
    }
  }

  private void take(RecordedStep step) {
    steps++;
    var events = new ArrayList<NodeEvent>();
    for (var event : step.events()) {
      if (event instanceof NodeEvent.ChangesApplied(_, var refused)) {
        // Behind a snapshot batches have other numbers, and one may be done already.
        batch.ifPresent(number -> events.add(new NodeEvent.ChangesApplied(number, refused)));
        batch = OptionalLong.empty();
      } else {
        events.add(event);
      }
    }
    var effects = events.isEmpty() ? List.<NodeEffect>of() : played(step, events);
    last = Optional.of(new Played(steps, step.atNanos(), step.when(), step.events(), effects));
  }

  private List<NodeEffect> played(RecordedStep step, List<NodeEvent> events) {
    if (events.getFirst() instanceof NodeEvent.ChangesApplied) {
      batch = OptionalLong.empty();
    }
    var effects = node().step(step.atNanos(), events);
    for (var effect : effects) {
      if (effect instanceof NodeEffect.ApplyChanges changes) {
        batch = OptionalLong.of(changes.batch());
      }
    }
    return effects;
  }
}
