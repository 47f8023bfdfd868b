package io.weft.controller;

import io.weft.agent.metrics.MetricsAddress;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How a controller is started.
 *
 * @param name of the replica, for people; the identity in the lease begins with it
 * @param namespace of the lease; it must be there
 * @param socket where the CLI reaches it
 * @param metrics where they are served; empty: nowhere
 */
public record ControllerOptions(
    String name, String namespace, Path socket, Optional<MetricsAddress> metrics) {
  /** One without metrics. */
  public ControllerOptions(String name, String namespace, Path socket) {
    this(name, namespace, socket, Optional.empty());
  }
}
