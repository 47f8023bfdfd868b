package io.weft.agent.kernel;

import io.weft.linux.netlink.Vxlan;
import io.weft.linux.nftables.Chain;
import io.weft.linux.nftables.Chain.Hook;
import io.weft.linux.nftables.ElementSet;
import io.weft.linux.nftables.ElementSet.Field;
import io.weft.linux.nftables.ElementSet.Use;
import io.weft.linux.nftables.Expression;
import io.weft.linux.nftables.Expression.Base;
import io.weft.linux.nftables.Expression.MetaKey;
import io.weft.linux.nftables.Rule;
import io.weft.linux.nftables.Table;
import io.weft.net.IpAddress;
import io.weft.net.Octets;
import io.weft.overlay.attachment.AddressPlan;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * What may come in by an endpoint's port: only what has the endpoint's own MAC and addresses, and
 * says nothing that only routers and servers say. The rules are the same in every tenant's
 * namespace; who has which address is in the sets, by the name of the port. A port that is in none
 * of them, such as a VXLAN device, is not looked at.
 */
final class PortRules {
  /** The table's name. */
  static final String TABLE = "weft-ports";

  /** Before the bridge learns, forwards or answers anything (linux/netfilter_bridge.h). */
  private static final int FIRST = -300;

  /** Pairs of port and reason that are counted; of more, frames are stopped without. */
  private static final int MAX_COUNTERS = 512;

  /** To which chain the frames of a port go: {@link #PINNED} or {@link #LOCKED}. */
  static final ElementSet PORTS = set("ports", Use.CHAINS, Field.LINK_NAME);

  /** How much broadcast a port may send, and multicast to groups of protocols. */
  static final ElementSet LIMITS = set("limits", Use.LIMITS, Field.LINK_NAME);

  /** How much multicast to other groups. */
  static final ElementSet STREAMS = set("streams", Use.LIMITS, Field.LINK_NAME);

  static final ElementSet MACS = set("macs", Use.MEMBERS, Field.LINK_NAME, Field.MAC);
  static final ElementSet IPV4 = set("ipv4", Use.MEMBERS, Field.LINK_NAME, Field.MAC, Field.IPV4);
  static final ElementSet IPV6 = set("ipv6", Use.MEMBERS, Field.LINK_NAME, Field.MAC, Field.IPV6);
  static final ElementSet BEHIND_IPV4 = set("behind4", Use.RANGES, Field.LINK_NAME, Field.IPV4);
  static final ElementSet BEHIND_IPV6 = set("behind6", Use.RANGES, Field.LINK_NAME, Field.IPV6);

  /** What was stopped, by port and {@link StopReason#number}. */
  static final ElementSet STOPPED =
      new ElementSet("stopped", List.of(Field.LINK_NAME, Field.NUMBER), Use.COUNTERS, MAX_COUNTERS);

  /** Chain of ports whose MAC and addresses are known. */
  static final String PINNED = "pinned";

  /** Chain of ports whose MAC alone is known. */
  static final String LOCKED = "locked";

  private static final int IGMP = 2;
  private static final String CHECK_ARP = "check-arp";
  private static final String CHECK_IPV4 = "check-ipv4";
  private static final String CHECK_IPV6 = "check-ipv6";
  private static final String CHECK_FRAGMENT = "check-fragment";
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int PIM = 103;
  private static final int ICMPV6 = 58;

  private static final Expression ACCEPT = new Expression.Verdict(true);

  private PortRules() {}

  private static ElementSet set(String name, Use use, Field... fields) {
    return new ElementSet(name, List.of(fields), use, 0);
  }

  /** All of it. */
  static Table table() {
    var chains = new ArrayList<Chain>();
    chains.add(new Chain("prerouting", false, Hook.PREROUTING, FIRST, entry()));
    chains.add(Chain.called("check-flood", flood()));
    chains.add(Chain.called("check-stream", List.of(above(STREAMS))));
    chains.add(Chain.called(LOCKED, List.of(otherMac(Base.LINK, 6, StopReason.SOURCE_MAC))));
    chains.add(Chain.called(PINNED, pinned()));
    chains.add(Chain.called(CHECK_ARP, arp()));
    chains.add(Chain.called(CHECK_IPV4, ipv4()));
    chains.add(Chain.called(CHECK_IPV6, ipv6()));
    chains.add(Chain.called("other-ipv4", otherIpv4()));
    chains.add(Chain.called("other-ipv6", otherIpv6()));
    chains.add(Chain.called("check-icmpv6", icmpv6()));
    chains.add(Chain.called("check-claim", claim()));
    chains.add(Chain.called(CHECK_FRAGMENT, fragment()));
    for (var reason : StopReason.values()) {
      chains.add(Chain.called(reason.chain(), stop(reason)));
    }
    return new Table(
        Table.Family.BRIDGE,
        TABLE,
        chains,
        List.of(PORTS, LIMITS, STREAMS, MACS, IPV4, IPV6, BEHIND_IPV4, BEHIND_IPV6, STOPPED));
  }

