package io.weft.overlay.node;

import io.weft.net.IpPrefix;
import java.util.List;
import java.util.Optional;

/**
 * A tenant's way out through the node that its endpoint is on, with the node's address.
 *
 * @param ipv4 one of the tenant's networks has an IPv4 gateway
 * @param ipv6 one has an IPv6 gateway
 * @param inside subnets of all the tenant's networks: what is in them never goes out this way
 * @param cluster its pods are the cluster's: the node and its services are reached, and reach them
 */
public record EgressIntent(
    boolean ipv4, boolean ipv6, List<IpPrefix> inside, Optional<ClusterIntent> cluster) {
  public EgressIntent {
    inside = List.copyOf(inside);
  }

  /** One of a tenant whose pods are its own. */
  public EgressIntent(boolean ipv4, boolean ipv6, List<IpPrefix> inside) {
    this(ipv4, ipv6, inside, Optional.empty());
  }

  boolean has(boolean family4) {
    return family4 ? ipv4 : ipv6;
  }
}
