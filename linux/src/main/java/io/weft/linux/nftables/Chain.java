package io.weft.linux.nftables;

import java.util.List;
import java.util.Optional;

/**
 * A chain that the kernel enters by itself (a base chain), where what no rule decides is accepted;
 * or one that rules lead to.
 *
 * @param translates true: of type nat, asked once for each connection; false: of type filter, asked
 *     for each packet
 * @param priority lower comes first: -300 before connection tracking, 0 filters, 100 translation of
 *     sources (linux/netfilter_ipv4.h)
 * @param rules in the order in which they are tried
 * @param device the link whose frames it looks at, with {@link Hook#INGRESS} and only then
 */
public record Chain(
    String name,
    boolean translates,
    Hook hook,
    int priority,
    List<Rule> rules,
    Optional<String> device) {
  /** NF_IP_PRI_RAW. */
  public static final int BEFORE_TRACKING = -300;

  /** NF_IP_PRI_FILTER. */
  public static final int FILTER = 0;

  /** NF_IP_PRI_NAT_SRC. */
  public static final int SOURCE = 100;

  public Chain {
    rules = List.copyOf(rules);
    if (device.isPresent() != (hook == Hook.INGRESS)) {
      throw new IllegalArgumentException("only chains at the ingress are of a link");
    }
  }

  /** One of no link. */
  public Chain(String name, boolean translates, Hook hook, int priority, List<Rule> rules) {
    this(name, translates, hook, priority, rules, Optional.empty());
  }

  /** One for all that comes in by a link. */
  public static Chain ingress(String name, String device, List<Rule> rules) {
    return new Chain(name, false, Hook.INGRESS, FILTER, rules, Optional.of(device));
  }

  /** One that is entered by {@link Expression.Goto} and its like alone. */
  public static Chain called(String name, List<Rule> rules) {
    return new Chain(name, false, Hook.NONE, FILTER, rules, Optional.empty());
  }

  /** Where on its way a packet is looked at, by its number (linux/netfilter.h). */
  public enum Hook {
    PREROUTING(0),
    INPUT(1),
    FORWARD(2),
    OUTPUT(3),
    POSTROUTING(4),
    /** Of tables of links. */
    INGRESS(0),
    /** The kernel does not enter it by itself. */
    NONE(-1);

    final int number;

    Hook(int number) {
      this.number = number;
    }
  }
}
