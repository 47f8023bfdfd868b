package io.weft.net;

/** An IPv4 or IPv6 address. IPv4 sorts before IPv6; within a family by unsigned value. */
public sealed interface IpAddress extends Comparable<IpAddress> permits Ipv4Address, Ipv6Address {
  /** Address length in bits: 32 or 128. */
  int bits();

  /** The 4 or 16 octets in wire order, in a new array. */
  byte[] octets();

  /** The bit at {@code index}, 0 being the most significant. */
  boolean bit(int index);

  /**
   * The address with all bits from {@code length} on cleared; {@code length} is 0..{@link #bits}.
   */
  IpAddress masked(int length);

  /** This address plus {@code offset}, wrapping within the family. */
  IpAddress plus(long offset);

  boolean isMulticast();

  boolean isLoopback();

  /** 0.0.0.0 or ::. */
  boolean isUnspecified();

  default boolean isIpv4() {
    return bits() == 32;
  }

  /**
   * Reads dotted decimal or RFC 4291 text form, without zone.
   *
   * @throws IllegalArgumentException for any other text; the message quotes it
   */
  static IpAddress parse(String text) {
    return text.indexOf(':') >= 0 ? Ipv6Address.parse(text) : Ipv4Address.parse(text);
  }

  /** From exactly 4 or 16 octets. */
  static IpAddress of(byte[] octets) {
    return octets.length == 4 ? Ipv4Address.of(octets) : Ipv6Address.of(octets);
  }
}
