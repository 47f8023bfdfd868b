package io.weft.bgp.wire;

import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import io.weft.net.SecretHash;

/**
 * A large community (RFC 8092 §3): {@code 4 global administrator | 4 local data | 4 local data}.
 *
 * @param administrator 0..2^32-1, by custom an AS number
 * @param first 0..2^32-1
 * @param second 0..2^32-1
 */
public record LargeCommunity(long administrator, long first, long second)
    implements Comparable<LargeCommunity> {
  public LargeCommunity {
    for (long part : new long[] {administrator, first, second}) {
      if (part < 0 || part > 0xffff_ffffL) {
        throw new IllegalArgumentException(
            "large community: part " + part + " is out of 0..4294967295");
      }
    }
  }

  static LargeCommunity decode(OctetReader in) throws MalformedInput {
    long administrator = in.u32("global administrator");
    long first = in.u32("first local data");
    return new LargeCommunity(administrator, first, in.u32("second local data"));
  }

  void encode(OctetWriter out) {
    out.u32(administrator).u32(first).u32(second);
  }

  @Override
  public int compareTo(LargeCommunity other) {
    int order = Long.compare(administrator, other.administrator);
    order = order != 0 ? order : Long.compare(first, other.first);
    return order != 0 ? order : Long.compare(second, other.second);
  }

  /** Decimal parts with colons (RFC 8092 §4). */
  @Override
  public String toString() {
    return administrator + ":" + first + ":" + second;
  }

  /** {@link SecretHash}: peers choose it. */
  @Override
  public int hashCode() {
    return SecretHash.of(SecretHash.of(SecretHash.of(administrator), first), second);
  }
}
