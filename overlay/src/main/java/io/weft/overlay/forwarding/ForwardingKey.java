package io.weft.overlay.forwarding;

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
