package io.weft.net;

import java.util.ArrayList;
import java.util.List;

/**
 * An IPv6 address; text as RFC 5952 writes it, with {@code %zone} behind it where one is known.
 *
 * @param high the first 64 bits
 * @param low the last 64 bits
 * @param zone name of the interface that a link-local address belongs to (RFC 4007 §11.2), 1..15
 *     characters; empty: none is known. It is this node's own word and never goes onto the wire
 */
public record Ipv6Address(long high, long low, String zone) implements IpAddress {
  /** IFNAMSIZ (linux/if.h) minus the closing NUL. */
  private static final int LONGEST_ZONE = 15;

  public Ipv6Address {
    if (!zone.isEmpty() && !isLinkLocal(high)) {
      throw new IllegalArgumentException(
          "only a link-local address has a zone: " + new Ipv6Address(high, low) + "%" + zone);
    }
    if (zone.length() > LONGEST_ZONE || zone.chars().anyMatch(Ipv6Address::isNotOfAName)) {
      throw new IllegalArgumentException("'" + zone + "' is not the name of an interface");
    }
  }

  /** Without a zone. */
  public Ipv6Address(long high, long low) {
    this(high, low, "");
  }

  private static boolean isLinkLocal(long high) {
    return high >>> 54 == 0xfe80 >>> 6; // fe80::/10, RFC 4291 §2.5.6
  }

  private static boolean isNotOfAName(int character) {
    return character <= ' ' || character == '/' || character == ':' || character == '%';
  }

  /** The same address on a link; an empty text takes the zone away. */
  public Ipv6Address withZone(String newZone) {
    return new Ipv6Address(high, low, newZone);
  }

  /** True for what {@link #mapped} gives. */
  public boolean isMapped() {
    return high == 0 && low >>> 32 == 0xffff;
  }

  /** The IPv4-mapped address {@code ::ffff:a.b.c.d} (RFC 4291 §2.5.5.2). */
  public static Ipv6Address mapped(Ipv4Address address) {
    return new Ipv6Address(0, 0xffff_0000_0000L | (address.value() & 0xffff_ffffL));
  }

  /** Reads RFC 4291 text with at most one {@code ::}, optionally ending in dotted IPv4; no zone. */
  public static Ipv6Address parse(String text) {
    try {
      int gap = text.indexOf("::");
      if (gap < 0) {
        var groups = groups(text, true);
        if (groups.size() != 8) {
          throw bad(text);
        }
        return of(groups);
      }
      var head = groups(text.substring(0, gap), false);
      var tail = groups(text.substring(gap + 2), true);
      if (head.size() + tail.size() > 7) {
        throw bad(text);
      }
      var all = new ArrayList<>(head);
      while (all.size() < 8 - tail.size()) {
        all.add(0);
      }
      all.addAll(tail);
      return of(all);
    } catch (IllegalArgumentException e) {
      throw bad(text);
    }
  }

  private static IllegalArgumentException bad(String text) {
    return new IllegalArgumentException("'" + text + "' is not an IP address");
  }

  /** {@code last}: the text ends the address, so that its last group may be dotted IPv4. */
  private static List<Integer> groups(String text, boolean last) {
    var groups = new ArrayList<Integer>();
    if (text.isEmpty()) {
      return groups;
    }
    var parts = text.split(":", -1);
    for (int i = 0; i < parts.length; i++) {
      if (last && i == parts.length - 1 && parts[i].indexOf('.') >= 0) {
        int v4 = Ipv4Address.parse(parts[i]).value();
        groups.add(v4 >>> 16);
        groups.add(v4 & 0xffff);
      } else if (parts[i].matches("[0-9a-fA-F]{1,4}")) {
        groups.add(Integer.parseInt(parts[i], 16));
      } else {
        throw new NumberFormatException(parts[i]);
      }
    }
    return groups;
  }

