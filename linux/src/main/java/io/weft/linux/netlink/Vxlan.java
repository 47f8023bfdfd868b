package io.weft.linux.netlink;

import io.weft.net.IpAddress;
import io.weft.net.Vni;
import java.util.Optional;

/**
 * What makes a link a VXLAN device (RFC 7348; IFLA_VXLAN_*, linux/if_link.h).
 *
 * @param local the tunnel's source address; without it the kernel takes the route's
 * @param port UDP destination port, 1..65535; IANA gave 4789, the kernel's own default is another
 * @param learning whether the device learns remote MACs from packets; off for EVPN
 */
public record Vxlan(Vni vni, Optional<IpAddress> local, int port, boolean learning) {
  /** The port that IANA assigned. */
  public static final int PORT = 4789;

  /**
   * Where devices that only send have their socket: on {@link #PORT} the VNI would be taken. IANA
   * gave it to nobody, and the kernel chooses it for no client (it is below 32768).
   */
  public static final int SENDING_PORT = 14_789;

  public Vxlan {
    if (port < 1 || port > 0xffff) {
      throw new IllegalArgumentException("UDP port " + port + " is out of 1..65535");
    }
  }

  /** A device as EVPN wants it: the assigned port, and no learning. */
  public static Vxlan of(Vni vni, IpAddress local) {
    return new Vxlan(vni, Optional.of(local), PORT, false);
  }

  public Vxlan withPort(int port) {
    return new Vxlan(vni, local, port, learning);
  }
}
