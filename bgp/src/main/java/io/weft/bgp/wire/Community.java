package io.weft.bgp.wire;

import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.SecretHash;

/**
 * A standard community (RFC 1997): text is {@code 65000:7}, or the name of a well-known one.
 *
 * @param value 0..2^32-1: the upper half is by custom an AS number
 */
public record Community(long value) implements Comparable<Community> {
  public static final Community GRACEFUL_SHUTDOWN = new Community(0xffff_0000L);

  /** The path outlived its session and loses to any other (RFC 9494 §4.2). */
  public static final Community LLGR_STALE = new Community(0xffff_0006L);

  /** The route must not outlive its session for long (RFC 9494 §4.2). */
  public static final Community NO_LLGR = new Community(0xffff_0007L);

  public static final Community BLACKHOLE = new Community(0xffff_029aL);
  public static final Community NO_EXPORT = new Community(0xffff_ff01L);
  public static final Community NO_ADVERTISE = new Community(0xffff_ff02L);
  public static final Community NO_EXPORT_SUBCONFED = new Community(0xffff_ff03L);
  public static final Community NO_PEER = new Community(0xffff_ff04L);

  public Community {
    if (value < 0 || value > 0xffff_ffffL) {
      throw new IllegalArgumentException("community " + value + " is out of 0..4294967295");
    }
  }

  public static Community of(int upper, int lower) {
    if (upper < 0 || upper > 0xffff || lower < 0 || lower > 0xffff) {
      throw new IllegalArgumentException("community " + upper + ":" + lower + " is out of range");
    }
    return new Community((long) upper << 16 | lower);
  }

  static Community decode(OctetReader in) throws MalformedInput {
    return new Community(in.u32("community"));
  }

  @Override
  public int compareTo(Community other) {
    return Long.compare(value, other.value);
  }

  /**
   * Names are those of the registry of well-known communities (RFC 1997, 3765, 7999, 8326, 9494).
   */
  @Override
  public String toString() {
    var text = (value >>> 16) + ":" + (value & 0xffff);
    return switch ((int) value) {
      case 0xffff_0000 -> "graceful-shutdown";
      case 0xffff_0001 -> "accept-own";
      case 0xffff_0006 -> "llgr-stale";
      case 0xffff_0007 -> "no-llgr";
      case 0xffff_029a -> "blackhole";
      case 0xffff_ff01 -> "no-export";
      case 0xffff_ff02 -> "no-advertise";
      case 0xffff_ff03 -> "no-export-subconfed";
      case 0xffff_ff04 -> "no-peer";
      default -> text;
    };
  }

  /** {@link SecretHash}: peers choose it. */
  @Override
  public int hashCode() {
    return SecretHash.of(value);
  }
}