  private static Ipv6Address of(List<Integer> groups) {
    long high = 0;
    long low = 0;
    for (int i = 0; i < 4; i++) {
      high = high << 16 | groups.get(i);
      low = low << 16 | groups.get(i + 4);
    }
    return new Ipv6Address(high, low);
  }

  /** From exactly sixteen octets. */
  public static Ipv6Address of(byte[] octets) {
    if (octets.length != 16) {
      throw new IllegalArgumentException("an IPv6 address has 16 octets, not " + octets.length);
    }
    long high = 0;
    long low = 0;
    for (int i = 0; i < 8; i++) {
      high = high << 8 | (octets[i] & 0xff);
      low = low << 8 | (octets[i + 8] & 0xff);
    }
    return new Ipv6Address(high, low);
  }

  @Override
  public int bits() {
    return 128;
  }

  @Override
  public byte[] octets() {
    var octets = new byte[16];
    for (int i = 0; i < 8; i++) {
      octets[i] = (byte) (high >> 56 - 8 * i);
      octets[i + 8] = (byte) (low >> 56 - 8 * i);
    }
    return octets;
  }

  @Override
  public boolean bit(int index) {
    return ((index < 64 ? high >>> 63 - index : low >>> 127 - index) & 1) == 1;
  }

  @Override
  public Ipv6Address masked(int length) {
    if (length == 128) {
      return this; // the zone is part of what one address is, and not of what several share
    }
    long keepHigh = length >= 64 ? -1 : length == 0 ? 0 : -1L << (64 - length);
    long keepLow = length <= 64 ? 0 : -1L << (128 - length);
    return new Ipv6Address(high & keepHigh, low & keepLow);
  }

  @Override
  public Ipv6Address plus(long offset) {
    long sum = low + offset;
    long carry = Long.compareUnsigned(sum, low) < 0 && offset > 0 ? 1 : 0;
    long borrow = Long.compareUnsigned(sum, low) > 0 && offset < 0 ? 1 : 0;
    return new Ipv6Address(high + carry - borrow, sum);
  }

  @Override
  public boolean isMulticast() {
    return high >>> 56 == 0xff;
  }

  @Override
  public boolean isLinkLocal() {
    return isLinkLocal(high);
  }

  @Override
  public boolean isLoopback() {
    return high == 0 && low == 1;
  }

  @Override
  public boolean isUnspecified() {
    return high == 0 && low == 0;
  }

  @Override
  public int compareTo(IpAddress other) {
    return switch (other) {
      case Ipv4Address _ -> 1;
      case Ipv6Address(long theirHigh, long theirLow, String theirZone) -> {
        int order = Long.compareUnsigned(high, theirHigh);
        order = order != 0 ? order : Long.compareUnsigned(low, theirLow);
        yield order != 0 ? order : zone.compareTo(theirZone);
      }
    };
  }

  private int group(int index) {
    return (int) ((index < 4 ? high >>> 48 - 16 * index : low >>> 112 - 16 * index) & 0xffff);
  }

  /** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as ::. */
  @Override
  public String toString() {
    int gapStart = -1;
    int gapLength = 1;
    for (int start = 0; start < 8; start++) {
      int end = start;
      while (end < 8 && group(end) == 0) {
        end++;
      }
      if (end - start > gapLength) {
        gapStart = start;
        gapLength = end - start;
      }
    }
    var text = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      if (i == gapStart) {
        text.append("::");
        i += gapLength - 1;
      } else {
        if (i > 0 && i != gapStart + gapLength) {
          text.append(':');
        } else if (i > 0 && gapStart < 0) {
          text.append(':');
        }
        text.append(Integer.toHexString(group(i)));
      }
    }
    return zone.isEmpty() ? text.toString() : text.append('%').append(zone).toString();
  }

  /** {@link SecretHash}: peers choose it. */
  @Override
  public int hashCode() {
    return 31 * SecretHash.of(SecretHash.of(high), low) + zone.hashCode();
  }
}
