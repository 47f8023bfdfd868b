package io.weft.linux.netlink;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A row of a forwarding database (RTM_NEWNEIGH of family AF_BRIDGE).
 *
 * @param link index of the port or the VXLAN device
 * @param mac {@link MacAddress#ZERO} in a VXLAN device: a member of the flood list
 * @param destination the VTEP, in a VXLAN device
 * @param sticky never moves to another port (NTF_STICKY), in a bridge
 * @param destinationVni in a VXLAN device: the VNI in the packets to the VTEP, where it is not the
 *     device's own (NDA_VNI); the kernel tells it only then
 * @param destinationPort likewise the UDP port, 1..65535 (NDA_PORT)
 */
public record FdbEntry(
    int link,
    MacAddress mac,
    FdbTable table,
    Optional<IpAddress> destination,
    FdbKind kind,
    boolean sticky,
    Optional<Vni> destinationVni,
    OptionalInt destinationPort) {

  /** A row whose packets carry the device's own VNI, to its own port. */
  public FdbEntry(
      int link,
      MacAddress mac,
      FdbTable table,
      Optional<IpAddress> destination,
      FdbKind kind,
      boolean sticky) {
    this(link, mac, table, destination, kind, sticky, Optional.empty(), OptionalInt.empty());
  }

  /** A remote MAC in both databases at once, as a control plane puts it. */
  public static FdbEntry remote(int vxlan, MacAddress mac, IpAddress vtep) {
    return new FdbEntry(
        vxlan, mac, FdbTable.SELF_AND_MASTER, Optional.of(vtep), FdbKind.EXTERN_LEARNED, false);
  }

  /** A member of the flood list (ingress replication): to be appended, not put. */
  public static FdbEntry flood(int vxlan, IpAddress vtep) {
    return new FdbEntry(
        vxlan, MacAddress.ZERO, FdbTable.SELF, Optional.of(vtep), FdbKind.PERMANENT, false);
  }

  /** A MAC pinned to a bridge port. */
  public static FdbEntry pinned(int port, MacAddress mac) {
    return new FdbEntry(port, mac, FdbTable.MASTER, Optional.empty(), FdbKind.STATIC, false);
  }

  public FdbEntry in(FdbTable table) {
    // The bridge's database knows ports, not VTEPs.
    var kept = table == FdbTable.MASTER ? Optional.<IpAddress>empty() : destination;
    var keptVni = table == FdbTable.MASTER ? Optional.<Vni>empty() : destinationVni;
    var keptPort = table == FdbTable.MASTER ? OptionalInt.empty() : destinationPort;
    return new FdbEntry(link, mac, table, kept, kind, sticky, keptVni, keptPort);
  }

  /** The same row with this VTEP. */
  public FdbEntry to(IpAddress vtep) {
    return new FdbEntry(
        link, mac, table, Optional.of(vtep), kind, sticky, destinationVni, destinationPort);
  }

  /** The same row with another VNI in its packets than the device's own. */
  public FdbEntry withDestinationVni(Vni vni) {
    return new FdbEntry(
        link, mac, table, destination, kind, sticky, Optional.of(vni), destinationPort);
  }

  /** The same row with another UDP port than the device's own. */
  public FdbEntry withDestinationPort(int port) {
    return new FdbEntry(
        link, mac, table, destination, kind, sticky, destinationVni, OptionalInt.of(port));
  }

  /** True for a member of a VXLAN device's flood list. */
  public boolean isFlood() {
    return mac.isZero() && table == FdbTable.SELF;
  }
}
