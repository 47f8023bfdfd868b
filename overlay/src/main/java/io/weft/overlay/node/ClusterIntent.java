package io.weft.overlay.node;

import io.weft.net.IpPrefix;
import java.util.List;

/**
 * By which addresses the cluster knows the pods of a tenant: those of one network, the cluster's
 * default one. Pods of other tenants have one of its addresses beside their own, because theirs may
 * be another tenant's too.
 *
 * @param network the cluster's default network; empty: there is none
 * @param subnets of that network
 * @param member the tenant is that network's own: its pods are known by what they have
 * @param shared what its pods serve to all tenants of the cluster, by services
 * @param services where services have their addresses, as far as that is known
 */
public record ClusterIntent(
    String network,
    List<IpPrefix> subnets,
    boolean member,
    List<SharedPort> shared,
    List<IpPrefix> services) {
  /** Where the cluster knows no pods by their addresses. */
  public static final ClusterIntent NONE = new ClusterIntent("", List.of(), false);

  /**
   * A port of pods.
   *
   * @param udp else TCP
   * @param number 1..65535
   */
  public record SharedPort(boolean udp, int number) {}

  public ClusterIntent {
    subnets = List.copyOf(subnets);
    shared = List.copyOf(shared);
    services = List.copyOf(services);
  }

  /** One that serves its own only. */
  public ClusterIntent(String network, List<IpPrefix> subnets, boolean member) {
    this(network, subnets, member, List.of(), List.of());
  }

  /** The same with services there. */
  public ClusterIntent withServices(List<IpPrefix> other) {
    return new ClusterIntent(network, subnets, member, shared, other);
  }

  /** The prefix may be a pod's that is known by an address beside its own, and so reached alone. */
  boolean has(IpPrefix prefix) {
    return !member
        && prefix.length() == prefix.address().bits()
        && ClusterChoice.isIn(subnets, prefix);
  }
}
