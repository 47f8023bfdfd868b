package io.weft.agent.kernel;

import static io.weft.agent.kernel.SegmentKernel.ADDRESS;
import static io.weft.agent.kernel.SegmentKernel.ADDRESS6;
import static io.weft.agent.kernel.SegmentKernel.FAR;
import static io.weft.agent.kernel.SegmentKernel.LOCAL;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.overlay.attachment.AddressPlan;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the pod of {@link SegmentKernel} sends to the one beside it, rightly and wrongly. */
final class PortFrames {
  static final MacAddress NEXT = MacAddress.parse("0a:58:c0:a8:01:0b");
  static final IpAddress NEXT_ADDRESS = IpAddress.parse("192.168.1.11");
  static final IpAddress NEXT_ADDRESS6 = IpAddress.parse("fd00:1::b");
  private static final IpAddress NEXT_LINK_LOCAL = IpAddress.parse("fe80::858:c0ff:fea8:10b");
  private static final IpAddress LINK_LOCAL = IpAddress.parse("fe80::858:c0ff:fea8:10a");
  private static final IpAddress CHOSEN = IpAddress.parse("fe80::1234:5678:9abc:def0");
  private static final IpAddress ROUTER = IpAddress.parse("fe80::1");
  private static final IpAddress NOBODY = IpAddress.parse("0.0.0.0");
  private static final IpAddress NOBODY6 = IpAddress.parse("::");
  static final IpAddress EVERYBODY = IpAddress.parse("255.255.255.255");
  private static final IpAddress ALL_NODES = IpAddress.parse("ff02::1");
  static final IpAddress ELSEWHERE = IpAddress.parse("10.9.0.1");
  static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86dd;
  private static final int ARP = 0x0806;
  static final int UDP = 17;
  private static final int ICMPV6 = 58;
  private static final int PIM = 103;
  private static final int FRAGMENT = 44;
  private static final int OPTIONS = 60;

  /** A frame that is sent under another's name. */
  record Attack(StopReason reason, Octets frame) {}

  private PortFrames() {}

  static Octets from(MacAddress mac, int type, byte[] payload) {
    return RawFrames.ethernet(NEXT, mac, type, payload);
  }

