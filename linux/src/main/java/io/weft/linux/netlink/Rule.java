package io.weft.linux.netlink;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * A rule of a routing policy (linux/fib_rules.h): which table a packet is looked up in.
 *
 * @param ipv4 false: for IPv6 packets
 * @param priority 1..2^31-1; the lower is asked first
 * @param incoming name of the link that the packet came in by, whether it stands or not; empty: any
 * @param table where to look; empty: the packet is refused with ICMP unreachable
 * @param suppressedGroup an answer that leaves by a link of this group does not count
 */
public record Rule(
    boolean ipv4,
    int priority,
    Optional<String> incoming,
    OptionalInt table,
    OptionalInt suppressedGroup) {

  /** Looks up the table; answers that leave by a link of the group do not count. */
  public static Rule lookupWithout(
      boolean ipv4, int priority, String incoming, int table, int suppressedGroup) {
    return new Rule(
        ipv4,
        priority,
        Optional.of(incoming),
        OptionalInt.of(table),
        OptionalInt.of(suppressedGroup));
  }

  /** Looks up the table for what comes in by this link; {@code lo}: what the host itself sends. */
  public static Rule lookup(boolean ipv4, int priority, String incoming, int table) {
    return new Rule(
        ipv4, priority, Optional.of(incoming), OptionalInt.of(table), OptionalInt.empty());
  }

  /** Refuses what no rule before took. */
  public static Rule unreachable(boolean ipv4, int priority) {
    return new Rule(ipv4, priority, Optional.empty(), OptionalInt.empty(), OptionalInt.empty());
  }

  /** Refuses what comes in by this link and no rule before took. */
  public static Rule unreachable(boolean ipv4, int priority, String incoming) {
    return new Rule(
        ipv4, priority, Optional.of(incoming), OptionalInt.empty(), OptionalInt.empty());
  }
}
