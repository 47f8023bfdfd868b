package io.weft.overlay.attachment;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.util.List;

/**
 * By which addresses the cluster knows a pod, where its own may be another tenant's too.
 *
 * @param network that they are taken from; empty: the cluster knows none
 * @param addresses one of a family at most
 */
public record ClusterAddresses(String network, List<IpAddress> addresses) {
  /** It knows the pod by its own addresses, if at all. */
  public static final ClusterAddresses NONE = new ClusterAddresses("", List.of());

  public ClusterAddresses {
    addresses = List.copyOf(addresses);
  }

  /** Each as a prefix of its own. */
  public List<IpPrefix> prefixes() {
    return addresses.stream().map(address -> new IpPrefix(address, address.bits())).toList();
  }
}