  /** What a port stops, by what it is. */
  static Map<String, Attack> attacks() {
    var attacks = new LinkedHashMap<String, Attack>();
    var mac = MacAddress.parse("02:66:66:66:66:66");
    var ping = RawFrames.udp(7, 7);
    attacks.put(
        "another MAC",
        new Attack(
            StopReason.SOURCE_MAC,
            from(mac, IPV4, RawFrames.ip(ADDRESS, NEXT_ADDRESS, UDP, ping))));
    attacks.put(
        "the MAC of the pod beside",
        new Attack(
            StopReason.SOURCE_MAC,
            RawFrames.ethernet(
                RawFrames.ALL, NEXT, IPV4, RawFrames.ip(ADDRESS, EVERYBODY, UDP, ping))));
    attacks.put(
        "another IPv4 address",
        new Attack(
            StopReason.SOURCE_ADDRESS,
            from(LOCAL, IPV4, RawFrames.ip(ELSEWHERE, NEXT_ADDRESS, UDP, ping))));
    attacks.put(
        "another IPv6 address",
        new Attack(
            StopReason.SOURCE_ADDRESS,
            from(
                LOCAL,
                IPV6,
                RawFrames.ip(IpAddress.parse("fd00:1::66"), NEXT_ADDRESS6, UDP, ping))));
    attacks.put(
        "the gateway's link-local address",
        new Attack(
            StopReason.SOURCE_ADDRESS,
            from(LOCAL, IPV6, RawFrames.ip(ROUTER, NEXT_ADDRESS6, UDP, ping))));
    attacks.put(
        "the link-local address of the pod beside",
        new Attack(
            StopReason.SOURCE_ADDRESS,
            from(LOCAL, IPV6, RawFrames.ip(NEXT_LINK_LOCAL, ALL_NODES, UDP, ping))));
    attacks.put(
        "an ARP answer for the gateway",
        new Attack(
            StopReason.ARP,
            from(
                LOCAL,
                ARP,
                RawFrames.arp(2, LOCAL, IpAddress.parse("192.168.1.1"), NEXT, NEXT_ADDRESS))));
    attacks.put(
        "a gratuitous ARP for the pod beside",
        new Attack(
            StopReason.ARP,
            RawFrames.ethernet(
                RawFrames.ALL,
                LOCAL,
                ARP,
                RawFrames.arp(1, LOCAL, NEXT_ADDRESS, MacAddress.ZERO, NEXT_ADDRESS))));
    attacks.put(
        "an ARP answer with another MAC inside",
        new Attack(
            StopReason.ARP, from(LOCAL, ARP, RawFrames.arp(2, mac, ADDRESS, NEXT, NEXT_ADDRESS))));
    attacks.put(
        "an ARP probe that takes the address of the pod beside",
        new Attack(
            StopReason.ARP,
            RawFrames.ethernet(
                RawFrames.ALL,
                LOCAL,
                ARP,
                RawFrames.arp(1, LOCAL, NOBODY, MacAddress.ZERO, NEXT_ADDRESS))));
    attacks.put(
        "a neighbour advertisement for the gateway",
        new Attack(
            StopReason.NEIGHBOUR,
            from(
                LOCAL,
                IPV6,
                RawFrames.ip(
                    ADDRESS6,
                    ALL_NODES,
                    ICMPV6,
                    RawFrames.icmpv6(136, IpAddress.parse("fd00:1::1"))))));
    attacks.put(
        "a neighbour advertisement for the gateway's link-local address",
        new Attack(
            StopReason.NEIGHBOUR,
            from(
                LOCAL,
                IPV6,
                RawFrames.ip(ADDRESS6, ALL_NODES, ICMPV6, RawFrames.icmpv6(136, ROUTER)))));
    attacks.put(
        "a claim of another's address (DAD)",
        new Attack(
            StopReason.NEIGHBOUR,
            from(
                LOCAL,
                IPV6,
                RawFrames.ip(NOBODY6, ALL_NODES, ICMPV6, RawFrames.icmpv6(135, NEXT_ADDRESS6)))));
    attacks.put(
        "a router advertisement",
        new Attack(
            StopReason.ROUTER,
            from(
                LOCAL,
                IPV6,
                RawFrames.ip(LINK_LOCAL, ALL_NODES, ICMPV6, RawFrames.icmpv6(134, NOBODY6)))));
    attacks.put(
        "a redirect",
        new Attack(
            StopReason.ROUTER,
            from(
                LOCAL,
                IPV6,
                RawFrames.ip(LINK_LOCAL, NEXT_ADDRESS6, ICMPV6, RawFrames.icmpv6(137, NOBODY6)))));
    attacks.put(
        "a DHCP offer",
        new Attack(
            StopReason.DHCP,
            from(LOCAL, IPV4, RawFrames.ip(ADDRESS, EVERYBODY, UDP, RawFrames.udp(67, 68)))));
    attacks.put(
        "a DHCPv6 advertisement",
        new Attack(
            StopReason.DHCP,
            from(
                LOCAL,
                IPV6,
                RawFrames.ip(LINK_LOCAL, NEXT_LINK_LOCAL, UDP, RawFrames.udp(547, 546)))));
    attacks.put(
        "VXLAN to a VTEP, by the gateway",
        new Attack(
            StopReason.VXLAN,
            RawFrames.ethernet(
                AddressPlan.GATEWAY_MAC,
                LOCAL,
                IPV4,
                RawFrames.ip(ADDRESS, FAR, UDP, RawFrames.udp(49152, 4789, new byte[50])))));
    attacks.put(
        "a spoofed ARP answer in two VLAN tags",
        new Attack(
            StopReason.TAGGED,
            RawFrames.twiceTagged(
                from(LOCAL, ARP, RawFrames.arp(2, LOCAL, NEXT_ADDRESS, NEXT, NEXT_ADDRESS)))));
    multicastRouter(attacks);
    fragments(attacks);
    return attacks;
  }

  /** What would make a bridge send it the frames of every group. */
  private static void multicastRouter(Map<String, Attack> attacks) {
    var all = IpAddress.parse("224.0.0.1");
    var igmp = new byte[] {0x11, 0, 0, 0, 0, 0, 0, 0};
    var mld = RawFrames.icmpv6(130, NOBODY6);
    var hello = new byte[] {0x20, 0, 0, 0};
    attacks.put("a query of IGMP", router(IPV4, RawFrames.ip(ADDRESS, all, 2, igmp)));
    attacks.put("the same from no address", router(IPV4, RawFrames.ip(NOBODY, all, 2, igmp)));
    attacks.put("a query of MLD", router(IPV6, RawFrames.ip(LINK_LOCAL, ALL_NODES, ICMPV6, mld)));
    attacks.put(
        "the same behind options of the way",
        router(IPV6, RawFrames.ip(LINK_LOCAL, ALL_NODES, 0, join(RawFrames.options(ICMPV6), mld))));
    attacks.put(
        "a hello of PIM",
        router(IPV4, RawFrames.ip(ADDRESS, IpAddress.parse("224.0.0.13"), PIM, hello)));
    attacks.put(
        "a hello of PIM, IPv6",
        router(IPV6, RawFrames.ip(LINK_LOCAL, IpAddress.parse("ff02::d"), PIM, hello)));
  }

