package io.weft.net;

/**
 * An IPv4 address; also a BGP identifier and a cluster id, which are written alike.
 *
 * @param value the 32 bits, first octet highest
 */
public record Ipv4Address(int value) implements IpAddress {
  public static final Ipv4Address UNSPECIFIED = new Ipv4Address(0);

  /** Reads strict dotted decimal: four numbers 0..255 without leading zeros. */
  public static Ipv4Address parse(String text) {
    var parts = text.split("\\.", -1);
    int value = 0;
    boolean good = parts.length == 4;
    for (int i = 0; good && i < 4; i++) {
      good = parts[i].matches("0|[1-9][0-9]{0,2}") && Integer.parseInt(parts[i]) <= 255;
      value = good ? value << 8 | Integer.parseInt(parts[i]) : value;
    }
    if (!good) {
      throw new IllegalArgumentException("'" + text + "' is not an IP address");
    }
    return new Ipv4Address(value);
  }

  /** From exactly four octets. */
  public static Ipv4Address of(byte[] octets) {
    if (octets.length != 4) {
      throw new IllegalArgumentException("an IPv4 address has 4 octets, not " + octets.length);
    }
    return new Ipv4Address(
        (octets[0] & 0xff) << 24
            | (octets[1] & 0xff) << 16
            | (octets[2] & 0xff) << 8
            | (octets[3] & 0xff));
  }

  @Override
  public int bits() {
    return 32;
  }

  @Override
  public byte[] octets() {
    return new byte[] {
      (byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value
    };
  }

  @Override
  public boolean bit(int index) {
    return (value >>> (31 - index) & 1) == 1;
  }

  @Override
  public Ipv4Address masked(int length) {
    return new Ipv4Address(length == 0 ? 0 : value & -1 << (32 - length));
  }

  @Override
  public Ipv4Address plus(long offset) {
    return new Ipv4Address((int) (value + offset));
  }

  @Override
  public boolean isMulticast() {
    return value >>> 28 == 0xe;
  }

  @Override
  public boolean isLinkLocal() {
    return value >>> 16 == 0xa9fe;
  }

  @Override
  public boolean isLoopback() {
    return value >>> 24 == 127;
  }

  @Override
  public boolean isUnspecified() {
    return value == 0;
  }

  @Override
  public int compareTo(IpAddress other) {
    return switch (other) {
      case Ipv4Address(int theirs) -> Integer.compareUnsigned(value, theirs);
      case Ipv6Address _ -> -1;
    };
  }

  @Override
  public String toString() {
    return (value >>> 24)
        + "."
        + (value >> 16 & 255)
        + "."
        + (value >> 8 & 255)
        + "."
        + (value & 255);
  }

  /** {@link SecretHash}: peers choose it. */
  @Override
  public int hashCode() {
    return SecretHash.of(value);
  }
}
