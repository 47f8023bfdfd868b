package io.weft.net;

import java.security.SecureRandom;
import java.util.List;

/**
 * Hashes of what peers choose: addresses, numbers and octets. They are others in each process, and
 * nobody outside it can work out two values that hash alike, so that no peer can make a table slow
 * by what it announces. No result may depend on them: tables by hash are asked, never walked
 * through, or keep the order in which things came.
 *
 * <p>Numbers: times a secret one, which loses nothing, mixed, so that numbers in a row lie apart,
 * and the upper half of that times another secret one. Octets: a polynomial at a secret point
 * modulo 2^61 - 1.
 */
public final class SecretHash {
  private static final long PRIME = (1L << 61) - 1;
  private static final long FIRST;
  private static final long SECOND;
  private static final long POINT;

  static {
    var random = new SecureRandom();
    FIRST = random.nextLong() | 1;
    SECOND = random.nextLong() | 1;
    POINT = random.nextLong(1L << 32, PRIME);
  }

  private SecretHash() {}

  /** Of a number. */
  public static int of(long value) {
    long product = value * FIRST;
    return (int) ((product ^ product >>> 29) * SECOND >>> 32);
  }

  /** Of several, from the first to the last: {@code former} is the hash of those before. */
  public static int of(int former, long value) {
    return of((long) former << 32 ^ of(value) & 0xffff_ffffL);
  }

  /**
   * Of values in their order. That of a list itself is a polynomial at 31, and the same for two
   * rows of 64 values of two kinds, whatever these are hashed to: 0110 1001 ... and 1001 0110 ... .
   */
  public static int of(List<?> values) {
    int hash = values.size();
    for (var value : values) {
      hash = of(hash, value.hashCode());
    }
    return hash;
  }

  /** Of octets {@code from} until {@code to}. */
  public static int of(byte[] octets, int from, int to) {
    long hash = (long) to - from;
    int at = from;
    for (; at + Integer.BYTES <= to; at += Integer.BYTES) {
      hash = next(hash, word(octets, at));
    }
    for (; at < to; at++) {
      hash = next(hash, octets[at] & 0xffL);
    }
    return of(hash);
  }

  private static long word(byte[] octets, int at) {
    return (octets[at] & 0xffL) << 24
        | (octets[at + 1] & 0xffL) << 16
        | (octets[at + 2] & 0xffL) << 8
        | octets[at + 3] & 0xffL;
  }

  /** {@code hash} times the point plus the value, modulo the prime. */
  private static long next(long hash, long value) {
    long high = Math.multiplyHigh(hash, POINT);
    long low = hash * POINT;
    long sum = (low & PRIME) + (high << 3 | low >>> 61) + value;
    return sum >= PRIME ? (sum & PRIME) + (sum >>> 61) : sum;
  }
}
