package io.weft.kubernetes.intent;

import io.weft.net.Vni;
import io.weft.net.VniRange;
import java.nio.charset.StandardCharsets;

/**
 * The automatic VNI of a network: a function of its name and the pool alone. So every node finds
 * the same one without asking anybody, whatever the order of files and whatever other networks
 * there are. The price is that two names may fall on one VNI, the likelier the smaller the pool
 * (100 networks in the default pool: about one chance in twenty); that is found and reported, and
 * one of them then needs an explicit VNI.
 */
public final class VniAllocation {
  private static final long FNV_OFFSET_BASIS = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;

  private VniAllocation() {}

  /**
   * The FNV-1a hash of 64 bits of the name in UTF-8, mixed, unsigned, modulo the pool's size,
   * counted from the pool's first. This must never change: every VNI in use would.
   */
  public static Vni automatic(String networkName, VniRange pool) {
    long offset = Long.remainderUnsigned(mixed(fnv1a(networkName)), pool.size());
    return new Vni(pool.first().value() + (int) offset);
  }

  /**
   * The finalizer of MurmurHash3 (fmix64). Without it, names that differ in the last digits only
   * collide several times as often as chance would have it, and such are the names people give.
   */
  static long mixed(long hash) {
    long h = hash;
    h = (h ^ h >>> 33) * 0xff51afd7ed558ccdL;
    h = (h ^ h >>> 33) * 0xc4ceb9fe1a85ec53L;
    return h ^ h >>> 33;
  }

  /** FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv). */
  static long fnv1a(String text) {
    long hash = FNV_OFFSET_BASIS;
    for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (octet & 0xff)) * FNV_PRIME;
    }
    return hash;
  }
}
