package io.weft.linux.netlink;

/**
 * What of a link's settings for IPv4 (net.ipv4.conf) concerns routing. The kernel tells nobody when
 * one changes.
 *
 * @param forwarding packets that come in here are routed on
 * @param reversePathFilter rp_filter (RFC 3704): 0 off, 1 strict, 2 loose
 * @param arpIgnore arp_ignore: 0 answers for any address of the namespace, 1 for the link's own
 * @param acceptsOwnSources packets with a source address of this namespace's own are taken
 *     (accept_local)
 */
public record Ipv4Settings(
    boolean forwarding, int reversePathFilter, int arpIgnore, boolean acceptsOwnSources) {
  /** As {@link LinkSettings#withForwarding} leaves them. */
  public static Ipv4Settings of(boolean forwarding, boolean ownSources) {
    return new Ipv4Settings(forwarding, forwarding ? 2 : 0, 1, ownSources);
  }

  /** True when it does what {@link #of} says: a link that does not route may filter as it likes. */
  public boolean does(boolean routes, boolean ownSources) {
    return forwarding == routes
        && arpIgnore == 1
        && acceptsOwnSources == ownSources
        && (!routes || reversePathFilter == 2);
  }
}
