package io.weft.overlay.node;

import io.weft.overlay.evpn.DuplicateDetection;
import io.weft.overlay.forwarding.Sharing;
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
 * @param sharing what it keeps together with other brains of its process
 */
public record NodeConfig(
    String name,
    String namespacePrefix,
    int maxEndpoints,
    DuplicateDetection.Limits duplicates,
    AddressConfig addresses,
    Sharing sharing) {
  /** One with the limits of RFC 7432 §15.1. */
  public NodeConfig(String name, String namespacePrefix, int maxEndpoints) {
    this(
        name,
        namespacePrefix,
        maxEndpoints,
        DuplicateDetection.Limits.STANDARD,
        AddressConfig.ALONE,
        Sharing.NONE);
  }

  /** The same with addresses from elsewhere. */
  public NodeConfig withAddresses(AddressConfig other) {
    return new NodeConfig(name, namespacePrefix, maxEndpoints, duplicates, other, sharing);
  }

  /** The same beside other brains. */
  public NodeConfig sharing(Sharing with) {
    return new NodeConfig(name, namespacePrefix, maxEndpoints, duplicates, addresses, with);
  }
}
