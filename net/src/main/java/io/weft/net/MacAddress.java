package io.weft.net;

/**
 * A 48-bit IEEE 802 MAC address, kept in the low 48 bits of a long.
 *
 * @param value 0..2^48-1, first octet on the wire in the highest bits
 */
public record MacAddress(long value) implements Comparable<MacAddress> {
  /** Octets of a MAC address on the wire. */
  public static final int LENGTH = 6;

  /** All zero: in a VXLAN forwarding database the key of the flood list. */
  public static final MacAddress ZERO = new MacAddress(0);

  public MacAddress {
    if (value < 0 || value > 0xffff_ffff_ffffL) {
      throw new IllegalArgumentException("MAC address out of 48 bits: " + Long.toHexString(value));
    }
  }

  /**
   * Reads six pairs of hexadecimal digits with colons, such as {@code 02:00:5e:00:00:01}.
   *
   * @throws IllegalArgumentException for any other text; the message quotes it
   */
  public static MacAddress parse(String text) {
    if (!text.matches("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a MAC address (six pairs of hexadecimal digits with colons)");
    }
    return new MacAddress(Long.parseLong(text.replace(":", ""), 16));
  }

  /** From exactly six octets. */
  public static MacAddress of(byte[] octets) {
    if (octets.length != LENGTH) {
      throw new IllegalArgumentException("a MAC address has 6 octets, not " + octets.length);
    }
    long value = 0;
    for (byte octet : octets) {
      value = value << 8 | (octet & 0xff);
    }
    return new MacAddress(value);
  }

  /** The six octets in wire order, in a new array. */
  public byte[] octets() {
    var octets = new byte[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      octets[i] = (byte) (value >> 8 * (LENGTH - 1 - i));
    }
    return octets;
  }

  /** True for group addresses, broadcast among them: such an address is never an endpoint's. */
  public boolean isMulticast() {
    return (value >> 40 & 1) == 1;
  }

  public boolean isZero() {
    return value == 0;
  }

  @Override
  public int compareTo(MacAddress other) {
    return Long.compare(value, other.value);
  }

  /** Six pairs of lower-case hexadecimal digits with colons. */
  @Override
  public String toString() {
    // By hand: tables are keyed by this text, and String.format takes a hundred times as long.
    var text = new char[3 * LENGTH - 1];
    for (int i = 0; i < LENGTH; i++) {
      int octet = (int) (value >> 8 * (LENGTH - 1 - i));
      text[3 * i] = Character.forDigit(octet >> 4 & 0xf, 16);
      text[3 * i + 1] = Character.forDigit(octet & 0xf, 16);
      if (i < LENGTH - 1) {
        text[3 * i + 2] = ':';
      }
    }
    return new String(text);
  }

  /** {@link SecretHash}: peers choose it. */
  @Override
  public int hashCode() {
    return SecretHash.of(value);
  }
}
