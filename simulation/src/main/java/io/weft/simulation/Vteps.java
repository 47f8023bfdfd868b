package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import java.util.List;
import java.util.Optional;

/**
 * The VTEPs of the nodes of a fabric: one of IPv4 each, or, where nodes have both families
 * (decisions/0023), two; every fourth node has IPv4 alone then, every fourth IPv6 alone.
 *
 * @param dual nodes have VTEPs of both families
 */
record Vteps(boolean dual) {
  private static final IpAddress IPV6 = IpAddress.parse("fd00::");

  /** What a node has that has the addresses of the node of this number, which may be its own. */
  List<IpAddress> of(int node, int number) {
    IpAddress ipv4 = new Ipv4Address(World.NODES + number);
    if (!dual) {
      return List.of(ipv4);
    }
    var ipv6 = IPV6.plus(number);
    return switch (node % 4) {
      case 3 -> List.of(ipv4);
      case 0 -> List.of(ipv6);
      default -> List.of(ipv4, ipv6);
    };
  }

  /** Of IPv4 where both nodes have it; empty where they have no family in common. */
  Optional<IpAddress> towards(int from, int to) {
    if (!dual) {
      return Optional.of(new Ipv4Address(World.NODES + to));
    }
    var own = of(from, from);
    return of(to, to).stream()
        .filter(vtep -> own.stream().anyMatch(mine -> mine.isIpv4() == vtep.isIpv4()))
        .findFirst();
  }
}
