package io.weft.net;

import java.util.OptionalLong;

/**
 * A route target (RFC 4360 §4, RFC 5668): says which tables may import a route.
 *
 * @param value the eight octets of the extended community: type 00, 01 or 02, subtype 02
 */
public record RouteTarget(long value) implements ImportTarget {
  private static final int SUBTYPE = 0x02;

  public RouteTarget {
    if (!isRouteTarget(value)) {
      throw new IllegalArgumentException(
          String.format("0x%016x is not a route target community", value));
    }
  }

  /** True when the eight octets of an extended community are a route target of a known form. */
  public static boolean isRouteTarget(long community) {
    int type = (int) (community >>> 56);
    return type <= 2 && (community >>> 48 & 0xff) == SUBTYPE;
  }

  /** 2-octet AS form (RFC 4360 §3.1): {@code as} 0..65535, {@code number} 0..2^32-1. */
  public static RouteTarget ofTwoOctetAs(int as, long number) {
    if (as < 0 || as > 0xffff || number < 0 || number > 0xffff_ffffL) {
      throw new IllegalArgumentException("route target " + as + ":" + number + " is out of range");
    }
    return new RouteTarget((long) SUBTYPE << 48 | (long) as << 32 | number);
  }

  /** 4-octet AS form (RFC 5668 §2): {@code number} 0..65535. */
  public static RouteTarget ofFourOctetAs(long as, int number) {
    if (as < 0 || as > 0xffff_ffffL || number < 0 || number > 0xffff) {
      throw new IllegalArgumentException("route target " + as + ":" + number + " is out of range");
    }
    return new RouteTarget(0x02L << 56 | (long) SUBTYPE << 48 | as << 16 | number);
  }

  /** IPv4 address form (RFC 4360 §3.2): {@code number} 0..65535. */
  public static RouteTarget ofIpv4(Ipv4Address address, int number) {
    if (number < 0 || number > 0xffff) {
      throw new IllegalArgumentException(
          "route target " + address + ":" + number + " is out of range");
    }
    return new RouteTarget(
        0x01L << 56 | (long) SUBTYPE << 48 | (address.value() & 0xffff_ffffL) << 16 | number);
  }

  /**
   * What FRR and most switches derive: low 16 bits of the AS : VNI. A 4-octet AS is cut to its low
   * 16 bits.
   */
  public static RouteTarget automatic(AutonomousSystem as, Vni vni) {
    return ofTwoOctetAs((int) (as.value() & 0xffff), vni.value());
  }

  /** RFC 8365 §5.1.2.1: low 16 bits of the AS : A=0, type 1 (VXLAN), domain 0, 24-bit VNI. */
  public static RouteTarget automaticRfc8365(AutonomousSystem as, Vni vni) {
    return ofTwoOctetAs((int) (as.value() & 0xffff), 1L << 28 | vni.value());
  }

  /**
   * Reads {@code 65000:100}, {@code 4200000000:100} or {@code 10.0.0.1:100}; an AS above 65535, or
   * one with the suffix {@code L}, takes the 4-octet form.
   *
   * @throws IllegalArgumentException for any other text or numbers out of range
   */
  public static RouteTarget parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 1 || !text.substring(colon + 1).matches("[0-9]{1,10}")) {
      throw bad(text);
    }
    var administrator = text.substring(0, colon);
    long number = Long.parseLong(text.substring(colon + 1));
    if (administrator.indexOf('.') >= 0) {
      return ofIpv4(Ipv4Address.parse(administrator), narrow(number, text));
    }
    if (!administrator.matches("[0-9]{1,10}L?")) {
      throw bad(text);
    }
    boolean marked = administrator.endsWith("L");
    long as = Long.parseLong(administrator.replace("L", ""));
    return marked || as > 0xffff
        ? ofFourOctetAs(as, narrow(number, text))
        : ofTwoOctetAs((int) as, number);
  }

  private static int narrow(long number, String text) {
    if (number > 0xffff) {
      throw new IllegalArgumentException(
          "route target '" + text + "': with a 4-octet administrator the number is 0..65535");
    }
    return (int) number;
  }

  private static IllegalArgumentException bad(String text) {
    return new IllegalArgumentException(
        "'" + text + "' is not a route target (AS:number or IPv4:number)");
  }

  /** What stands behind the AS; empty for the IPv4 form. */
  OptionalLong number() {
    return switch ((int) (value >>> 56)) {
      case 0 -> OptionalLong.of(value & 0xffff_ffffL);
      case 1 -> OptionalLong.empty();
      default -> OptionalLong.of(value & 0xffff);
    };
  }

  @Override
  public boolean matches(RouteTarget target) {
    return equals(target);
  }

  @Override
  public String toString() {
    long body = value & 0xffff_ffff_ffffL;
    return switch ((int) (value >>> 56)) {
      case 0 -> (body >> 32) + ":" + (body & 0xffff_ffffL);
      case 1 -> new Ipv4Address((int) (body >> 16)) + ":" + (body & 0xffff);
      default -> (body >> 16) + (body >> 16 > 0xffff ? ":" : "L:") + (body & 0xffff);
    };
  }

  /** {@link SecretHash}: peers choose it. */
  @Override
  public int hashCode() {
    return SecretHash.of(value);
  }
}