  private static List<Rule> entry() {
    return List.of(
        Rule.of(
            new Expression.Payload(Base.LINK, 0, 1),
            new Expression.Mask(Octets.parse("01")),
            equal("01"),
            new Expression.Jump("check-flood")),
        Rule.of(new Expression.Meta(MetaKey.INPUT_NAME), new Expression.GotoIn(PORTS.name())));
  }

  /**
   * Streams are what goes to groups that hosts join (RFC 1112 §6.4, RFC 2464 §7), but not to those
   * of protocols: 224.0.0.0/24, ff02::/16 up to ff02::ff, and solicited nodes.
   */
  private static List<Rule> flood() {
    return List.of(
        Rule.of(
            new Expression.Payload(Base.LINK, 0, 3),
            equal("01005e"),
            new Expression.Payload(Base.LINK, 3, 2),
            new Expression.Compare(true, Octets.parse("0000")),
            new Expression.Goto("check-stream")),
        Rule.of(
            new Expression.Payload(Base.LINK, 0, 2),
            equal("3333"),
            new Expression.Payload(Base.LINK, 2, 1),
            new Expression.Compare(true, Octets.parse("ff")),
            new Expression.Payload(Base.LINK, 2, 3),
            new Expression.Compare(true, Octets.parse("000000")),
            new Expression.Goto("check-stream")),
        above(LIMITS));
  }

  private static Rule above(ElementSet limits) {
    return Rule.of(
        new Expression.Meta(MetaKey.INPUT_NAME),
        new Expression.Lookup(limits.name(), false),
        stopped(StopReason.FLOOD));
  }

  /** What most frames are comes first: one look at MAC and address together. */
  private static List<Rule> pinned() {
    return List.of(
        type("0800")
            .then(own(IPV4, Base.NETWORK, SOURCE_IPV4))
            .then(new Expression.Goto(CHECK_IPV4)),
        type("86dd")
            .then(own(IPV6, Base.NETWORK, SOURCE_IPV6))
            .then(new Expression.Goto(CHECK_IPV6)),
        otherMac(Base.LINK, 6, StopReason.SOURCE_MAC),
        type("0800").then(new Expression.Goto("other-ipv4")),
        type("86dd").then(new Expression.Goto("other-ipv6")),
        type("0806").then(new Expression.Goto(CHECK_ARP)),
        type("8100").then(stopped(StopReason.TAGGED)),
        type("88a8").then(stopped(StopReason.TAGGED)));
  }

  /** Counts the frame for its port, and ends it even when the set of counters is full. */
  private static List<Rule> stop(StopReason reason) {
    var number = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(reason.number);
    return List.of(
        Rule.of(
            new Expression.Meta(MetaKey.INPUT_NAME),
            new Expression.Load(Octets.of(number.array()), 4),
            new Expression.CountIn(STOPPED.name())),
        Rule.of(new Expression.Verdict(false)));
  }

  private static Expression stopped(StopReason reason) {
    return new Expression.Goto(reason.chain());
  }

  // ---- ARP: RFC 826, fields of Ethernet and IPv4 ------------------------------------------

  private static final int SENDER_MAC = 8;
  private static final int SENDER_IP = 14;
  private static final int TARGET_IP = 24;

  private static List<Rule> arp() {
    return List.of(
        otherMac(Base.NETWORK, SENDER_MAC, StopReason.ARP),
        own(IPV4, Base.NETWORK, SENDER_IP).then(ACCEPT),
        Rule.of(new Expression.Payload(Base.NETWORK, SENDER_IP, 4), equal("00000000"))
            .then(own(IPV4, Base.NETWORK, TARGET_IP))
            .then(ACCEPT)
            .because("a probe of its own address, RFC 5227"),
        behind(BEHIND_IPV4, Base.NETWORK, SENDER_IP).then(ACCEPT),
        Rule.of(stopped(StopReason.ARP)));
  }

  // ---- IPv4 -------------------------------------------------------------------------------

  private static final int SOURCE_IPV4 = 12;

