package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;

/**
 * An address of a network has this MAC now, and had another one.
 *
 * @param namespace of the tenant on this node
 * @param bridge of the network, by which its endpoints here are reached
 * @param sender the bridge's own MAC: it is the bridge that says it, so that no switch behind a
 *     port takes the way to the node for the one to the host
 */
public record HostBinding(
    String namespace, String bridge, MacAddress sender, MacAddress mac, IpAddress ip) {}
