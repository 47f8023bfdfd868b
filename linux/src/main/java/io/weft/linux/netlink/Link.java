package io.weft.linux.netlink;

import io.weft.net.MacAddress;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A network interface as the kernel has it (RTM_NEWLINK).
 *
 * @param index 1.. in its namespace
 * @param kind {@code bridge}, {@code vxlan}, {@code veth}, ...; empty for hardware and loopback
 * @param mtu octets of an IP packet
 * @param mac absent for links without Ethernet addresses
 * @param up administratively up (IFF_UP)
 * @param running has a carrier (IFF_LOWER_UP)
 * @param master index of the bridge that it is a port of
 * @param alias free text of the owner, at most 255 octets
 * @param bridgePort present when the master is a bridge
 * @param multicast present for a bridge
 * @param peer IFLA_LINK: the other end of a veth pair, by its index in its namespace
 * @param peerNamespaceId IFLA_LINK_NETNSID: this namespace's number for the peer's, where it
 *     differs
 * @param ipv4 settings of IPv4
 * @param forwardingIpv6 the link behaves as that of an IPv6 router (forwarding of IPv6), whether
 *     packets are routed or not
 * @param forcedIpv6 IPv6 packets that come in here are routed on whatever the namespace says
 *     (force_forwarding, Linux 6.17)
 * @param acceptsRouters router advertisements that come in here are followed (accept_ra)
 * @param linkLocal the kernel gives it an IPv6 link-local address by itself when it goes up
 * @param group of links, chosen by their owner; 0: none
 */
public record Link(
    int index,
    String name,
    String kind,
    int mtu,
    Optional<MacAddress> mac,
    boolean up,
    boolean running,
    OptionalInt master,
    Optional<String> alias,
    Optional<Vxlan> vxlan,
    Optional<BridgePort> bridgePort,
    Optional<BridgeMulticast> multicast,
    OptionalInt peer,
    OptionalInt peerNamespaceId,
    Ipv4Settings ipv4,
    boolean forwardingIpv6,
    boolean forcedIpv6,
    boolean acceptsRouters,
    boolean linkLocal,
    int group) {
  /** IPv4 packets that come in here are routed on. */
  public boolean forwarding() {
    return ipv4.forwarding();
  }
}
