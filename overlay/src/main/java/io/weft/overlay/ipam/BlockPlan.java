package io.weft.overlay.ipam;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.StableHash;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;

/** How a subnet is cut into blocks. */
public final class BlockPlan {
  /** 64 addresses. */
  static final int IPV4_LENGTH = 26;

  /** 65,536 addresses. */
  static final int IPV6_LENGTH = 112;

  /** A subnet has sixteen blocks at least, where it has so many addresses. */
  private static final int LEAST_BITS = 4;

  /** Blocks that are looked at in one subnet: about a million. */
  private static final int MAX_BITS = 20;

  private BlockPlan() {}

  /** Prefix length of the subnet's blocks. */
  static int length(IpPrefix subnet) {
    int usual = subnet.address().isIpv4() ? IPV4_LENGTH : IPV6_LENGTH;
    return Math.min(subnet.address().bits(), Math.max(usual, subnet.length() + LEAST_BITS));
  }

  /** Number of the subnet's blocks that are looked at. */
  static long count(IpPrefix subnet) {
    return 1L << Math.min(MAX_BITS, length(subnet) - subnet.length());
  }

  /** The block that the address is in. */
  static IpPrefix containing(IpPrefix subnet, IpAddress address) {
    return new IpPrefix(address.masked(length(subnet)), length(subnet));
  }

  /**
   * The first free block, from a place on that the node's name gives, so that nodes that choose at
   * the same time rarely choose alike.
   */
  static Optional<IpPrefix> first(IpPrefix subnet, String node, Predicate<IpPrefix> free) {
    int length = length(subnet);
    long count = count(subnet);
    long start = Long.remainderUnsigned(StableHash.of(node), count);
    for (long i = 0; i < count; i++) {
      long number = (start + i) % count;
      var block =
          new IpPrefix(subnet.address().plus(number << (subnet.address().bits() - length)), length);
      if (free.test(block)) {
        return Optional.of(block);
      }
    }
    return Optional.empty();
  }

  /** Number of the subnet's blocks, of those that are looked at, that share nothing with these. */
  public static long left(IpPrefix subnet, Collection<IpPrefix> blocks) {
    int length = length(subnet);
    var whole = new TreeSet<IpPrefix>();
    long gone = 0;
    for (var block : blocks) {
      if (block.length() < length) {
        gone += 1L << Math.min(MAX_BITS, length - block.length());
      } else if (whole.add(new IpPrefix(block.address().masked(length), length))) {
        gone++;
      }
    }
    return Math.max(0, count(subnet) - gone);
  }

  /** Number of addresses in the block that an endpoint may get by choice. */
  public static long hosts(IpPrefix subnet, IpPrefix block, Collection<IpAddress> gateways) {
    int bits = Math.min(62, block.address().bits() - block.length());
    long hosts = 1L << bits;
    var ends = new TreeSet<IpAddress>();
    var last =
        subnet.address().plus((1L << Math.min(62, subnet.address().bits() - subnet.length())) - 1);
    for (var end : List.of(subnet.address(), subnet.address().plus(1), last)) {
      if (block.contains(end) && isReserved(subnet, end)) {
        ends.add(end);
      }
    }
    gateways.stream().filter(block::contains).forEach(ends::add);
    return hosts - ends.size();
  }

  /** No host's, or the first one, which is left for a gateway. */
  static boolean isReserved(IpPrefix subnet, IpAddress candidate) {
    boolean roomy = subnet.address().bits() - subnet.length() > 1;
    return !subnet.isHostAddress(candidate) || roomy && candidate.equals(subnet.address().plus(1));
  }
}
