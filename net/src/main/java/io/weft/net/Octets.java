package io.weft.net;

import java.util.Arrays;
import java.util.HexFormat;

/** An immutable string of octets with value equality: what records hold instead of arrays. */
public final class Octets {
  public static final Octets EMPTY = new Octets(new byte[0]);

  private final byte[] bytes;

  private Octets(byte[] bytes) {
    this.bytes = bytes;
  }

  /** A copy of the array. */
  public static Octets of(byte[] bytes) {
    return new Octets(bytes.clone());
  }

  /** From pairs of hexadecimal digits without separators. */
  public static Octets parse(String hex) {
    return new Octets(HexFormat.of().parseHex(hex));
  }

  public int length() {
    return bytes.length;
  }

  /** The octet at {@code index} as 0..255. */
  public int at(int index) {
    return bytes[index] & 0xff;
  }

  /** A copy in a new array. */
  public byte[] toArray() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Octets that && Arrays.equals(bytes, that.bytes);
  }

  /** {@link SecretHash}: peers choose it. */
  @Override
  public int hashCode() {
    return SecretHash.of(bytes, 0, bytes.length);
  }

  /** Hexadecimal digits without separators. */
  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes);
  }
}
