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
    BRIDGE,
    GATEWAY,
    VXLAN,
    PORT,
    LOCAL_FDB,
    VXLAN_FDB,
    BRIDGE_FDB,
    FLOOD,
    NEIGHBOUR,
    TENANT_ROUTE;

    /** True for what comes from other nodes' routes. */
    public boolean isRemote() {
      return this == UNDERLAY_ROUTE || compareTo(VXLAN_FDB) >= 0;
    }
  }

  /**
   * By hand, because every table of the plan is sorted by it: a chain of comparators costs more.
   */
  @Override
  public int compareTo(ForwardingKey other) {
    int order = kind.compareTo(other.kind);
    if (order == 0) {
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
