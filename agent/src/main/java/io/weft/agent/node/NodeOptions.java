package io.weft.agent.node;

import io.weft.agent.intent.IntentPlace;
import io.weft.agent.metrics.MetricsAddress;
import io.weft.agent.record.RecordingPlace;
import io.weft.net.IpPrefix;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How a node daemon is started.
 *
 * @param name of the node
 * @param config where the resources are
 * @param socket where the CLI and the CNI plugin reach it
 * @param namespacePrefix in front of the tenants' names; another one than {@code weft-} only where
 *     several nodes share a machine. 2 to 100 letters, digits, '-', '_' and '.', a letter or digit
 *     first
 * @param state directory of what the node keeps for a start while the Kubernetes API is away
 * @param addresses directory in which the nodes keep blocks of addresses and claims; empty: each
 *     node chooses by itself
 * @param podCidrs the node's own part of the cluster's subnets
 * @param cniConfigurations directory in which the container runtime looks for configurations
 * @param metrics where they are served; empty: nowhere
 * @param recording where its events are written down; empty: nowhere
 */
public record NodeOptions(
    String name,
    IntentPlace config,
    Path socket,
    String namespacePrefix,
    Path state,
    Optional<Path> addresses,
    List<IpPrefix> podCidrs,
    Path cniConfigurations,
    Optional<MetricsAddress> metrics,
    Optional<RecordingPlace> recording) {
  /** Where the resources are when nothing is said. */
  public static final String DEFAULT_CONFIG = "/etc/weft";

  /** Where copies are kept when nothing is said; each daemon has a directory of its name in it. */
  public static final String DEFAULT_STATE = "/var/lib/weft";

  /** Where the socket is when nothing is said. */
  public static final String DEFAULT_SOCKET = "/run/weft/weft.sock";

  /** Where runtimes look for configurations when nothing is said. */
  public static final String DEFAULT_CNI = "/etc/cni/net.d";

  /** In front of the tenants' names when nothing is said. */
  public static final String DEFAULT_PREFIX = "weft-";

  /** Attach calls above this are refused. */
  public static final int MAX_ENDPOINTS = 4096;

  public NodeOptions {
    podCidrs = List.copyOf(podCidrs);
    // All namespaces with the prefix are the agent's: an empty one would claim every namespace.
    if (!namespacePrefix.matches("[A-Za-z0-9][A-Za-z0-9._-]{1,99}")) {
      throw new IllegalArgumentException(
          "'"
              + namespacePrefix
              + "' cannot be a prefix of namespaces: 2 to 100 letters, digits, '-', '_' and '.',"
              + " a letter or digit first");
    }
  }

  /**
   * A file beside the socket, so on a file system that is empty when the machine is started again.
   */
  Path readyMark() {
    return socket.resolveSibling(socket.getFileName() + ".was-ready");
  }

  /** A file with the pods that run here; it goes when the machine starts again. */
  Path pods() {
    return socket.resolveSibling(socket.getFileName() + ".pods");
  }

  /** One that chooses addresses by itself. */
  public NodeOptions(String name, IntentPlace config, Path socket, String namespacePrefix) {
    this(
        name,
        config,
        socket,
        namespacePrefix,
        Path.of(DEFAULT_STATE, "node", name),
        Optional.empty(),
        List.of(),
        Path.of(DEFAULT_CNI),
        Optional.empty(),
        Optional.empty());
  }
}
