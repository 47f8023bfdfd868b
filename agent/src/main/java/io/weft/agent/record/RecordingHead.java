package io.weft.agent.record;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.overlay.ipam.AddressConfig;
import io.weft.overlay.node.NodeConfig;

/**
 * The first line of a segment.
 *
 * @param config of the node; secrets are in none of it
 * @param whole the segment before it lacks nothing behind which this one begins
 */
record RecordingHead(NodeConfig config, boolean whole) {
  /** Raised when recordings of before cannot be read any more. */
  private static final int FORMAT = 1;

  private static final String FORMAT_KEY = "weftRecording";

  /** What of a configuration is recorded: the brain's own that its name does not say. */
  private record Written(
      String name, String namespacePrefix, int maxEndpoints, AddressConfig addresses) {}

  ObjectNode text() {
    var written =
        new Written(
            config.name(), config.namespacePrefix(), config.maxEndpoints(), config.addresses());
    var head = (ObjectNode) EventText.write(written, Written.class);
    return head.put(FORMAT_KEY, FORMAT).put("whole", whole);
  }

  /**
   * Reads what {@link #text} says.
   *
   * @throws IllegalArgumentException when it is of something else
   */
  static RecordingHead of(JsonNode line) {
    if (line.path(FORMAT_KEY).asInt() != FORMAT) {
      throw new IllegalArgumentException("this is no recording of this version of Weft");
    }
    var written = (Written) EventText.read(line, Written.class);
    var config =
        new NodeConfig(written.name(), written.namespacePrefix(), written.maxEndpoints())
            .withAddresses(written.addresses());
    return new RecordingHead(config, line.path("whole").asBoolean());
  }
}
