package io.weft.net;

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

  /** 0 (2-octet AS : 4 octets), 1 (IPv4 : 2 octets), 2 (4-octet AS : 2 octets), or unknown. */
  public int type() {
    return (int) (value >>> 48);
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
      case 2 -> (body >> 16) + ":" + (body & 0xffff);
      default -> String.format("0x%016x", value);
    };
  }
}
