package io.weft.agent.record;

import io.weft.agent.loop.Brain;
import io.weft.overlay.node.Node;
import io.weft.overlay.node.NodeConfig;
import io.weft.overlay.node.NodeEffect;
import io.weft.overlay.node.NodeEvent;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Where a node writes down what happens to it, and how much.
 *
 * @param mostOctets of what is kept, 1 MiB or more
 */
public record RecordingPlace(Path directory, long mostOctets) {
  public RecordingPlace {
    if (mostOctets < 1 << 20) {
      throw new IllegalArgumentException("a recording needs 1 MiB at least");
    }
  }

  /** Begins a recording of a node that has taken no event yet, whose events {@code brain} takes. */
  public Recorder begin(Node node, NodeConfig config, Brain<NodeEvent, NodeEffect> brain)
      throws IOException {
    return Recorder.begin(directory, mostOctets, node, config, brain);
  }
}
