package io.weft.net;

import java.util.Optional;

/**
 * A route distinguisher (RFC 4364 §4.2): makes equal prefixes of different tenants different
 * routes.
 *
 * @param value the eight octets: type 2, administrator and assigned number 6
 */
public record RouteDistinguisher(long value) implements Comparable<RouteDistinguisher> {
  /** Type 1, {@code router-id:number}, as RFC 7432 §7.9 recommends; number is 0..65535. */
  public static RouteDistinguisher of(Ipv4Address router, int number) {
    if (number < 0 || number > 0xffff) {
      throw new IllegalArgumentException("RD number " + number + " is out of 0..65535");
    }
    return new RouteDistinguisher(1L << 48 | (router.value() & 0xffff_ffffL) << 16 | number);
  }

  /**
   * Reads what {@link #toString} says: {@code 10.0.0.1:1}, {@code 65000:1}, {@code 4200000000:1},
   * and the eight octets in hexadecimal. An AS above 65535, or one with the suffix {@code L}, takes
   * the 4-octet form.
   *
   * @throws IllegalArgumentException for any other text or numbers out of range
   */
  public static RouteDistinguisher parse(String text) {
    if (text.matches("0x[0-9a-f]{16}")) {
      return new RouteDistinguisher(Long.parseUnsignedLong(text.substring(2), 16));
    }
    int colon = text.lastIndexOf(':');
    var administrator = text.substring(0, Math.max(colon, 0));
    boolean ipv4 = administrator.indexOf('.') >= 0;
    if (!text.substring(colon + 1).matches("[0-9]{1,10}")
        || !ipv4 && !administrator.matches("[0-9]{1,10}L?")) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a route distinguisher (IPv4:number or AS:number)");
    }
    long number = Long.parseLong(text.substring(colon + 1));
    if (ipv4) {
      return of(Ipv4Address.parse(administrator), (int) number(number, 0xffff, text));
    }
    long as = number(Long.parseLong(administrator.replace("L", "")), 0xffff_ffffL, text);
    return as > 0xffff || administrator.endsWith("L")
        ? new RouteDistinguisher(2L << 48 | as << 16 | number(number, 0xffff, text))
        : new RouteDistinguisher(as << 32 | number(number, 0xffff_ffffL, text));
  }

  private static long number(long number, long most, String text) {
    if (number > most) {
      throw new IllegalArgumentException(
          "route distinguisher '" + text + "': " + number + " is out of 0.." + most);
    }
    return number;
  }

  /** 0 (2-octet AS : 4 octets), 1 (IPv4 : 2 octets), 2 (4-octet AS : 2 octets), or unknown. */
  public int type() {
    return (int) (value >>> 48);
  }

  /**
   * The router that all routes with this administrator are of: of type 1, whose administrator is an
   * address of the router and of no other (RFC 7432 §7.9). Empty for other types.
   */
  public Optional<Ipv4Address> router() {
    return type() == 1 ? Optional.of(new Ipv4Address((int) (value >> 16))) : Optional.empty();
  }

  @Override
  public int compareTo(RouteDistinguisher other) {
    return Long.compareUnsigned(value, other.value);
  }

  @Override
  public String toString() {
    long body = value & 0xffff_ffff_ffffL;
    return switch (type()) {
      case 0 -> (body >> 32) + ":" + (body & 0xffff_ffffL);
      case 1 -> new Ipv4Address((int) (body >> 16)) + ":" + (body & 0xffff);
      case 2 -> (body >> 16) + (body >> 16 > 0xffff ? ":" : "L:") + (body & 0xffff);
      default -> String.format("0x%016x", value);
    };
  }

  /** {@link SecretHash}: peers choose it. */
  @Override
  public int hashCode() {
    return SecretHash.of(value);
  }
}
