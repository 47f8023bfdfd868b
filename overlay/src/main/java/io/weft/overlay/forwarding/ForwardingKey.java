package io.weft.overlay.forwarding;

import io.weft.net.IpAddress;
import io.weft.net.Ipv6Address;
import io.weft.net.MacAddress;
import io.weft.net.Vni;

/**
 * Identity of a {@link ForwardingObject}. Sorted so that what others stand on comes first: creation
 * goes up the order, removal down.
 *
 * @param namespace empty: that of the underlay
 * @param vni 0 where the kind has none in its identity
 * @param discriminator port name, MAC or address, as text; empty where there is none
 */
public record ForwardingKey(Kind kind, String namespace, int vni, String discriminator)
    implements Comparable<ForwardingKey> {

  private static final String IPV6 = "ipv6";

  /** Kinds in the order of their dependencies. */
  public enum Kind {
    UNDERLAY_ROUTE,
    NAMESPACE,
    EGRESS_FILTER,
    EGRESS_LINK,
    EGRESS_PORT,
    EGRESS_ADDRESS,
    EGRESS_ROUTE,
    DEAD_END,
    BRIDGE,
    IPV6_ROUTING,
    GATEWAY,
    VXLAN,
    PORT,
    LOCAL_FDB,
    TAP,
    ENDPOINT_ROUTE,
    SENDING_PORT,
    VXLAN_FDB,
    BRIDGE_FDB,
    FLOOD,
    NEIGHBOUR,
    SENDING_FDB,
    SENDING_NEIGHBOUR,
    TRANSIT_GUARD,
    TENANT_ROUTE;

    /** True for what comes from other nodes' routes. */
    public boolean isRemote() {
      return this == UNDERLAY_ROUTE || compareTo(SENDING_PORT) >= 0;
    }

    /** True for what belongs to a tenant's routing as a whole, not to one VNI of this node. */
    boolean isOfTenant() {
      return switch (this) {
        case SENDING_PORT, SENDING_FDB, SENDING_NEIGHBOUR, TRANSIT_GUARD, TENANT_ROUTE -> true;
        default -> false;
      };
    }
  }

  /** The {@link ForwardingObject.VxlanPort} whose packets go to VTEPs of this one's family. */
  public static ForwardingKey vxlanPort(String namespace, Vni vni, IpAddress vtep) {
    return vxlanPort(namespace, vni, !isIpv4(vtep));
  }

  /** As {@link #vxlanPort(String, Vni, IpAddress)}, by family. */
  public static ForwardingKey vxlanPort(String namespace, Vni vni, boolean ipv6) {
    return new ForwardingKey(Kind.VXLAN, namespace, vni.value(), ipv6 ? IPV6 : "");
  }

  /**
   * The {@link ForwardingObject.SendingPort} whose packets go to VTEPs of this one's family; one
   * that is mapped into IPv6, as routes of IPv6 name it, is of IPv4.
   */
  public static ForwardingKey sendingPort(String namespace, Vni vni, IpAddress vtep) {
    return new ForwardingKey(Kind.SENDING_PORT, namespace, vni.value(), family(vtep));
  }

  /** The row of a MAC in the vxlan device whose packets go to VTEPs of this one's family. */
  public static ForwardingKey vxlanRow(String namespace, Vni vni, MacAddress mac, IpAddress vtep) {
    var family = family(vtep);
    var row = family.isEmpty() ? mac.toString() : mac + " " + family;
    return new ForwardingKey(Kind.VXLAN_FDB, namespace, vni.value(), row);
  }

  /** What tells devices and rows of an IPv6 tunnel from those of an IPv4 one. */
  private static String family(IpAddress vtep) {
    return isIpv4(vtep) ? "" : IPV6;
  }

  static boolean isIpv4(IpAddress vtep) {
    return vtep.isIpv4() || vtep instanceof Ipv6Address v6 && v6.isMapped();
  }

  /**
   * By hand, because every table of the plan is sorted by it: a chain of comparators costs more.
   */
  @Override
  @SuppressWarnings("ReferenceEquality") // a shortcut only: mostly it is the same object
  public int compareTo(ForwardingKey other) {
    int order = kind.compareTo(other.kind);
    if (order == 0 && namespace != other.namespace) {
      order = namespace.compareTo(other.namespace);
    }
    if (order == 0) {
      order = Integer.compare(vni, other.vni);
    }
    return order == 0 ? discriminator.compareTo(other.discriminator) : order;
  }

  @Override
  public String toString() {
    return kind.name().toLowerCase(java.util.Locale.ROOT)
        + (namespace.isEmpty() ? "" : " " + namespace)
        + (vni == 0 ? "" : " vni " + vni)
        + (discriminator.isEmpty() ? "" : " " + discriminator);
  }
}
