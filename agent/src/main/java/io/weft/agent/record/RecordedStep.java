package io.weft.agent.record;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.overlay.node.NodeEvent;
import java.time.Instant;
import java.util.List;

/**
 * One step of a node: events that came together.
 *
 * @param atNanos on the node's monotonic clock
 * @param when by the clock of the machine, for people
 * @param snapshot nothing of it happened now: it leads a fresh brain to where this one is
 */
record RecordedStep(long atNanos, Instant when, boolean snapshot, List<NodeEvent> events) {
  private record Written(long at, String when, boolean snapshot, List<NodeEvent> events) {}

  ObjectNode text() {
    return (ObjectNode)
        EventText.write(new Written(atNanos, when.toString(), snapshot, events), Written.class);
  }

  /**
   * Reads what {@link #text} says.
   *
   * @throws IllegalArgumentException when it is of something else
   */
  static RecordedStep of(JsonNode line) {
    var written = (Written) EventText.read(line, Written.class);
    return new RecordedStep(
        written.at(), Instant.parse(written.when()), written.snapshot(), written.events());
  }
}
