package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;

/**
 * An address of a network has this MAC now, and had another one.
 *
 * @param namespace of the tenant on this node
 * @param bridge of the network, by which its endpoints here are reached
 */
public record HostBinding(String namespace, String bridge, MacAddress mac, IpAddress ip) {}
