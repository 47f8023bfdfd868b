package io.weft.linux.netlink;

import java.util.Optional;

/** What a route does with a packet (RTN_*, linux/rtnetlink.h); the types that Weft speaks of. */
public enum RouteType {
  UNICAST(1),
  LOCAL(2),
  BROADCAST(3),
  ANYCAST(4),
  MULTICAST(5),
  BLACKHOLE(6),
  UNREACHABLE(7),
  PROHIBIT(8);

  private final int number;

  RouteType(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }

  static Optional<RouteType> of(int number) {
    return number >= 1 && number <= values().length
        ? Optional.of(values()[number - 1])
        : Optional.empty();
  }
}
