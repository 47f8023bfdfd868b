package io.weft.bgp.wire;

import io.weft.bgp.wire.EvpnRoute.EthernetAutoDiscovery;
import io.weft.bgp.wire.EvpnRoute.EthernetSegment;
import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.EvpnRoute.UnknownEvpnRoute;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import io.weft.net.RouteDistinguisher;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * EVPN NLRI on the wire: {@code 1 type | 1 length | body} (RFC 7432 §7). Labels are whole 24-bit
 * VNIs, not shifted (RFC 8365 §5.1.3).
 */
final class EvpnRouteCodec {
  private static final int MAC_BITS = 48;

  /** Octets of a type 5 body (RFC 9136 §3.1): it alone tells the family. */
  static final int PREFIX_BODY_IPV4 = 34;

  static final int PREFIX_BODY_IPV6 = 58;

  private EvpnRouteCodec() {}

  /** Reads the body of one NLRI; {@code in} ends where the NLRI length says. */
  static EvpnRoute decode(int type, OctetReader in) throws MalformedInput {
    var route =
        switch (type) {
          case 1 -> decodeAutoDiscovery(in);
          case 2 -> decodeMacIp(in);
          case 3 -> decodeInclusiveMulticast(in);
          case 4 -> decodeEthernetSegment(in);
          case 5 -> decodeIpPrefix(in);
          case 6, 7, 8 -> MulticastRouteCodec.decode(type, in);
          default -> new UnknownEvpnRoute(type, in.octets("body", in.remaining()));
        };
    in.expectEmpty("route type " + type);
    return route;
  }

  /** Octets of the NLRI, type and length included. */
  static int encodedLength(EvpnRoute route) {
    return 2
        + switch (route) {
          case EthernetAutoDiscovery _ -> 25;
          case MacIpAdvertisement r ->
              33 + r.ip().map(ip -> ip.bits() / 8).orElse(0) + (r.label2().isPresent() ? 3 : 0);
          case InclusiveMulticast r -> 13 + r.originator().bits() / 8;
          case EthernetSegment r -> 19 + r.originator().bits() / 8;
          case IpPrefixRoute r ->
              r.prefix().address().isIpv4() ? PREFIX_BODY_IPV4 : PREFIX_BODY_IPV6;
          case MulticastRoute r -> MulticastRouteCodec.encodedLength(r);
          case UnknownEvpnRoute r -> r.body().length();
        };
  }

  static void encode(EvpnRoute route, OctetWriter out) {
    switch (route) {
      case EthernetAutoDiscovery r -> encodeAutoDiscovery(r, head(1, r, out));
      case MacIpAdvertisement r -> encodeMacIp(r, head(2, r, out));
      case InclusiveMulticast r -> encodeInclusiveMulticast(r, head(3, r, out));
      case EthernetSegment r -> encodeEthernetSegment(r, head(4, r, out));
      case IpPrefixRoute r -> encodeIpPrefix(r, head(5, r, out));
      case MulticastRoute r ->
          MulticastRouteCodec.encode(r, head(MulticastRouteCodec.type(r), r, out));
      case UnknownEvpnRoute r -> head(r.type(), r, out).octets(r.body());
    }
  }

  private static OctetWriter head(int type, EvpnRoute route, OctetWriter out) {
    int length = encodedLength(route) - 2;
    if (length > 0xff) {
      throw new IllegalArgumentException("the body of " + route + " is longer than 255 octets");
    }
    return out.u8(type).u8(length);
  }

  /** Ethernet A-D (RFC 7432 §7.1): {@code 8 RD | 10 ESI | 4 tag | 3 VNI}. */
  private static EthernetAutoDiscovery decodeAutoDiscovery(OctetReader in) throws MalformedInput {
    var rd = rd(in);
    var esi = esi(in);
    long tag = in.u32("ethernet tag");
    return new EthernetAutoDiscovery(rd, esi, tag, in.u24("label"));
  }

  private static void encodeAutoDiscovery(EthernetAutoDiscovery route, OctetWriter out) {
    out.u64(route.rd().value());
    esi(route.esi(), out);
    out.u32(route.tag()).u24(route.label());
  }

  /**
   * MAC/IP advertisement (RFC 7432 §7.2). Whether the second label is there, only the length tells.
   *
   * <pre>{@code
   * 8 RD | 10 ESI | 4 tag | 1 bits = 48 | 6 MAC | 1 bits | 0, 4 or 16 IP | 3 VNI | 0 or 3 L3 VNI
   * }</pre>
   */
  private static MacIpAdvertisement decodeMacIp(OctetReader in) throws MalformedInput {
    var rd = rd(in);
    var esi = esi(in);
    long tag = in.u32("ethernet tag");
    in.expectU8("mac address length", MAC_BITS);
    var mac = new MacAddress(in.u48("mac address"));
    Optional<IpAddress> ip = optionalAddress("ip address", in);
    int label = in.u24("label");
    var label2 = in.isEmpty() ? OptionalInt.empty() : OptionalInt.of(in.u24("second label"));
    return new MacIpAdvertisement(rd, esi, tag, mac, ip, label, label2);
  }

