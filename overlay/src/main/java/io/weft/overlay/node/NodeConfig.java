package io.weft.overlay.node;

/**
 * What a node is from its start on.
 *
 * @param name of the node
 * @param namespacePrefix in front of tenants' names in names of network namespaces; {@code weft-}
 *     unless several nodes share a machine
 * @param maxEndpoints attach calls above this are refused
 */
public record NodeConfig(String name, String namespacePrefix, int maxEndpoints) {}
