package io.weft.overlay.node;

import java.util.ArrayList;
import java.util.List;

/**
 * Detach calls that came before the node has started: whether there is something to detach shows
 * only then. An answer before that would leave the endpoint in the kernel, with its routes and its
 * claim, and nobody would call again.
 */
final class EarlyDetaches {
  private final List<NodeEvent.DetachRequested> calls = new ArrayList<>();

  /** False when the kernel was seen to hold no such endpoint: nothing has to wait. */
  boolean keep(Foundation foundation, NodeEvent.DetachRequested call) {
    return foundation.mayHold(call.endpoint()) && calls.add(call);
  }

  /** Those that wait, in the order in which they came; none does from now on. */
  List<NodeEvent.DetachRequested> take() {
    var waiting = List.copyOf(calls);
    calls.clear();
    return waiting;
  }
}
