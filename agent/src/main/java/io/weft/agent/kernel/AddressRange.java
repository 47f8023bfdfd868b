package io.weft.agent.kernel;

import io.weft.net.IpPrefix;
import io.weft.net.Octets;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Addresses of one family, from the first to the last, as octets in network order. */
record AddressRange(Octets first, Octets last) {

  /** What is left of a prefix without these others, in order; within one of them, nothing. */
  static List<AddressRange> without(IpPrefix prefix, Collection<IpPrefix> others) {
    if (others.stream().anyMatch(other -> other.contains(prefix))) {
      return List.of();
    }
    int octets = prefix.address().bits() / 8;
    var left = new ArrayList<AddressRange>();
    var from = first(prefix);
    var inside =
        others.stream()
            .filter(prefix::contains)
            .sorted(Comparator.comparing(AddressRange::first))
            .toList();
    for (var other : inside) {
      add(left, from, first(other).subtract(BigInteger.ONE), octets);
      from = from.max(last(other).add(BigInteger.ONE));
    }
    add(left, from, last(prefix), octets);
    return left;
  }

  private static void add(List<AddressRange> ranges, BigInteger from, BigInteger to, int octets) {
    if (from.compareTo(to) <= 0) {
      ranges.add(new AddressRange(octets(from, octets), octets(to, octets)));
    }
  }

  private static BigInteger first(IpPrefix prefix) {
    return new BigInteger(1, prefix.address().octets());
  }

  private static BigInteger last(IpPrefix prefix) {
    int free = prefix.address().bits() - prefix.length();
    return first(prefix).add(BigInteger.ONE.shiftLeft(free)).subtract(BigInteger.ONE);
  }

  private static Octets octets(BigInteger value, int length) {
    var octets = value.toByteArray(); // with a zero in front, or shorter
    var padded = new byte[length];
    int count = Math.min(length, octets.length);
    System.arraycopy(octets, octets.length - count, padded, length - count, count);
    return Octets.of(padded);
  }
}
