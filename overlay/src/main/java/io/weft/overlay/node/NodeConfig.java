package io.weft.overlay.node;

import io.weft.overlay.evpn.DuplicateDetection;
import io.weft.overlay.ipam.AddressConfig;

/**
 * What a node is from its start on.
 *
 * @param name of the node
 * @param namespacePrefix in front of tenants' names in names of network namespaces; {@code weft-}
 *     unless several nodes share a machine
 * @param maxEndpoints attach calls above this are refused
 * @param duplicates when a MAC counts as being at two places at once
 * @param addresses where endpoints' addresses come from
 */
public record NodeConfig(
    String name,
    String namespacePrefix,
    int maxEndpoints,
    DuplicateDetection.Limits duplicates,
    AddressConfig addresses) {
  /** One with the limits of RFC 7432 §15.1. */
  public NodeConfig(String name, String namespacePrefix, int maxEndpoints) {
    this(
        name,
        namespacePrefix,
        maxEndpoints,
        DuplicateDetection.Limits.STANDARD,
        AddressConfig.ALONE);
  }

  /** The same with addresses from elsewhere. */
  public NodeConfig withAddresses(AddressConfig other) {
    return new NodeConfig(name, namespacePrefix, maxEndpoints, duplicates, other);
  }
}
