package io.weft.overlay.node;

import java.util.ArrayDeque;

/**
 * Detach calls that come before the node has started: whether there is something to detach shows
 * only then. An answer before that would leave the endpoint in the kernel, with its routes and its
 * claim, and nobody would call again. How long they wait is for the caller to bound.
 */
final class EarlyDetaches {
  /**
   * So many wait at once. One more is not taken: its caller is told, as all are, that there is no
   * answer yet, and calls again. Those that were taken are carried out, whoever waits for them.
   */
  static final int MOST = 4_096;

  private final Foundation foundation;
  private final RouteExchange routes;
  private final EndpointLifecycle endpoints;
  private final Effects effects;
  private final ArrayDeque<NodeEvent.DetachRequested> calls = new ArrayDeque<>();
  private boolean hasRefused;

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
    if (!hasRefused) {
      hasRefused = true; // said once
      effects.report(
          "endpoint " + call.endpoint(),
          MOST
              + " detach calls wait until the node has started ("
              + foundation.missing()
              + "); this one and further ones are not taken and must be made again");
    }
  }

  /** The node has started: those that waited are carried out, in the order in which they came. */
  void started() {
    calls.forEach(call -> endpoints.detach(call.request(), call.endpoint()));
    calls.clear();
  }
}
