package io.weft.bfd;

/** Numbers that look random and follow from a seed alone (Steele and others, SplitMix64). */
final class Jitter {
  private long state;

  Jitter(long seed) {
    this.state = seed;
  }

  long next() {
    state += 0x9E3779B97F4A7C15L;
    long mixed = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }

  /** A discriminator: 1..2^32-1. */
  long discriminator() {
    long number = 0;
    while (number == 0) {
      number = next() & 0xFFFF_FFFFL;
    }
    return number;
  }

  /** 75 to 100 percent of an interval (RFC 5880 §6.8.7). */
  long shorten(long nanos) {
    return nanos - Long.remainderUnsigned(next(), nanos / 4 + 1);
  }
}
