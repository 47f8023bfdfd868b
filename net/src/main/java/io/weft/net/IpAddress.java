package io.weft.net;

import java.util.Optional;

/**
 * An IPv4 or IPv6 address. IPv4 sorts before IPv6; within a family by unsigned value, then by zone.
 */
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

  /** 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291 §2.5.6). */
  boolean isLinkLocal();

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

  /**
   * As {@link #parse}, and an IPv6 link-local address may have a zone: {@code fe80::1%eth0} (RFC
   * 4007 §11).
   *
   * @throws IllegalArgumentException for any other text
   */
  static IpAddress parseWithZone(String text) {
    int percent = text.indexOf('%');
    if (percent < 0) {
      return parse(text);
    }
    if (percent == text.length() - 1) {
      throw new IllegalArgumentException("'" + text + "' has no zone behind '%'");
    }
    return Ipv6Address.parse(text.substring(0, percent)).withZone(text.substring(percent + 1));
  }

  /** The interface that a link-local address belongs to; empty where none is known. */
  default Optional<String> linkName() {
    return this instanceof Ipv6Address v6 && !v6.zone().isEmpty()
        ? Optional.of(v6.zone())
        : Optional.empty();
  }

  /** The address as others see it: without zone. */
  default IpAddress withoutZone() {
    return this instanceof Ipv6Address v6 && !v6.zone().isEmpty() ? v6.withZone("") : this;
  }

  /** From exactly 4 or 16 octets. */
  static IpAddress of(byte[] octets) {
    return octets.length == 4 ? Ipv4Address.of(octets) : Ipv6Address.of(octets);
  }
}
