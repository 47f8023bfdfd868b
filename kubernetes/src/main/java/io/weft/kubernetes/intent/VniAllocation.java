package io.weft.kubernetes.intent;

import io.weft.net.StableHash;
import io.weft.net.Vni;
import io.weft.net.VniRange;

/**
 * The automatic VNI of a network: a function of its name and the pool alone. So every node finds
 * the same one without asking anybody, whatever the order of files and whatever other networks
 * there are. The price is that two names may fall on one VNI, the likelier the smaller the pool
 * (100 networks in the default pool: about one chance in twenty); that is found and reported, and
 * one of them then needs an explicit VNI.
 */
public final class VniAllocation {
  private VniAllocation() {}

  /**
   * The FNV-1a hash of 64 bits of the name in UTF-8, mixed, unsigned, modulo the pool's size,
   * counted from the pool's first. This must never change: every VNI in use would.
   */
  public static Vni automatic(String networkName, VniRange pool) {
    long offset = Long.remainderUnsigned(mixed(StableHash.of(networkName)), pool.size());
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
}
