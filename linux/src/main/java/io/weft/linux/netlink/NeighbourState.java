package io.weft.linux.netlink;

/** States of a neighbour entry (NUD_*, linux/neighbour.h). */
public enum NeighbourState {
  NONE(0),
  INCOMPLETE(0x01),
  REACHABLE(0x02),
  STALE(0x04),
  DELAY(0x08),
  PROBE(0x10),
  FAILED(0x20),
  /** Valid for ever, never asked for: what a control plane sets. */
  NOARP(0x40),
  PERMANENT(0x80);

  private final int bits;

  NeighbourState(int bits) {
    this.bits = bits;
  }

  int bits() {
    return bits;
  }

  /** The highest known bit decides, should the kernel ever give two. */
  static NeighbourState of(int bits) {
    var found = NONE;
    for (var state : values()) {
      if ((bits & state.bits) != 0) {
        found = state;
      }
    }
    return found;
  }
}
