package io.weft.linux.netlink;

/** Something changed in the namespace, by whomever: our own changes come back as notices too. */
public sealed interface KernelNotice {
  /** A link is new or changed. */
  record LinkChanged(Link link) implements KernelNotice {}

  record LinkGone(int link, String name) implements KernelNotice {}

  /**
   * A setting of IPv4 or IPv6 is another: forwarding or rp_filter, or one that is of no concern
   * here. The kernel tells of no others.
   *
   * @param link its index; -1 where it is one of all links, -2 of those to come
   */
  record SettingChanged(int link) implements KernelNotice {}

  /** A port joined a bridge, or its flags changed. */
  record BridgePortChanged(int link, BridgePort port) implements KernelNotice {}

  record FdbChanged(FdbEntry entry, boolean gone) implements KernelNotice {}

  record NeighbourChanged(Neighbour neighbour, boolean gone) implements KernelNotice {}

  record AddressChanged(Address address, boolean gone) implements KernelNotice {}

  /** Only from a monitor that was asked for routes. */
  record RouteChanged(Route route, boolean gone) implements KernelNotice {}

  /** Only from a monitor that was asked for routes. */
  record RuleChanged(Rule rule, boolean gone) implements KernelNotice {}

  /** Somebody has joined a group or left it, or a row was written by hand. */
  record MdbChanged(MdbEntry entry, boolean gone) implements KernelNotice {}

  /** The kernel has dropped notices (ENOBUFS): nothing is known any more, dump again. */
  record Overrun() implements KernelNotice {}
}
