package io.weft.agent.kernel;

import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.FdbKind;
import io.weft.linux.netlink.FdbTable;
import io.weft.net.MacAddress;
import io.weft.overlay.forwarding.ForwardingObject;
import java.util.Optional;

/** Rows of the forwarding databases as we write them (EVPN on Linux: extern_learn). */
final class Rows {
  /** RTPROT_BGP (linux/rtnetlink.h): who set our neighbours and rows. */
  static final int PROTOCOL = 186;

  private Rows() {}

  static FdbEntry vxlan(int device, ForwardingObject.VxlanFdbEntry entry) {
    return new FdbEntry(
        device,
        entry.mac(),
        FdbTable.SELF,
        Optional.of(entry.vtep()),
        FdbKind.EXTERN_LEARNED,
        false);
  }

  static FdbEntry bridge(int device, ForwardingObject.BridgeFdbEntry entry) {
    return new FdbEntry(
        device, entry.mac(), FdbTable.MASTER, Optional.empty(), FdbKind.EXTERN_LEARNED, false);
  }

  static FdbEntry flood(int device, ForwardingObject.FloodEntry entry) {
    return new FdbEntry(
        device,
        MacAddress.ZERO,
        FdbTable.SELF,
        Optional.of(entry.vtep()),
        FdbKind.PERMANENT,
        false);
  }
}
