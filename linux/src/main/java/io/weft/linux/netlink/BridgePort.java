package io.weft.linux.netlink;

/**
 * Flags of a bridge port (IFLA_BRPORT_*, linux/if_link.h).
 *
 * @param learning the bridge learns source MACs on this port
 * @param neighSuppress ARP and ND requests that the neighbour table can answer do not leave here
 * @param locked a source MAC without an FDB entry on this port is dropped (Linux 5.18)
 * @param isolated no traffic between this and other isolated ports
 * @param multicastRouter every multicast frame leaves here, whoever has joined (where the bridge
 *     snoops, {@link BridgeMulticast}); false: while queries come in here (the kernel's default)
 * @param unicastFlood a frame to a MAC that the bridge does not know leaves here too
 * @param maxGroups multicast groups that may be joined here, each source that is named counts too;
 *     0: as many as the bridge has. Linux 6.3 and later; before that nothing is limited, and what
 *     is read is what we would set
 */
public record BridgePort(
    boolean learning,
    boolean neighSuppress,
    boolean locked,
    boolean isolated,
    boolean multicastRouter,
    boolean unicastFlood,
    int maxGroups) {
  /** As the kernel makes a port: it learns and forwards. */
  public static final BridgePort DEFAULT =
      new BridgePort(true, false, false, false, false, true, 0);

  /** For an endpoint behind which others are: as {@link #DEFAULT}, with a limit of groups. */
  public static final BridgePort LEARNING =
      new BridgePort(true, false, false, false, false, true, maxGroups(false));

  /**
   * For a VXLAN device under EVPN: learns nothing, suppresses known neighbours, gets all groups.
   */
  public static final BridgePort TUNNEL =
      new BridgePort(false, true, false, false, true, true, maxGroups(true));

  /** For an endpoint pinned to the MACs in the FDB: it gets what is sent to these, or to all. */
  public static final BridgePort PINNED =
      new BridgePort(false, false, true, false, false, false, maxGroups(false));

  /** What we set: where all groups leave in any case, there is nothing to join. */
  static int maxGroups(boolean multicastRouter) {
    return multicastRouter ? 0 : BridgeMulticast.MAX_GROUPS_OF_PORT;
  }

  public BridgePort withLearning(boolean learning) {
    return new BridgePort(
        learning, neighSuppress, locked, isolated, multicastRouter, unicastFlood, maxGroups);
  }

  public BridgePort withNeighSuppress(boolean neighSuppress) {
    return new BridgePort(
        learning, neighSuppress, locked, isolated, multicastRouter, unicastFlood, maxGroups);
  }

  public BridgePort withLocked(boolean locked) {
    return new BridgePort(
        learning, neighSuppress, locked, isolated, multicastRouter, unicastFlood, maxGroups);
  }

  public BridgePort withUnicastFlood(boolean unicastFlood) {
    return new BridgePort(
        learning, neighSuppress, locked, isolated, multicastRouter, unicastFlood, maxGroups);
  }

  public BridgePort withIsolated(boolean isolated) {
    return new BridgePort(
        learning, neighSuppress, locked, isolated, multicastRouter, unicastFlood, maxGroups);
  }
}
