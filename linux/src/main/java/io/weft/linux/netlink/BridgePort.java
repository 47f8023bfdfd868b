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
 */
public record BridgePort(
    boolean learning,
    boolean neighSuppress,
    boolean locked,
    boolean isolated,
    boolean multicastRouter,
    boolean unicastFlood) {
  /** As the kernel makes a port: it learns and forwards. */
  public static final BridgePort DEFAULT = new BridgePort(true, false, false, false, false, true);

  /**
   * For a VXLAN device under EVPN: learns nothing, suppresses known neighbours, gets all groups.
   */
  public static final BridgePort TUNNEL = new BridgePort(false, true, false, false, true, true);

  /** For an endpoint pinned to the MACs in the FDB: it gets what is sent to these, or to all. */
  public static final BridgePort PINNED = new BridgePort(false, false, true, false, false, false);

  public BridgePort withLearning(boolean learning) {
    return new BridgePort(learning, neighSuppress, locked, isolated, multicastRouter, unicastFlood);
  }

  public BridgePort withNeighSuppress(boolean neighSuppress) {
    return new BridgePort(learning, neighSuppress, locked, isolated, multicastRouter, unicastFlood);
  }

  public BridgePort withLocked(boolean locked) {
    return new BridgePort(learning, neighSuppress, locked, isolated, multicastRouter, unicastFlood);
  }

  public BridgePort withIsolated(boolean isolated) {
    return new BridgePort(learning, neighSuppress, locked, isolated, multicastRouter, unicastFlood);
  }
}
