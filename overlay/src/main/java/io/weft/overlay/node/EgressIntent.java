package io.weft.overlay.node;

import io.weft.net.IpPrefix;
import java.util.List;

/**
 * A tenant's way out through the node that its endpoint is on, with the node's address.
 *
 * @param ipv4 one of the tenant's networks has an IPv4 gateway
 * @param ipv6 one has an IPv6 gateway
 * @param inside subnets of all the tenant's networks: what is in them never goes out this way
 */
public record EgressIntent(boolean ipv4, boolean ipv6, List<IpPrefix> inside) {
  public EgressIntent {
    inside = List.copyOf(inside);
  }

  boolean has(boolean family4) {
    return family4 ? ipv4 : ipv6;
  }
}
