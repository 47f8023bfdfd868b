package io.weft.net;

/**
 * The route targets of all ASes with one number, as fabrics need where each rack has an AS of its
 * own. It matches the 2-octet and the 4-octet AS form, never the IPv4 form. Only to import: a route
 * cannot carry it.
 *
 * @param number 0..2^32-1; above 65535 only the 2-octet AS form has room for it
 */
public record AnyAsTarget(long number) implements ImportTarget {
  public AnyAsTarget {
    if (number < 0 || number > 0xffff_ffffL) {
      throw new IllegalArgumentException("route target *:" + number + " is out of range");
    }
  }

  /** Reads {@code *:5001}. */
  static AnyAsTarget parse(String text) {
    if (!text.matches("\\*:[0-9]{1,10}")) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a route target; with any AS it is *:number");
    }
    return new AnyAsTarget(Long.parseLong(text.substring(2)));
  }

  @Override
  public boolean matches(RouteTarget target) {
    return target.number().isPresent() && target.number().getAsLong() == number;
  }

  @Override
  public String toString() {
    return "*:" + number;
  }

  /** {@link SecretHash}: peers choose it. */
  @Override
  public int hashCode() {
    return SecretHash.of(number);
  }
}
