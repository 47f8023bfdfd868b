package io.weft.kubernetes.resource;

import io.weft.net.Vni;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Networks that belong together and may route to each other; apart from every other tenant. */
public record Tenant(Metadata metadata, TenantSpec spec) implements Resource {

  /**
   * What a tenant is to be.
   *
   * @param l3vni what its routed packets travel in; empty: automatic once one of its networks has a
   *     gateway, see the fabric's {@code vniPools}
   * @param routeTargets of its IP-VRF
   * @param egress how its routed networks reach what is in none of them
   * @param shares ports of its pods that all tenants of the cluster reach, by services; at most
   *     {@link #MAX_SHARES}
   */
  public record TenantSpec(
      Optional<Vni> l3vni, RouteTargets routeTargets, Egress egress, List<ServicePort> shares) {
    /** What a tenant may share. */
    public static final int MAX_SHARES = 16;

    public TenantSpec {
      shares = List.copyOf(shares);
    }

    /** Nothing given. */
    public static final TenantSpec DEFAULT = new TenantSpec(Optional.empty());

    /** One with automatic route targets that stays inside. */
    public TenantSpec(Optional<Vni> l3vni) {
      this(l3vni, RouteTargets.AUTOMATIC, Egress.NONE, List.of());
    }
  }

  /** A way out of the tenant. */
  public enum Egress {
    /** Only by routes of Type 5, of an external gateway. */
    NONE,
    /** Through the node that the endpoint is on, with the node's address. */
    NODE,
    /** As {@link #NODE}, and the node and the cluster's services reach in, and are reached. */
    CLUSTER;

    /** As they are written. */
    static final SortedMap<String, Egress> BY_LABEL =
        Collections.unmodifiableSortedMap(
            new TreeMap<>(Map.of("none", NONE, "node", NODE, "cluster", CLUSTER)));
  }

  @Override
  public Kind kind() {
    return Kind.TENANT;
  }
}
