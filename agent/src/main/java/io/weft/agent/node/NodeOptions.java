package io.weft.agent.node;

import java.nio.file.Path;

/**
 * How a node daemon is started.
 *
 * @param name of the node
 * @param config directory of YAML resources
 * @param socket where the CLI and the CNI plugin reach it
 * @param namespacePrefix in front of the tenants' names; another one than {@code weft-} only where
 *     several nodes share a machine
 */
public record NodeOptions(String name, Path config, Path socket, String namespacePrefix) {
  public static final String DEFAULT_CONFIG = "/etc/weft";
  public static final String DEFAULT_SOCKET = "/run/weft/weft.sock";
  public static final String DEFAULT_PREFIX = "weft-";

  /** Attach calls above this are refused. */
  public static final int MAX_ENDPOINTS = 4096;
}
