package io.weft.agent.node;

import io.weft.agent.loop.Brain;
import io.weft.overlay.node.Node;
import io.weft.overlay.node.NodeEffect;
import io.weft.overlay.node.NodeEvent;
import java.util.List;
import java.util.OptionalLong;

/** The node, as the loop asks it. */
record NodeBrain(Node node) implements Brain<NodeEvent, NodeEffect> {
  @Override
  public List<NodeEffect> step(long nowNanos, NodeEvent event) {
    return node.step(nowNanos, event);
  }

  @Override
  public List<NodeEffect> step(long nowNanos, List<NodeEvent> events) {
    return node.step(nowNanos, events);
  }

  @Override
  public OptionalLong nextDeadline() {
    return node.nextDeadline();
  }

  @Override
  public NodeEvent deadlineReached() {
    return new NodeEvent.DeadlineReached();
  }
}
