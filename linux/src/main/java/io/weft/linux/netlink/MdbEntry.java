package io.weft.linux.netlink;

import io.weft.net.IpAddress;
import io.weft.net.Vni;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A row of a multicast database: of a bridge, a port that has joined a group; of a VXLAN device, a
 * VTEP that gets a copy of each of the group's frames.
 *
 * @param device index of the bridge or the VXLAN device
 * @param port index of the bridge's port, or of the bridge itself where this host has joined; of a
 *     VXLAN device the device itself
 * @param group of a VXLAN device 0.0.0.0 and :: too: all groups without a row, but the link-local
 *     ones
 * @param source only frames from there; empty: from anywhere
 * @param destination the VTEP; of a VXLAN device alone
 * @param destinationVni what the VTEP's copies carry where it is not the device's own
 * @param destinationPort where they are sent, where that is not the device's own UDP port
 * @param asked false for a row of a bridge that no host behind the port has asked for by itself: of
 *     a group of which only certain sources were, of a source that was left out, or that comes with
 *     all of its group
 */
public record MdbEntry(
    int device,
    int port,
    IpAddress group,
    Optional<IpAddress> source,
    Optional<IpAddress> destination,
    Optional<Vni> destinationVni,
    OptionalInt destinationPort,
    boolean asked) {
  /** The service that throws away what it gets (RFC 863): no device of ours listens there. */
  private static final int DISCARD = 9;

  /** A VTEP that gets copies of a group's frames, whoever sends them. */
  public static MdbEntry remote(int vxlan, IpAddress group, IpAddress vtep, Optional<Vni> vni) {
    return remote(vxlan, group, Optional.empty(), vtep, vni);
  }

  /** A VTEP that gets copies of a group's frames, from one source or from anywhere. */
  public static MdbEntry remote(
      int vxlan, IpAddress group, Optional<IpAddress> source, IpAddress vtep, Optional<Vni> vni) {
    return new MdbEntry(
        vxlan, vxlan, group, source, Optional.of(vtep), vni, OptionalInt.empty(), true);
  }

  /**
   * Nobody gets a group's frames. A row cannot be without a VTEP: it leads to this host itself, to
   * a port where no device is, and the kernel drops the copy before it would send it.
   */
  public static MdbEntry discard(int vxlan, IpAddress group, IpAddress local) {
    return new MdbEntry(
        vxlan,
        vxlan,
        group,
        Optional.empty(),
        Optional.of(local),
        Optional.empty(),
        OptionalInt.of(DISCARD),
        true);
  }

  /** A port of a bridge that has joined a group. */
  public static MdbEntry member(int bridge, int port, IpAddress group) {
    return new MdbEntry(
        bridge,
        port,
        group,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        OptionalInt.empty(),
        true);
  }

  /** True when both are the same row, whatever else is said of it. */
  public boolean isOf(MdbEntry other) {
    return device == other.device
        && port == other.port
        && group.equals(other.group)
        && source.equals(other.source);
  }

  /** True for what {@link #discard} makes. */
  public boolean isDiscard() {
    return destinationPort.equals(OptionalInt.of(DISCARD));
  }
}
