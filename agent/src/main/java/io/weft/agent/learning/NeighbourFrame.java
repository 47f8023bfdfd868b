package io.weft.agent.learning;

import io.weft.net.IpAddress;
import io.weft.net.Ipv6Address;
import io.weft.net.MacAddress;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;
import io.weft.overlay.node.HostBinding;
import io.weft.overlay.node.HostQuestion;
import java.util.Optional;

/**
 * Ethernet frames of ARP (RFC 826) and neighbour discovery (RFC 4861): what one says of its sender,
 * and the question whether a host has an address.
 */
final class NeighbourFrame {
  private static final int ARP = 0x0806;
  private static final int IPV6 = 0x86dd;
  private static final int ICMPV6 = 58;
  private static final int SOLICITATION = 135;
  private static final int ADVERTISEMENT = 136;

  /** Options with a link-layer address (RFC 4861 §4.6.1), of 8 octets. */
  private static final int SOURCE_ADDRESS = 1;

  private static final int TARGET_ADDRESS = 2;
  private static final long OVERRIDE = 0x2000_0000L;
  private static final MacAddress EVERYBODY = MacAddress.parse("ff:ff:ff:ff:ff:ff");
  private static final MacAddress ALL_NODES_MAC = MacAddress.parse("33:33:00:00:00:01");
  private static final IpAddress ALL_NODES = IpAddress.parse("ff02::1");
  private static final IpAddress ANY_IPV4 = IpAddress.parse("0.0.0.0");
  private static final IpAddress ANY_IPV6 = IpAddress.parse("::");

  private NeighbourFrame() {}

  /** A MAC says that it has an address. */
  record Said(MacAddress mac, IpAddress ip) {}

  /**
   * What a frame says of who sent it: an ARP request or answer of its sender (a gratuitous one, RFC
   * 5944 §4.6, too), a solicitation of its source, an advertisement of its target. Empty where it
   * is a probe, or says it of somebody else.
   */
  static Optional<Said> read(Octets frame) {
    var in = new OctetReader(frame.toArray());
    try {
      in.skip("destination", 6);
      var mac = MacAddress.of(in.bytes("source", 6));
      return switch (in.u16("type")) {
        case ARP -> arp(in, mac);
        case IPV6 -> discovery(in, mac);
        default -> Optional.empty();
      };
    } catch (MalformedInput _) {
      return Optional.empty();
    }
  }

  private static Optional<Said> arp(OctetReader in, MacAddress mac) throws MalformedInput {
    in.skip("hardware and protocol type", 4);
    in.expectU8("hardware length", 6);
    in.expectU8("protocol length", 4);
    in.skip("operation", 2);
    var sender = MacAddress.of(in.bytes("sender hardware address", 6));
    var ip = IpAddress.of(in.bytes("sender protocol address", 4));
    return said(mac, ip, sender.equals(mac));
  }

  private static Optional<Said> discovery(OctetReader in, MacAddress mac) throws MalformedInput {
    in.skip("version and flow", 4);
    in.skip("length, next header, hop limit", 4);
    var source = IpAddress.of(in.bytes("source", 16));
    in.skip("destination", 16);
    int type = in.u8("type");
    in.skip("code, checksum, flags", 7);
    var target = IpAddress.of(in.bytes("target", 16));
    boolean advertised = type == ADVERTISEMENT;
    int option = advertised ? TARGET_ADDRESS : SOURCE_ADDRESS;
    return said(mac, advertised ? target : source, isItself(in, option, mac));
  }

  /** The first option is not the address of somebody else. */
  private static boolean isItself(OctetReader in, int option, MacAddress mac)
      throws MalformedInput {
    return in.remaining() < 8
        || in.u8("option") != option
        || in.u8("length") != 1
        || MacAddress.of(in.bytes("link-layer address", 6)).equals(mac);
  }

  private static Optional<Said> said(MacAddress mac, IpAddress ip, boolean itself) {
    return itself && !ip.equals(ANY_IPV4) && !ip.equals(ANY_IPV6)
        ? Optional.of(new Said(mac, ip))
        : Optional.empty();
  }

