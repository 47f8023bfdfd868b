package io.weft.linux.netlink;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A route of one table (RTM_NEWROUTE), or the kernel's answer to where an address is reached.
 *
 * @param nextHops empty for types that lead nowhere; several: equal-cost multipath
 * @param source the preferred source address (RTA_PREFSRC)
 * @param metric lower wins; IPv6 routes without one get 1024
 * @param mtu RTAX_MTU, octets; only where it was set on the route
 * @param protocol who made it (RTPROT_*, linux/rtnetlink.h), 0..255
 * @param table 254 is the main table
 */
public record Route(
    IpPrefix prefix,
    RouteType type,
    List<NextHop> nextHops,
    Optional<IpAddress> source,
    OptionalInt metric,
    OptionalInt mtu,
    int protocol,
    int table) {
  /** RT_TABLE_MAIN. */
  public static final int MAIN_TABLE = 254;

  /** RTPROT_STATIC. */
  public static final int STATIC = 4;

  /** RTPROT_BGP. */
  public static final int BGP = 186;

  public Route {
    nextHops = List.copyOf(nextHops);
  }

  public static Route of(IpPrefix prefix, NextHop... nextHops) {
    return new Route(
        prefix,
        RouteType.UNICAST,
        List.of(nextHops),
        Optional.empty(),
        OptionalInt.empty(),
        OptionalInt.empty(),
        STATIC,
        MAIN_TABLE);
  }

  /** Packets to the prefix are refused with ICMP unreachable. */
  public static Route unreachable(IpPrefix prefix) {
    return new Route(
        prefix,
        RouteType.UNREACHABLE,
        List.of(),
        Optional.empty(),
        OptionalInt.empty(),
        OptionalInt.empty(),
        STATIC,
        MAIN_TABLE);
  }

  public Route withProtocol(int protocol) {
    return new Route(prefix, type, nextHops, source, metric, mtu, protocol, table);
  }

  public Route withSource(IpAddress source) {
    return new Route(prefix, type, nextHops, Optional.of(source), metric, mtu, protocol, table);
  }

  public Route withMetric(int metric) {
    return new Route(prefix, type, nextHops, source, OptionalInt.of(metric), mtu, protocol, table);
  }

  public Route withMtu(int mtu) {
    return new Route(prefix, type, nextHops, source, metric, OptionalInt.of(mtu), protocol, table);
  }

  /** The outgoing link, where there is exactly one. */
  public OptionalInt link() {
    return nextHops.size() == 1 ? nextHops.getFirst().link() : OptionalInt.empty();
  }
}