  /** From an address of its own, or of what is behind it. */
  private static List<Rule> ipv4() {
    return List.of(
        protocol(TCP).then(ACCEPT),
        udp(0, 67).then(stopped(StopReason.DHCP)),
        igmpQuery().then(stopped(StopReason.MULTICAST_ROUTER)),
        protocol(PIM).then(stopped(StopReason.MULTICAST_ROUTER)),
        nestedVxlan());
  }

  private static List<Rule> otherIpv4() {
    return List.of(
        behind(BEHIND_IPV4, Base.NETWORK, SOURCE_IPV4).then(new Expression.Goto(CHECK_IPV4)),
        Rule.of(new Expression.Payload(Base.NETWORK, SOURCE_IPV4, 4), equal("00000000"))
            .then(udp(2, 67))
            .then(ACCEPT)
            .because("asks for an address, RFC 2131"),
        Rule.of(new Expression.Payload(Base.NETWORK, SOURCE_IPV4, 4), equal("00000000"))
            .then(protocol(IGMP))
            .then(new Expression.Goto(CHECK_IPV4))
            .because("joins before it has an address, RFC 3376 4.2.13"),
        Rule.of(stopped(StopReason.SOURCE_ADDRESS)));
  }

  // ---- IPv6 -------------------------------------------------------------------------------

  private static final int NEXT_HEADER = 6;
  private static final int SOURCE_IPV6 = 8;

  /** In a fragment header that is the first behind that of IPv6 (RFC 8200 §4.5). */
  private static final int FRAGMENT_OFFSET = 42;

  private static final int ND_TARGET = 8;
  private static final int MLD_QUERY = 130;
  private static final int NEIGHBOUR_SOLICITATION = 135;
  private static final int NEIGHBOUR_ADVERTISEMENT = 136;
  private static final int ROUTER_ADVERTISEMENT = 134;
  private static final int REDIRECT = 137;

  /** From an address of its own, or of what is behind it, or from none yet. */
  private static List<Rule> ipv6() {
    return List.of(
        protocol(TCP).then(ACCEPT),
        protocol(ICMPV6).then(new Expression.Goto("check-icmpv6")),
        protocol(PIM).then(stopped(StopReason.MULTICAST_ROUTER)),
        udp(0, 547).then(stopped(StopReason.DHCP)),
        nestedVxlan(),
        Rule.of(new Expression.Payload(Base.TRANSPORT, 0, 4), ACCEPT),
        Rule.of(
            new Expression.Meta(MetaKey.PROTOCOL),
            new Expression.Compare(true, Octets.of(new byte[] {UDP})),
            ACCEPT),
        Rule.of(new Expression.Goto(CHECK_FRAGMENT)).because("shows no protocol, or no ports"));
  }

  private static List<Rule> otherIpv6() {
    return List.of(
        chosenLinkLocal(Base.NETWORK, SOURCE_IPV6).then(new Expression.Goto(CHECK_IPV6)),
        unspecified().then(protocol(ICMPV6)).then(new Expression.Goto(CHECK_IPV6)),
        behind(BEHIND_IPV6, Base.NETWORK, SOURCE_IPV6).then(new Expression.Goto(CHECK_IPV6)),
        Rule.of(stopped(StopReason.SOURCE_ADDRESS)));
  }

  private static List<Rule> icmpv6() {
    return List.of(
        icmpv6(MLD_QUERY).then(stopped(StopReason.MULTICAST_ROUTER)),
        icmpv6(ROUTER_ADVERTISEMENT).then(stopped(StopReason.ROUTER)),
        icmpv6(REDIRECT).then(stopped(StopReason.ROUTER)),
        icmpv6(NEIGHBOUR_ADVERTISEMENT).then(new Expression.Goto("check-claim")),
        icmpv6(NEIGHBOUR_SOLICITATION)
            .then(unspecified())
            .then(new Expression.Goto("check-claim"))
            .because("says that it takes the address, RFC 4862 5.4"),
        Rule.of(new Expression.Payload(Base.TRANSPORT, 0, 1), ACCEPT),
        Rule.of(new Expression.Goto(CHECK_FRAGMENT)).because("shows no type"));
  }

  /**
   * The first fragment has all headers (RFC 7112 §5): one that does not show them was made to pass
   * here. Those that come behind it have none.
   */
  private static List<Rule> fragment() {
    return List.of(
        Rule.of(
            new Expression.Payload(Base.NETWORK, NEXT_HEADER, 1),
            equal("2c"),
            new Expression.Payload(Base.NETWORK, FRAGMENT_OFFSET, 2),
            new Expression.Mask(Octets.parse("fff8")),
            new Expression.Compare(true, Octets.parse("0000")),
            ACCEPT),
        Rule.of(stopped(StopReason.FRAGMENT)));
  }

