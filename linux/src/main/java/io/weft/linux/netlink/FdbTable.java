package io.weft.linux.netlink;

/** Which forwarding database an entry is in (NTF_SELF, NTF_MASTER; linux/neighbour.h). */
public enum FdbTable {
  /** The device's own: in a VXLAN device, MAC to VTEP. */
  SELF,
  /** The bridge's, for the port: MAC to port. */
  MASTER,
  /** Both in one message; only in requests, a dump gives two entries. */
  SELF_AND_MASTER
}
