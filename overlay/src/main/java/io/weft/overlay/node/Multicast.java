package io.weft.overlay.node;

/** Where frames for a multicast group go within one network. */
public enum Multicast {
  /** To every port on every node, as broadcast does. */
  FLOOD,

  /** To every node of the network; there to the ports that have joined the group (RFC 4541). */
  SNOOPING,

  /** To the nodes where somebody has joined the group (RFC 9251); there as {@link #SNOOPING}. */
  SELECTIVE;

  /** True when bridges hear who has joined what. */
  boolean snoops() {
    return this != FLOOD;
  }
}
