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
 */
public record ClusterIntent(
    String network, List<IpPrefix> subnets, boolean member, List<SharedPort> shared) {
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
  }

  /** One that serves its own only. */
  public ClusterIntent(String network, List<IpPrefix> subnets, boolean member) {
    this(network, subnets, member, List.of());
  }

  /** The prefix may be a pod's that is known by an address beside its own, and so reached alone. */
  boolean has(IpPrefix prefix) {
    return !member
        && prefix.length() == prefix.address().bits()
        && ClusterChoice.isIn(subnets, prefix);
  }
}
