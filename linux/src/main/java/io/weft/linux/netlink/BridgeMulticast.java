package io.weft.linux.netlink;

/**
 * How a bridge treats multicast (IFLA_BR_MCAST_*, linux/if_link.h; RFC 4541). A bridge that snoops
 * sends a group's frames only to ports that have joined it, or that lead to a router; it floods
 * while it knows of no querier, and for the response time after it got one. Whatever it is told,
 * 224.0.0.0/24 and ff02::1 go to every port.
 *
 * <p>How long it floods after it got a querier follows from the response time that it had before:
 * set {@link #quiet} first.
 *
 * @param snooping it hears IGMP and MLD
 * @param querier it asks who listens: for IPv4 from 0.0.0.0, for IPv6 from a link-local address of
 *     the bridge, without which nobody asks and IPv6 is flooded
 * @param responseCentiseconds hosts answer within this time
 * @param newest it asks by IGMPv3 and MLDv2, which hosts of all versions answer
 */
public record BridgeMulticast(
    boolean snooping, boolean querier, long responseCentiseconds, boolean newest) {
  /** Groups of a bridge; the kernel ends the snooping of one that has more. */
  static final int MAX_GROUPS = 16_384;

  /**
   * Groups that a port may join, unless every group leaves by it, so that one host does not end the
   * snooping for all; each source that it names counts too. Linux 6.3 and later.
   */
  static final int MAX_GROUPS_OF_PORT = 256;

  /** As we make a bridge: it floods. */
  public static final BridgeMulticast FLOODING = new BridgeMulticast(false, false, 1000, false);

  /** The same for a bridge that does not snoop yet, and does not ask. */
  public BridgeMulticast quiet() {
    return new BridgeMulticast(false, false, responseCentiseconds, newest);
  }

  /** It snoops and asks; hosts answer within a second. */
  public static final BridgeMulticast SNOOPING = new BridgeMulticast(true, true, 100, true);
}
