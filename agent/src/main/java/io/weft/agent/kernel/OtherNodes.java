package io.weft.agent.kernel;

import io.weft.linux.nftables.ElementSet.Element;
import io.weft.net.IpAddress;
import io.weft.net.Octets;
import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Addresses of other nodes that are known besides the VTEPs that rows lead to.
 *
 * @param addresses of both families
 * @param complete false: there may be others, what is known of an earlier time stays
 */
public record OtherNodes(Set<IpAddress> addresses, boolean complete) {
  /** Nobody tells of nodes but BGP. */
  public static final OtherNodes NONE = new OtherNodes(Set.of(), true);

  /** Who tells of them has not answered yet. */
  public static final OtherNodes UNKNOWN = new OtherNodes(Set.of(), false);

  public OtherNodes {
    addresses = Set.copyOf(addresses);
  }

  /** All that is known of nodes. */
  public static OtherNodes of(Collection<IpAddress> addresses) {
    return new OtherNodes(Set.copyOf(addresses), true);
  }

  /** Those of one family, as elements of a set. */
  static Set<Element> elements(Set<IpAddress> addresses, boolean ipv4) {
    return addresses.stream()
        .filter(address -> address.isIpv4() == ipv4)
        .map(address -> new Element(Octets.of(address.octets())))
        .collect(Collectors.toSet());
  }
}
