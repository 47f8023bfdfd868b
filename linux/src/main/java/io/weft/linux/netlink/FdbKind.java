package io.weft.linux.netlink;

/** Why a forwarding entry is there and how long it stays. */
public enum FdbKind {
  /** NUD_PERMANENT: in a bridge, an address of the bridge itself; in a device, stays for ever. */
  PERMANENT,
  /** NUD_NOARP: set by hand, never ages. */
  STATIC,
  /** NTF_EXT_LEARNED: set by a control plane, never ages, moves when the MAC is heard elsewhere. */
  EXTERN_LEARNED,
  /** NUD_REACHABLE: learned from a packet, ages. */
  DYNAMIC
}
