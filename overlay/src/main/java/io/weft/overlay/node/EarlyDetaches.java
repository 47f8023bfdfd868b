package io.weft.overlay.node;

import java.util.ArrayList;
import java.util.List;

/**
 * Detach calls that come before the node has started: whether there is something to detach shows
 * only then. An answer before that would leave the endpoint in the kernel, with its routes and its
 * claim, and nobody would call again.
 */
final class EarlyDetaches {
  private final Foundation foundation;
  private final RouteExchange routes;
  private final EndpointLifecycle endpoints;
  private final List<NodeEvent.DetachRequested> calls = new ArrayList<>();

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
      calls.add(call);
    }
  }

  /** The node has started: those that waited are carried out, in the order in which they came. */
  void started() {
    calls.forEach(call -> endpoints.detach(call.request(), call.endpoint()));
    calls.clear();
  }
}
