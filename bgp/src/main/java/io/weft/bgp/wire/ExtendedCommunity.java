package io.weft.bgp.wire;

import io.weft.net.MacAddress;
import io.weft.net.RouteTarget;
import io.weft.net.SecretHash;

/**
 * An extended community (RFC 4360 §2), eight octets as they stand; unknown ones are carried alike.
 *
 * @param value type, subtype and six octets of value
 */
public record ExtendedCommunity(long value) implements Comparable<ExtendedCommunity> {
  /** Encapsulation VXLAN: opaque type 03, subtype 0c, tunnel type 8 (RFC 9012 §4.1). */
  public static final ExtendedCommunity ENCAPSULATION_VXLAN =
      new ExtendedCommunity(0x030c_0000_0000_0008L);

  private static final int IGMP_PROXY = 0x01;
  private static final int MLD_PROXY = 0x02;
  private static final int ROUTER = 0x01;
  private static final int OVERRIDE = 0x02;
  private static final int IMMUTABLE = 0x08;

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

  /** Any encapsulation, VXLAN or not (RFC 9012 §4.1); {@code tunnelType} 0..65535. */
  public static ExtendedCommunity encapsulation(int tunnelType) {
    return new ExtendedCommunity(0x030cL << 48 | (tunnelType & 0xffffL));
  }

  /** Default gateway: the MAC is that of a router (RFC 7432 §7.8); an opaque community. */
  public static ExtendedCommunity defaultGateway() {
    return new ExtendedCommunity(0x030dL << 48);
  }

  /** ESI label (RFC 7432 §7.5): {@code label} 24 bits, a VNI or 0. */
  public static ExtendedCommunity esiLabel(boolean singleActive, int label) {
    return new ExtendedCommunity(
        0x0601L << 48 | (singleActive ? 1L << 40 : 0) | (label & 0xffffff));
  }

  /** ES-Import route target (RFC 7432 §7.6): the six octets behind the type of an ESI. */
  public static ExtendedCommunity esImport(MacAddress part) {
    return new ExtendedCommunity(0x0602L << 48 | part.value());
  }

  /** ARP/ND flags (RFC 9047 §2): of a router, to override, immutable. */
  public static ExtendedCommunity neighbourFlags(
      boolean router, boolean override, boolean immutable) {
    int flags = (router ? ROUTER : 0) | (override ? OVERRIDE : 0) | (immutable ? IMMUTABLE : 0);
    return new ExtendedCommunity(0x0608L << 48 | (long) flags << 40);
  }

  /** Multicast flags (RFC 9251 §9.4): for whose groups it says who has joined them. */
  public static ExtendedCommunity multicastFlags(boolean igmpProxy, boolean mldProxy) {
    long flags = (igmpProxy ? IGMP_PROXY : 0) | (mldProxy ? MLD_PROXY : 0);
    return new ExtendedCommunity(0x0609L << 48 | flags << 32);
  }

  /** Site of origin in the form of a route target (RFC 4360 §5, RFC 5668 §2). */
  public static ExtendedCommunity siteOfOrigin(RouteTarget form) {
    return new ExtendedCommunity(form.value() ^ (1L << 48));
  }

  /** Link bandwidth in octets a second, not transitive: {@code as} is cut to 16 bits. */
  public static ExtendedCommunity linkBandwidth(long as, float octetsPerSecond) {
    return new ExtendedCommunity(
        0x4004L << 48
            | (as & 0xffff) << 32
            | (Float.floatToIntBits(octetsPerSecond) & 0xffff_ffffL));
  }

  /** False when it ends at the border of the AS (RFC 4360 §6). */
  public boolean isTransitive() {
    return (value >>> 62 & 1) == 0;
  }

  public boolean isRouteTarget() {
    return RouteTarget.isRouteTarget(value);
  }

  /** The route target it is; only when {@link #isRouteTarget}. */
  public RouteTarget routeTarget() {
    return new RouteTarget(value);
  }

  public boolean isSiteOfOrigin() {
    return value >>> 56 <= 2 && (value >>> 48 & 0xff) == 0x03;
  }

  /** Link bandwidth, in its transitive form too. */
  public boolean isLinkBandwidth() {
    return value >>> 48 == 0x4004 || value >>> 48 == 0x0004;
  }

