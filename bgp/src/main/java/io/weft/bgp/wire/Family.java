package io.weft.bgp.wire;

/**
 * An address family (RFC 4760 §3).
 *
 * @param afi 0..65535
 * @param safi 0..255
 */
public record Family(int afi, int safi) {
  public static final Family IPV4_UNICAST = new Family(1, 1);
  public static final Family L2VPN_EVPN = new Family(25, 70);

  @Override
  public String toString() {
    if (equals(IPV4_UNICAST)) {
      return "ipv4-unicast";
    }
    return equals(L2VPN_EVPN) ? "l2vpn-evpn" : afi + "/" + safi;
  }
}
