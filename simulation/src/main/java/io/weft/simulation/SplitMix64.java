package io.weft.simulation;

/**
 * A seeded generator, the same everywhere and for ever (Steele, Lea, Flood: Fast Splittable
 * Pseudorandom Number Generators, 2014). Not for secrets.
 */
public final class SplitMix64 {
  private long state;

  public SplitMix64(long seed) {
    this.state = seed;
  }

  public long next() {
    state += 0x9e3779b97f4a7c15L;
    long mixed = state;
    mixed = (mixed ^ (mixed >>> 30)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
    return mixed ^ (mixed >>> 31);
  }

  /** A number from 0 to {@code bound - 1}; {@code bound} is positive. */
  public long below(long bound) {
    return Long.remainderUnsigned(next(), bound);
  }
}
