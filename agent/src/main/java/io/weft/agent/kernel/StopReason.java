package io.weft.agent.kernel;

/** Why a frame that came in by an endpoint's port went no further. */
public enum StopReason {
  /** Its source MAC is not the endpoint's. */
  SOURCE_MAC(1, "source-mac"),
  /** Its source address is none of the endpoint's, nor of what is behind it. */
  SOURCE_ADDRESS(2, "source-address"),
  /** An ARP packet that says another's address, or another's MAC (RFC 826). */
  ARP(3, "arp"),
  /** A neighbour advertisement, or a claim, of an address of somebody else's (RFC 4861). */
  NEIGHBOUR(4, "neighbour-discovery"),
  /** A router advertisement or a redirect (RFC 6105). */
  ROUTER(5, "router-advertisement"),
  /** What only a DHCP server says (RFC 2131, RFC 8415). */
  DHCP(6, "dhcp"),
  /** A VXLAN packet to a router: it would go where VTEPs are (RFC 7348 §7). */
  VXLAN(7, "vxlan"),
  /** More broadcast and multicast than a port may send. */
  FLOOD(8, "flood"),
  /** A frame with more than one VLAN tag, in which any address may be. */
  TAGGED(9, "tagged"),
  /** A query of IGMP or MLD, or PIM: who says that is sent the frames of every group. */
  MULTICAST_ROUTER(10, "multicast-router"),
  /** A first fragment of IPv6 that hides what the packet is in the next (RFC 7112). */
  FRAGMENT(11, "fragment");

  final int number;
  private final String word;

  StopReason(int number, String word) {
    this.number = number;
    this.word = word;
  }

  /** As it is reported. */
  public String word() {
    return word;
  }

  /** Name of the chain that counts and ends. */
  String chain() {
    return "stop-" + word;
  }
}
