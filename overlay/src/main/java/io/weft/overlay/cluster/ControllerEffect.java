package io.weft.overlay.cluster;

/** What the controller wants done. */
public sealed interface ControllerEffect {
  /** Make the call, and say how it ended by its id. */
  record Call(long id, ClusterCall call) implements ControllerEffect {}

  /** Log it. */
  record Report(boolean warning, String text) implements ControllerEffect {}
}