  private static void encodeMacIp(MacIpAdvertisement route, OctetWriter out) {
    out.u64(route.rd().value());
    esi(route.esi(), out);
    out.u32(route.tag()).u8(MAC_BITS).u48(route.mac().value());
    route.ip().ifPresentOrElse(ip -> address(ip, out), () -> out.u8(0));
    out.u24(route.label());
    route.label2().ifPresent(out::u24);
  }

  /** Inclusive multicast (RFC 7432 §7.3): {@code 8 RD | 4 tag | 1 bits | 4 or 16 originator}. */
  private static InclusiveMulticast decodeInclusiveMulticast(OctetReader in) throws MalformedInput {
    var rd = rd(in);
    long tag = in.u32("ethernet tag");
    return new InclusiveMulticast(rd, tag, address("originating router", in));
  }

  private static void encodeInclusiveMulticast(InclusiveMulticast route, OctetWriter out) {
    out.u64(route.rd().value()).u32(route.tag());
    address(route.originator(), out);
  }

  /** Ethernet segment (RFC 7432 §7.4): {@code 8 RD | 10 ESI | 1 bits | 4 or 16 originator}. */
  private static EthernetSegment decodeEthernetSegment(OctetReader in) throws MalformedInput {
    var rd = rd(in);
    var esi = esi(in);
    return new EthernetSegment(rd, esi, address("originating router", in));
  }

  private static void encodeEthernetSegment(EthernetSegment route, OctetWriter out) {
    out.u64(route.rd().value());
    esi(route.esi(), out);
    address(route.originator(), out);
  }

  /**
   * IP prefix (RFC 9136 §3.1). Addresses are always whole; the length of the body, not that of the
   * prefix, tells the family. Bits behind the prefix length are cleared: a sender may leave them.
   *
   * <pre>{@code 8 RD | 10 ESI | 4 tag | 1 prefix bits | 4 or 16 prefix | 4 or 16 gateway | 3 VNI
   * }</pre>
   */
  private static IpPrefixRoute decodeIpPrefix(OctetReader in) throws MalformedInput {
    int body = in.remaining();
    if (body != PREFIX_BODY_IPV4 && body != PREFIX_BODY_IPV6) {
      throw new MalformedInput("route type 5: " + body + " octets, neither 34 nor 58");
    }
    int width = body == PREFIX_BODY_IPV4 ? 4 : 16;
    var rd = rd(in);
    var esi = esi(in);
    long tag = in.u32("ethernet tag");
    int length = in.u8("prefix length");
    if (length > width * 8) {
      throw new MalformedInput("prefix length: " + length + " is more than " + width * 8);
    }
    var prefix = new IpPrefix(IpAddress.of(in.bytes("prefix", width)).masked(length), length);
    var gateway = IpAddress.of(in.bytes("gateway", width));
    return new IpPrefixRoute(rd, esi, tag, prefix, gateway, in.u24("label"));
  }

  private static void encodeIpPrefix(IpPrefixRoute route, OctetWriter out) {
    if (route.gateway().bits() != route.prefix().address().bits()) {
      throw new IllegalArgumentException("prefix and gateway of two families: " + route);
    }
    out.u64(route.rd().value());
    esi(route.esi(), out);
    out.u32(route.tag()).u8(route.prefix().length());
    out.bytes(route.prefix().address().octets()).bytes(route.gateway().octets());
    out.u24(route.label());
  }

  private static RouteDistinguisher rd(OctetReader in) throws MalformedInput {
    return new RouteDistinguisher(in.u64("route distinguisher"));
  }

  private static Esi esi(OctetReader in) throws MalformedInput {
    long high = in.u64("ethernet segment identifier");
    int low = in.u16("ethernet segment identifier");
    return high == 0 && low == 0 ? Esi.ZERO : new Esi(high, low); // nearly all are
  }

  private static void esi(Esi esi, OctetWriter out) {
    out.u64(esi.high()).u16(esi.low());
  }

  private static IpAddress address(String field, OctetReader in) throws MalformedInput {
    return optionalAddress(field, in)
        .orElseThrow(() -> new MalformedInput(field + ": length 0, neither 32 nor 128 bits"));
  }

  private static Optional<IpAddress> optionalAddress(String field, OctetReader in)
      throws MalformedInput {
    int bits = in.u8(field + " length");
    return switch (bits) {
      case 0 -> Optional.empty();
      case 32, 128 -> Optional.of(IpAddress.of(in.bytes(field, bits / 8)));
      default -> throw new MalformedInput(field + " length: " + bits + " bits, not 0, 32 or 128");
    };
  }

  private static void address(IpAddress address, OctetWriter out) {
    out.u8(address.bits()).bytes(address.octets());
  }
}
