package io.weft.linux.netlink;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.util.Optional;

/**
 * An entry of the ARP or ND table (RTM_NEWNEIGH).
 *
 * @param link index of the link on which the neighbour is
 * @param mac absent while it is being resolved
 * @param externLearned set by a control plane (NTF_EXT_LEARNED): not collected as garbage
 * @param router NTF_ROUTER, IPv6
 * @param protocol who set it (NDA_PROTOCOL; RTPROT_*, linux/rtnetlink.h), 0..255
 */
public record Neighbour(
    int link,
    IpAddress address,
    Optional<MacAddress> mac,
    NeighbourState state,
    boolean externLearned,
    boolean router,
    int protocol) {

  /** An entry of a control plane: no ARP is ever sent for it. */
  public static Neighbour remote(int link, IpAddress address, MacAddress mac, int protocol) {
    return new Neighbour(
        link, address, Optional.of(mac), NeighbourState.NOARP, true, false, protocol);
  }
}
