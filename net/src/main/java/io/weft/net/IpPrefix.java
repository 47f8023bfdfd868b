package io.weft.net;

/**
 * An IP prefix in canonical form: no bit set behind the length.
 *
 * @param address the network address
 * @param length prefix length in bits, 0..32 or 0..128
 */
public record IpPrefix(IpAddress address, int length) implements Comparable<IpPrefix> {
  public IpPrefix {
    if (length < 0 || length > address.bits()) {
      throw new IllegalArgumentException(
          "prefix length " + length + " is out of 0.." + address.bits() + " for " + address);
    }
    if (!address.masked(length).equals(address)) {
      throw new IllegalArgumentException(
          address
              + "/"
              + length
              + " has bits set behind the prefix length; the prefix is "
              + address.masked(length)
              + "/"
              + length);
    }
  }

  /**
   * Reads {@code address/length}.
   *
   * @throws IllegalArgumentException when it is not a prefix or has host bits set
   */
  public static IpPrefix parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0 || !text.substring(slash + 1).matches("[0-9]{1,3}")) {
      throw new IllegalArgumentException("'" + text + "' is not a prefix (address/length)");
    }
    return new IpPrefix(
        IpAddress.parse(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
  }

  public boolean contains(IpAddress candidate) {
    return candidate.bits() == address.bits() && candidate.masked(length).equals(address);
  }

  /** True for itself, and for every prefix of which all addresses are in this one. */
  public boolean contains(IpPrefix other) {
    return length <= other.length && contains(other.address);
  }

  public boolean overlaps(IpPrefix other) {
    return contains(other.address) || other.contains(address);
  }

  /**
   * True when a host may have the address: inside, and in IPv4 subnets of /30 and shorter neither
   * the network nor the broadcast address; in IPv6 of /126 and shorter not the subnet-router
   * anycast address (RFC 4291 §2.6.1).
   */
  public boolean isHostAddress(IpAddress candidate) {
    if (!contains(candidate)) {
      return false;
    }
    if (address.bits() - length < 2) {
      return true;
    }
    boolean first = candidate.equals(address);
    boolean broadcast =
        candidate instanceof Ipv4Address(int value) && (value | networkMask()) == -1;
    return !first && !broadcast;
  }

  private int networkMask() {
    return length == 0 ? 0 : -1 << (32 - length);
  }

  @Override
  public int compareTo(IpPrefix other) {
    int order = address.compareTo(other.address);
    return order != 0 ? order : Integer.compare(length, other.length);
  }

  @Override
  public String toString() {
    return address + "/" + length;
  }
}
