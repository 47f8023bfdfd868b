package io.weft.bgp.wire;

/**
 * An address family (RFC 4760 §3).
 *
 * @param afi 0..65535
 * @param safi 0..255
 */
public record Family(int afi, int safi) {
  public static final Family IPV4_UNICAST = new Family(1, 1);
  public static final Family IPV6_UNICAST = new Family(2, 1);

  /** Route target constraint (RFC 4684 §4). */
  public static final Family ROUTE_TARGET = new Family(1, 132);

  public static final Family L2VPN_EVPN = new Family(25, 70);

  @Override
  public String toString() {
    return switch (afi << 8 | safi) {
      case 1 << 8 | 1 -> "ipv4-unicast";
      case 2 << 8 | 1 -> "ipv6-unicast";
      case 1 << 8 | 132 -> "route-target";
      case 25 << 8 | 70 -> "l2vpn-evpn";
      default -> afi + "/" + safi;
    };
  }
}
