package io.weft.overlay.node;

import io.weft.net.Vni;

/**
 * A port of a bridge behind which hosts are learned.
 *
 * @param namespace of the tenant on this node
 * @param port its name
 * @param vni of the network
 */
public record LearningPort(String namespace, String port, Vni vni)
    implements Comparable<LearningPort> {
  @Override
  public int compareTo(LearningPort other) {
    int order = namespace.compareTo(other.namespace);
    return order == 0 ? port.compareTo(other.port) : order;
  }
}
