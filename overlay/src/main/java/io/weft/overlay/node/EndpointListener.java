package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.Vni;

/**
 * Where endpoints of a network may connect to by BGP on this node.
 *
 * @param namespace of the tenant
 * @param vni connections come in by the bridge of this VNI and by no other link
 * @param gateway the address, which stands
 */
public record EndpointListener(String network, String namespace, Vni vni, IpAddress gateway) {}