  private static Attack router(int type, byte[] packet) {
    return new Attack(StopReason.MULTICAST_ROUTER, from(LOCAL, type, packet));
  }

  /** First fragments that are full before they say what the packet is. */
  private static void fragments(Map<String, Attack> attacks) {
    attacks.put("neighbour discovery", hidden(LINK_LOCAL, RawFrames.options(ICMPV6)));
    attacks.put("what DHCP servers say", hidden(LINK_LOCAL, RawFrames.options(UDP)));
    attacks.put("anything behind more options", hidden(ADDRESS6, RawFrames.options(OPTIONS)));
  }

  private static Attack hidden(IpAddress source, byte[] first) {
    var fragment = RawFrames.fragment(OPTIONS, 0, true, first);
    return new Attack(
        StopReason.FRAGMENT,
        from(LOCAL, IPV6, RawFrames.ip(source, NEXT_ADDRESS6, FRAGMENT, fragment)));
  }

  private static byte[] join(byte[] first, byte... second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }

  /** What it may send. */
  static Map<String, Octets> rightful() {
    var frames = new LinkedHashMap<String, Octets>();
    var ping = RawFrames.udp(7, 7);
    frames.put("IPv4", from(LOCAL, IPV4, RawFrames.ip(ADDRESS, NEXT_ADDRESS, UDP, ping)));
    frames.put("IPv6", from(LOCAL, IPV6, RawFrames.ip(ADDRESS6, NEXT_ADDRESS6, UDP, ping)));
    frames.put(
        "its link-local address",
        from(LOCAL, IPV6, RawFrames.ip(LINK_LOCAL, NEXT_ADDRESS6, UDP, ping)));
    frames.put(
        "a link-local address of its choice",
        from(LOCAL, IPV6, RawFrames.ip(CHOSEN, NEXT_ADDRESS6, UDP, ping)));
    frames.put(
        "an ARP answer", from(LOCAL, ARP, RawFrames.arp(2, LOCAL, ADDRESS, NEXT, NEXT_ADDRESS)));
    frames.put(
        "a neighbour advertisement",
        from(
            LOCAL,
            IPV6,
            RawFrames.ip(ADDRESS6, NEXT_ADDRESS6, ICMPV6, RawFrames.icmpv6(136, ADDRESS6))));
    frames.put(
        "duplicate address detection",
        from(
            LOCAL,
            IPV6,
            RawFrames.ip(NOBODY6, ALL_NODES, ICMPV6, RawFrames.icmpv6(135, ADDRESS6))));
    frames.put(
        "a DHCP question",
        RawFrames.ethernet(
            RawFrames.ALL,
            LOCAL,
            IPV4,
            RawFrames.ip(NOBODY, EVERYBODY, UDP, RawFrames.udp(68, 67))));
    frames.put(
        "VXLAN between two endpoints of the segment",
        from(
            LOCAL,
            IPV4,
            RawFrames.ip(ADDRESS, NEXT_ADDRESS, UDP, RawFrames.udp(49152, 4789, new byte[50]))));
    var part = new byte[16];
    frames.put(
        "a first fragment with ports",
        fragment(RawFrames.fragment(UDP, 0, true, RawFrames.udp(7, 7, new byte[8]))));
    frames.put("a fragment behind it", fragment(RawFrames.fragment(UDP, 16, false, part)));
    frames.put("a later fragment of a ping", fragment(RawFrames.fragment(ICMPV6, 16, false, part)));
    frames.put(
        "a later fragment of what has options",
        fragment(RawFrames.fragment(OPTIONS, 16, true, part)));
    frames.put(
        "a ping", from(LOCAL, IPV6, RawFrames.ip(ADDRESS6, NEXT_ADDRESS6, ICMPV6, (byte) 128)));
    frames.put("another protocol", from(LOCAL, 0x88b5, new byte[46]));
    return frames;
  }

  private static Octets fragment(byte[] fragment) {
    return from(LOCAL, IPV6, RawFrames.ip(ADDRESS6, NEXT_ADDRESS6, FRAGMENT, fragment));
  }
}
