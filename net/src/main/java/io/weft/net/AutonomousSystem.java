package io.weft.net;

/**
 * A 4-octet autonomous system number (RFC 6793).
 *
 * @param value 1..4294967295; 0 is reserved (RFC 7607)
 */
public record AutonomousSystem(long value) implements Comparable<AutonomousSystem> {
  /** AS_TRANS: stands for any number above 65535 in 2-octet fields (RFC 6793 §9). */
  public static final int TRANS = 23456;

  public AutonomousSystem {
    if (value < 1 || value > 0xffff_ffffL) {
      throw new IllegalArgumentException("AS number " + value + " is out of 1..4294967295");
    }
  }

  /** The value of a 2-octet field: the number itself, or AS_TRANS. */
  public int twoOctets() {
    return value > 0xffff ? TRANS : (int) value;
  }

  @Override
  public int compareTo(AutonomousSystem other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }

  /** {@link SecretHash}: peers choose it. */
  @Override
  public int hashCode() {
    return SecretHash.of(value);
  }
}
