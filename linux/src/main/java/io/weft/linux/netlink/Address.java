package io.weft.linux.netlink;

import io.weft.net.IpAddress;

/**
 * An address of a link (RTM_NEWADDR).
 *
 * @param link index of the link
 * @param prefixLength of the connected route that comes with it, in bits
 * @param noDad IPv6: usable at once, without duplicate address detection (IFA_F_NODAD, RFC 4862
 *     §5.4); false for IPv4
 */
public record Address(int link, IpAddress address, int prefixLength, boolean noDad) {
  public Address {
    if (prefixLength < 0 || prefixLength > address.bits()) {
      throw new IllegalArgumentException(
          "prefix length " + prefixLength + " is out of 0.." + address.bits());
    }
    if (noDad && address.isIpv4()) {
      throw new IllegalArgumentException("IPv4 has no duplicate address detection to leave out");
    }
  }

  /** An address that works at once: IPv6 without duplicate address detection. */
  public static Address of(int link, IpAddress address, int prefixLength) {
    return new Address(link, address, prefixLength, !address.isIpv4());
  }

  @Override
  public String toString() {
    return address + "/" + prefixLength + " on link " + link;
  }
}