  /** The question, to the host alone. */
  static Octets of(HostQuestion question) {
    return question.ip().isIpv4() ? request(question) : solicitation(question);
  }

  private static Octets request(HostQuestion question) {
    var out = new OctetWriter();
    out.bytes(question.mac().octets()).bytes(question.sender().octets()).u16(ARP);
    out.u16(1).u16(0x0800).u8(6).u8(4).u16(1);
    out.bytes(question.sender().octets()).bytes(question.from().orElse(ANY_IPV4).octets());
    out.bytes(MacAddress.ZERO.octets()).bytes(question.ip().octets());
    return Octets.of(out.toArray());
  }

  /** With a sender's link-layer address, unless there is no sender (RFC 4861 §4.3). */
  private static Octets solicitation(HostQuestion question) {
    var from = question.from().orElse(ANY_IPV6);
    var to = question.from().isPresent() ? question.ip() : solicitedNode(question.ip());
    var message = new OctetWriter();
    message.u8(SOLICITATION).u8(0).u16(0).u32(0).bytes(question.ip().octets());
    if (question.from().isPresent()) {
      message.u8(SOURCE_ADDRESS).u8(1).bytes(question.sender().octets());
    }
    return datagram(question.mac(), question.sender(), from, to, message);
  }

  /**
   * A gratuitous ARP request (RFC 5227 §3), or an unsolicited advertisement (RFC 4861 §7.2.6), sent
   * for the host by the bridge: {@link #read} says nothing of it, on no node.
   */
  static Octets of(HostBinding binding) {
    var out = new OctetWriter();
    var sender = binding.sender();
    var mac = binding.mac();
    var ip = binding.ip();
    if (ip.isIpv4()) {
      out.bytes(EVERYBODY.octets()).bytes(sender.octets()).u16(ARP);
      out.u16(1).u16(0x0800).u8(6).u8(4).u16(1);
      out.bytes(mac.octets()).bytes(ip.octets());
      out.bytes(MacAddress.ZERO.octets()).bytes(ip.octets());
      return Octets.of(out.toArray());
    }
    var message = new OctetWriter();
    message.u8(ADVERTISEMENT).u8(0).u16(0).u32(OVERRIDE).bytes(ip.octets());
    message.u8(TARGET_ADDRESS).u8(1).bytes(mac.octets());
    return datagram(ALL_NODES_MAC, sender, ip, ALL_NODES, message);
  }

  private static Octets datagram(
      MacAddress to, MacAddress sender, IpAddress from, IpAddress ip, OctetWriter message) {
    var out = new OctetWriter();
    out.bytes(to.octets()).bytes(sender.octets()).u16(IPV6);
    out.u32(0x6000_0000L).u16(message.size()).u8(ICMPV6).u8(255);
    out.bytes(from.octets()).bytes(ip.octets());
    int checksum = out.size() + 2;
    out.append(message);
    out.patchU16(checksum, checksum(from, ip, message));
    return Octets.of(out.toArray());
  }

  /** RFC 4291 §2.7.1. */
  private static IpAddress solicitedNode(IpAddress ip) {
    var octets = ((Ipv6Address) IpAddress.parse("ff02::1:ff00:0")).octets();
    System.arraycopy(ip.octets(), 13, octets, 13, 3);
    return IpAddress.of(octets);
  }

  /** Over the pseudo-header (RFC 8200 §8.1) and the message, whose own checksum is 0 yet. */
  private static int checksum(IpAddress from, IpAddress to, OctetWriter message) {
    var all = new OctetWriter();
    all.bytes(from.octets()).bytes(to.octets());
    all.u32(message.size()).u32(ICMPV6).append(message);
    var octets = all.toArray();
    int sum = 0;
    for (int i = 0; i < octets.length; i += 2) { // a message is a multiple of 8 octets long
      sum += (octets[i] & 0xff) << 8 | octets[i + 1] & 0xff;
    }
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    return ~sum & 0xffff;
  }
}
