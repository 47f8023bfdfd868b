package io.weft.overlay.attachment;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.util.List;

/** The answer to an attach call. */
public sealed interface AttachResult {
  /**
   * The interface stands and frames flow.
   *
   * @param gateways where its default routes lead, at most one of each family; none: the network is
   *     pure Layer 2
   * @param mtu of the pod's interface, octets of IP packet
   * @param cluster by which the cluster knows the pod; none: by its own addresses, if at all
   */
  record Attached(
      String endpoint,
      String network,
      Vni vni,
      String interfaceName,
      MacAddress mac,
      List<HostAddress> addresses,
      List<IpAddress> gateways,
      int mtu,
      List<IpAddress> cluster)
      implements AttachResult {
    public Attached {
      cluster = List.copyOf(cluster);
      addresses = List.copyOf(addresses);
      gateways = List.copyOf(gateways);
    }
  }

  /** An address with the prefix length of its subnet. */
  record HostAddress(IpAddress address, int prefixLength) {
    /** Its subnet. */
    public IpPrefix prefix() {
      return new IpPrefix(address.masked(prefixLength), prefixLength);
    }

    @Override
    public String toString() {
      return address + "/" + prefixLength;
    }
  }

  /** Nothing was done, or all of it was undone. */
  record Refused(Reason reason, String message) implements AttachResult {}

  /** Why an attach call was refused, for programs. */
  enum Reason {
    INVALID_REQUEST,
    UNKNOWN_NETWORK,
    ADDRESS_OUTSIDE_SUBNET,
    ADDRESS_IN_USE,
    NO_FREE_ADDRESS,
    NOT_READY,
    LIMIT_REACHED,
    DRAINED,
    KERNEL_REFUSED
  }
}
