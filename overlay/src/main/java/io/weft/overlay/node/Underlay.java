package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;

/**
 * What the node has below the overlay.
 *
 * @param vtep source of its VXLAN packets and next hop of its routes
 * @param routerId BGP identifier
 * @param mtu smallest MTU on the ways to other VTEPs, octets of IP packet
 */
public record Underlay(IpAddress vtep, Ipv4Address routerId, int mtu) {
  /** What fits into one packet of the underlay. */
  public int overlayMtu() {
    return mtu - Tunnel.overhead(vtep);
  }
}