  /** The target must be its own, or behind it: an address that the cluster knows it by. */
  private static List<Rule> claim() {
    return List.of(
        own(IPV6, Base.TRANSPORT, ND_TARGET).then(ACCEPT),
        chosenLinkLocal(Base.TRANSPORT, ND_TARGET).then(ACCEPT),
        behind(BEHIND_IPV6, Base.TRANSPORT, ND_TARGET).then(ACCEPT),
        Rule.of(stopped(StopReason.NEIGHBOUR)));
  }

  private static Rule unspecified() {
    return Rule.of(
        new Expression.Payload(Base.NETWORK, SOURCE_IPV6, 16),
        new Expression.Compare(false, Octets.of(new byte[16])));
  }

  /**
   * A link-local address that a host chose by itself (RFC 7217): nobody knows it beforehand. Those
   * that follow from a MAC are the MAC's alone (RFC 4291 Appendix A), and the gateway's is the
   * gateway's.
   */
  private static Rule chosenLinkLocal(Base base, int offset) {
    return Rule.of(
        new Expression.Payload(base, offset, 2),
        new Expression.Mask(Octets.parse("ffc0")),
        equal("fe80"),
        new Expression.Payload(base, offset, 16),
        new Expression.Compare(true, octets(AddressPlan.GATEWAY_LINK_LOCAL)),
        new Expression.Payload(base, offset + 11, 2),
        new Expression.Compare(true, Octets.parse("fffe")));
  }

  // ---- conditions -------------------------------------------------------------------------

  private static Rule otherMac(Base base, int offset, StopReason reason) {
    return Rule.of(
        new Expression.Meta(MetaKey.INPUT_NAME),
        new Expression.Payload(base, offset, 6, 4),
        new Expression.Lookup(MACS.name(), true),
        stopped(reason));
  }

  /** Port and MAC have the address that stands there. */
  private static Rule own(ElementSet set, Base base, int offset) {
    return Rule.of(
        new Expression.Meta(MetaKey.INPUT_NAME),
        new Expression.Payload(Base.LINK, 6, 6, 4),
        new Expression.Payload(base, offset, length(set), 6),
        new Expression.Lookup(set.name(), false));
  }

  private static Rule behind(ElementSet set, Base base, int offset) {
    return Rule.of(
        new Expression.Meta(MetaKey.INPUT_NAME),
        new Expression.Payload(base, offset, length(set), 4),
        new Expression.Lookup(set.name(), false));
  }

  private static int length(ElementSet set) {
    return set.fields().getLast() == Field.IPV4 ? 4 : 16;
  }

  /** VTEPs are not within the segment: what stays in it may be anybody's VXLAN. */
  private static Rule nestedVxlan() {
    return udp(2, Vxlan.PORT)
        .then(
            new Expression.Payload(Base.LINK, 0, 6),
            new Expression.Compare(false, Octets.of(AddressPlan.GATEWAY_MAC.octets())),
            stopped(StopReason.VXLAN));
  }

  private static Rule type(String etherType) {
    return Rule.of(new Expression.Meta(MetaKey.ETHER_TYPE), equal(etherType));
  }

  private static Rule protocol(int number) {
    return Rule.of(
        new Expression.Meta(MetaKey.PROTOCOL),
        new Expression.Compare(false, Octets.of(new byte[] {(byte) number})));
  }

  /**
   * UDP by one port.
   *
   * @param offset 0: that of the source, 2: of the destination
   */
  private static Rule udp(int offset, int port) {
    return protocol(UDP)
        .then(
            new Expression.Payload(Base.TRANSPORT, offset, 2),
            new Expression.Compare(false, Octets.of(new byte[] {(byte) (port >> 8), (byte) port})));
  }

  /** Membership query (RFC 3376 §4.1). */
  private static Rule igmpQuery() {
    return protocol(IGMP).then(new Expression.Payload(Base.TRANSPORT, 0, 1), equal("11"));
  }

  private static Rule icmpv6(int type) {
    return protocol(ICMPV6)
        .then(
            new Expression.Payload(Base.TRANSPORT, 0, 1),
            new Expression.Compare(false, Octets.of(new byte[] {(byte) type})));
  }

  private static Expression equal(String hex) {
    return new Expression.Compare(false, Octets.parse(hex));
  }

  private static Octets octets(IpAddress address) {
    return Octets.of(address.octets());
  }
}
