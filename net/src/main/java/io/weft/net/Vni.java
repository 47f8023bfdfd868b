package io.weft.net;

/**
 * A VXLAN network identifier (RFC 7348 §5).
 *
 * @param value 1..16777215; 0 is not a segment
 */
public record Vni(int value) implements Comparable<Vni> {
  public static final int MAX = 0xff_ffff;

  public Vni {
    if (value < 1 || value > MAX) {
      throw new IllegalArgumentException("VNI " + value + " is out of 1..16777215");
    }
  }

  @Override
  public int compareTo(Vni other) {
    return Integer.compare(value, other.value);
  }

  @Override
  public String toString() {
    return Integer.toString(value);
  }
}
