package io.weft.net;

/**
 * An Ethernet segment identifier (RFC 7432 §5), ten octets.
 *
 * @param high the first eight octets
 * @param low the last two, 0..65535
 */
public record Esi(long high, int low) {
  public static final int LENGTH = 10;

  /** All zero: the endpoint is single-homed. */
  public static final Esi ZERO = new Esi(0, 0);

  public Esi {
    if (low < 0 || low > 0xffff) {
      throw new IllegalArgumentException("last two octets of an ESI out of 0..65535: " + low);
    }
  }

  /**
   * Reads ten pairs of hexadecimal digits with colons.
   *
   * @throws IllegalArgumentException for any other text
   */
  public static Esi parse(String text) {
    if (!text.matches("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){9}")) {
      throw new IllegalArgumentException(
          "'" + text + "' is not an ESI (ten pairs of hexadecimal digits with colons)");
    }
    var digits = text.replace(":", "");
    return new Esi(
        Long.parseUnsignedLong(digits.substring(0, 16), 16),
        Integer.parseInt(digits.substring(16), 16));
  }

  public boolean isZero() {
    return high == 0 && low == 0;
  }

  /** Ten pairs of hexadecimal digits with colons. */
  @Override
  public String toString() {
    var digits = String.format("%016x%04x", high, low);
    return String.join(":", digits.split("(?<=\\G..)"));
  }

  /** {@link SecretHash}: peers choose it. */
  @Override
  public int hashCode() {
    return SecretHash.of(SecretHash.of(high), low);
  }
}
