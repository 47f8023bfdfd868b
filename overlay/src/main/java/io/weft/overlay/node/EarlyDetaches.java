package io.weft.overlay.node;

import java.util.ArrayDeque;

/**
 * Detach calls that come before the node has started: whether there is something to detach shows
 * only then. An answer before that would leave the endpoint in the kernel, with its routes and its
 * claim, and nobody would call again. How long they wait is for the caller to bound.
 */
final class EarlyDetaches {
  /** So many wait at once; one more, and the oldest is never answered nor carried out. */
  static final int MOST = 4_096;

  private final Foundation foundation;
  private final RouteExchange routes;
  private final EndpointLifecycle endpoints;
  private final ArrayDeque<NodeEvent.DetachRequested> calls = new ArrayDeque<>();

  EarlyDetaches(Foundation foundation, RouteExchange routes, EndpointLifecycle endpoints) {
    this.foundation = foundation;
    this.routes = routes;
    this.endpoints = endpoints;
  }

  /** One of an endpoint that the kernel was seen not to hold has nothing to wait for. */
  void take(NodeEvent.DetachRequested call) {
    if (routes.isStarted() || !foundation.mayHold(call.endpoint())) {
      endpoints.detach(call.request(), call.endpoint());
    } else {
      if (calls.size() == MOST) {
        calls.remove();
      }
      calls.add(call);
    }
  }

  /** The node has started: those that waited are carried out, in the order in which they came. */
  void started() {
    calls.forEach(call -> endpoints.detach(call.request(), call.endpoint()));
    calls.clear();
  }
}
