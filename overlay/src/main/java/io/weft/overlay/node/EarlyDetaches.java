package io.weft.overlay.node;

import java.util.ArrayDeque;
import java.util.List;

/**
 * Detach calls that come before the node has started: whether there is something to detach shows
 * only then. An answer before that would leave the endpoint in the kernel, with its routes and its
 * claim, and nobody would call again. How long they wait is for the caller to bound.
 */
final class EarlyDetaches {
  /**
   * So many wait at once. One more is not taken: its caller is told so, and calls again. Those that
   * were taken are carried out, whoever waits for them.
   */
  static final int MOST = 4_096;

  private final Foundation foundation;
  private final RouteExchange routes;
  private final EndpointLifecycle endpoints;
  private final Effects effects;
  private final ArrayDeque<NodeEvent.DetachRequested> calls = new ArrayDeque<>();

  /** Calls that were not taken. */
  private long refused;

  EarlyDetaches(
      Foundation foundation, RouteExchange routes, EndpointLifecycle endpoints, Effects effects) {
    this.foundation = foundation;
    this.routes = routes;
    this.endpoints = endpoints;
    this.effects = effects;
  }

  /** One of an endpoint that the kernel was seen not to hold has nothing to wait for. */
  void take(NodeEvent.DetachRequested call) {
    if (routes.isStarted() || !foundation.mayHold(call.endpoint())) {
      endpoints.detach(call.request(), call.endpoint());
    } else if (calls.size() < MOST) {
      calls.add(call);
    } else {
      refuse(call);
    }
  }

  private void refuse(NodeEvent.DetachRequested call) {
    var why =
        "%d detach calls wait until the node has started (%s); this one is not taken and must be made again"
            .formatted(MOST, foundation.missing());
    effects.add(new NodeEffect.RefuseDetach(call.request(), why));
    if (refused++ == 0) { // the log has it once, the status how many
      effects.report("endpoint " + call.endpoint(), why + ", as further ones");
    }
  }

  /** What waits, in words; empty: nothing. */
  List<String> view() {
    if (calls.isEmpty()) {
      return List.of();
    }
    var waiting =
        "%d detach calls wait until the node has started: %s"
            .formatted(calls.size(), foundation.missing());
    return List.of(
        refused == 0
            ? waiting
            : waiting + "; " + refused + " more were not taken and must be made again");
  }

  /** The node has started: those that waited are carried out, in the order in which they came. */
  void started() {
    calls.forEach(call -> endpoints.detach(call.request(), call.endpoint()));
    calls.clear();
  }
}
