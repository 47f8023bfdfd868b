package io.weft.overlay.node;

import io.weft.net.IpAddress;

/**
 * A way from this node to another VTEP that packets of networks take.
 *
 * @param local the VTEP address of this node
 * @param remote the other one, of the same family
 * @param overlayMtu the largest IP packet that an endpoint may send through it, in octets
 */
public record Tunnel(IpAddress local, IpAddress remote, int overlayMtu) {
  /** {@link #overhead} of a tunnel over IPv6. */
  static final int OVERHEAD_IPV6 = 40 + 8 + 8 + 14;

  /** Octets of the outer packet that carries the largest packet of an endpoint. */
  public int outerMtu() {
    return overlayMtu + overhead(remote);
  }

  /**
   * What stands in front of an endpoint's packet in the underlay: outer IP header 20 (or 40), UDP
   * 8, VXLAN 8, inner Ethernet 14 octets (RFC 7348 §4.3).
   */
  public static int overhead(IpAddress vtep) {
    return vtep.isIpv4() ? OVERHEAD_IPV6 - 20 : OVERHEAD_IPV6;
  }
}
