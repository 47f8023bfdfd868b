package io.weft.overlay.node;

import io.weft.net.IpPrefix;
import java.util.List;

/**
 * By which addresses the cluster knows the pods of a tenant: those of one network, the cluster's
 * default one. Pods of other networks have one of its addresses beside their own, because theirs
 * may be another tenant's too.
 *
 * @param network the cluster's default network; empty: there is none
 * @param subnets of that network
 * @param member the tenant is that network's own, so that the node reaches all of it
 */
public record ClusterIntent(String network, List<IpPrefix> subnets, boolean member) {
  /** Where the cluster knows no pods by their addresses. */
  public static final ClusterIntent NONE = new ClusterIntent("", List.of(), false);

  public ClusterIntent {
    subnets = List.copyOf(subnets);
  }

  /** The prefix is of a pod that is known by an address beside its own, and so reached alone. */
  boolean has(IpPrefix prefix) {
    return !member && ClusterChoice.isIn(subnets, prefix);
  }

  /** What the node reaches in the tenant as a whole. */
  List<IpPrefix> reached() {
    return member ? subnets : List.of();
  }
}
