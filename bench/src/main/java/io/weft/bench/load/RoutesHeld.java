package io.weft.bench.load;

import java.nio.ByteBuffer;

/** Which routes a receiver holds: one bit each, and no object for any. */
final class RoutesHeld {
  private final long[] bits;
  private int count;

  RoutesHeld(int numbers) {
    bits = new long[(numbers + 63) / 64];
  }

  int count() {
    return count;
  }

  boolean has(int number) {
    return (bits[number >> 6] & 1L << (number & 63)) != 0;
  }

  /**
   * Takes the body of an UPDATE at {@code from}..{@code to} of the buffer, however it is packed.
   */
  void take(ByteBuffer in, int from, int to) {
    int at = from + 2 + u16(in, from);
    int end = Math.min(to, at + 2 + u16(in, at));
    at += 2;
    while (at < end) {
      boolean extended = (in.get(at) & 0x10) != 0;
      int type = in.get(at + 1) & 0xff;
      int length = extended ? u16(in, at + 2) : in.get(at + 2) & 0xff;
      int value = at + (extended ? 4 : 3);
      if (type == RouteOctets.MP_REACH) {
        mark(in, value + 5 + (in.get(value + 3) & 0xff), value + length, true);
      } else if (type == RouteOctets.MP_UNREACH) {
        mark(in, value + 3, value + length, false);
      }
      at = value + length;
    }
  }

  private void mark(ByteBuffer in, int from, int to, boolean held) {
    int at = from;
    while (at < to) {
      if (in.get(at) == RouteOctets.MAC_IP) {
        int number = in.getInt(at + RouteOctets.NUMBER);
        long bit = 1L << (number & 63);
        int word = number >> 6;
        if ((bits[word] & bit) != 0 != held) {
          bits[word] ^= bit;
          count += held ? 1 : -1;
        }
      }
      at += 2 + (in.get(at + 1) & 0xff);
    }
  }

  private static int u16(ByteBuffer in, int at) {
    return in.getShort(at) & 0xffff;
  }
}
