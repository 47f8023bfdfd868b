package io.weft.bgp.wire;

import io.weft.net.MacAddress;
import io.weft.net.RouteTarget;

/**
 * An extended community (RFC 4360 §2), eight octets as they stand; unknown ones are carried alike.
 *
 * @param value type, subtype and six octets of value
 */
public record ExtendedCommunity(long value) implements Comparable<ExtendedCommunity> {
  /** Encapsulation VXLAN: opaque type 03, subtype 0c, tunnel type 8 (RFC 9012 §4.1). */
  public static final ExtendedCommunity ENCAPSULATION_VXLAN =
      new ExtendedCommunity(0x030c_0000_0000_0008L);

  public static ExtendedCommunity of(RouteTarget target) {
    return new ExtendedCommunity(target.value());
  }

  /**
   * MAC mobility (RFC 7432 §7.7): {@code sequence} 0..2^32-1; {@code sticky} for a MAC that never
   * moves.
   */
  public static ExtendedCommunity macMobility(boolean sticky, long sequence) {
    return new ExtendedCommunity(
        0x0600_0000_0000_0000L | (sticky ? 1L << 40 : 0) | (sequence & 0xffff_ffffL));
  }

  /** EVPN router's MAC (RFC 9135 §8.1). */
  public static ExtendedCommunity routersMac(MacAddress mac) {
    return new ExtendedCommunity(0x0603L << 48 | mac.value());
  }

  public boolean isRouteTarget() {
    return RouteTarget.isRouteTarget(value);
  }

  /** The route target it is; only when {@link #isRouteTarget}. */
  public RouteTarget routeTarget() {
    return new RouteTarget(value);
  }

  /** True for any tunnel encapsulation community, VXLAN or not. */
  public boolean isEncapsulation() {
    return value >>> 48 == 0x030c;
  }

  public boolean isMacMobility() {
    return value >>> 48 == 0x0600;
  }

  /** The sticky flag of a MAC mobility community. */
  public boolean isSticky() {
    return isMacMobility() && (value >>> 40 & 1) == 1;
  }

  /** The sequence number of a MAC mobility community, 0..2^32-1. */
  public long mobilitySequence() {
    return value & 0xffff_ffffL;
  }

  @Override
  public int compareTo(ExtendedCommunity other) {
    return Long.compareUnsigned(value, other.value);
  }

  @Override
  public String toString() {
    if (isRouteTarget()) {
      return "rt:" + routeTarget();
    }
    if (equals(ENCAPSULATION_VXLAN)) {
      return "encapsulation:vxlan";
    }
    if (isMacMobility()) {
      return "mac-mobility:" + mobilitySequence() + (isSticky() ? ":sticky" : "");
    }
    return String.format("0x%016x", value);
  }
}