  /** Octets a second of a link bandwidth community. */
  public float bandwidth() {
    return Float.intBitsToFloat((int) value);
  }

  /** True for any tunnel encapsulation community, VXLAN or not. */
  public boolean isEncapsulation() {
    return value >>> 48 == 0x030c;
  }

  /** The tunnel type of an encapsulation community: 8 is VXLAN. */
  public int tunnelType() {
    return (int) (value & 0xffff);
  }

  public boolean isDefaultGateway() {
    return value >>> 48 == 0x030d;
  }

  public boolean isEsiLabel() {
    return value >>> 48 == 0x0601;
  }

  /** The single-active flag of an ESI label community. */
  public boolean isSingleActive() {
    return isEsiLabel() && (value >>> 40 & 1) == 1;
  }

  /** The label of an ESI label community. */
  public int esiLabel() {
    return (int) (value & 0xffffff);
  }

  public boolean isEsImport() {
    return value >>> 48 == 0x0602;
  }

  public boolean isRoutersMac() {
    return value >>> 48 == 0x0603;
  }

  /** The address in an ES-Import or router's MAC community. */
  public MacAddress mac() {
    return new MacAddress(value & 0xffff_ffff_ffffL);
  }

  public boolean isNeighbourFlags() {
    return value >>> 48 == 0x0608;
  }

  /** The R flag of ARP/ND flags: the address is that of a router. */
  public boolean isOfRouter() {
    return isNeighbourFlags() && (value >>> 40 & ROUTER) != 0;
  }

  /** The O flag of ARP/ND flags. */
  public boolean isOverride() {
    return isNeighbourFlags() && (value >>> 40 & OVERRIDE) != 0;
  }

  /** The I flag of ARP/ND flags: the binding does not change. */
  public boolean isImmutable() {
    return isNeighbourFlags() && (value >>> 40 & IMMUTABLE) != 0;
  }

  /** It says by routes of type 6 who has joined groups of IPv4. */
  public boolean isIgmpProxy() {
    return value >>> 48 == 0x0609 && (value >>> 32 & IGMP_PROXY) != 0;
  }

  /** The same of IPv6. */
  public boolean isMldProxy() {
    return value >>> 48 == 0x0609 && (value >>> 32 & MLD_PROXY) != 0;
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
    if (isEncapsulation()) {
      return "encapsulation:" + tunnelText(tunnelType());
    }
    if (isSiteOfOrigin()) {
      return "soo:" + new RouteTarget(value ^ (1L << 48));
    }
    if (isLinkBandwidth()) {
      return "link-bandwidth:" + (value >>> 32 & 0xffff) + ":" + bandwidth();
    }
    if (value == 0x030dL << 48) {
      return "default-gateway";
    }
    if (isEsiLabel()) {
      return "esi-label:" + esiLabel() + (isSingleActive() ? ":single-active" : "");
    }
    if (isEsImport()) {
      return "es-import:" + mac();
    }
    if (isRoutersMac()) {
      return "router-mac:" + mac();
    }
    if (isNeighbourFlags()) {
      return "nd-flags:"
          + (isOfRouter() ? "R" : "")
          + (isOverride() ? "O" : "")
          + (isImmutable() ? "I" : "");
    }
    if (isIgmpProxy() || isMldProxy()) {
      return "multicast-flags:" + (isIgmpProxy() ? "I" : "") + (isMldProxy() ? "M" : "");
    }
    if (isMacMobility()) {
      return "mac-mobility:" + mobilitySequence() + (isSticky() ? ":sticky" : "");
    }
    return String.format("0x%016x", value);
  }

  /** Names from the registry of tunnel types (RFC 9012 §13.1 and those before it). */
  private static String tunnelText(int type) {
    return switch (type) {
      case 1 -> "l2tpv3";
      case 2 -> "gre";
      case 7 -> "ipip";
      case 8 -> "vxlan";
      case 9 -> "nvgre";
      case 10 -> "mpls";
      case 11 -> "mpls-in-gre";
      case 12 -> "vxlan-gpe";
      case 13 -> "mpls-in-udp";
      case 19 -> "geneve";
      default -> Integer.toString(type);
    };
  }

  /** {@link SecretHash}: peers choose it. */
  @Override
  public int hashCode() {
    return SecretHash.of(value);
  }
}
