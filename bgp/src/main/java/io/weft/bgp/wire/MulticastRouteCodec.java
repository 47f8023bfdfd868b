package io.weft.bgp.wire;

import io.weft.bgp.wire.MulticastRoute.LeaveSync;
import io.weft.bgp.wire.MulticastRoute.MembershipReportSync;
import io.weft.bgp.wire.MulticastRoute.SelectiveMulticast;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import io.weft.net.RouteDistinguisher;
import java.util.Optional;

/**
 * Bodies of the EVPN routes of type 6, 7 and 8 (RFC 9251 §9).
 *
 * <pre>{@code
 * 6: 8 RD |          4 tag | S | G | originator |                                   1 flags
 * 7: 8 RD | 10 ESI | 4 tag | S | G | originator |                                   1 flags
 * 8: 8 RD | 10 ESI | 4 tag | S | G | originator | 4 reserved | 1 max response time | 1 flags
 * S, G: 1 bits = 0, 32 or 128 | address      originator: 1 bits = 32 or 128 | address
 * }</pre>
 */
final class MulticastRouteCodec {
  private MulticastRouteCodec() {}

  static MulticastRoute decode(int type, OctetReader in) throws MalformedInput {
    var rd = new RouteDistinguisher(in.u64("route distinguisher"));
    var esi = Esi.ZERO;
    if (type != 6) {
      long high = in.u64("ethernet segment identifier");
      esi = new Esi(high, in.u16("ethernet segment identifier"));
    }
    long tag = in.u32("ethernet tag");
    var source = address("multicast source", in);
    var group = address("multicast group", in);
    if (source.isPresent() && group.isPresent() && source.get().bits() != group.get().bits()) {
      throw new MalformedInput("multicast source and group: of two families");
    }
    var originator =
        address("originator router", in)
            .orElseThrow(() -> new MalformedInput("originator router length: 0"));
    if (type == 6) {
      return new SelectiveMulticast(rd, tag, source, group, originator, in.u8("flags"));
    }
    if (type == 7) {
      return new MembershipReportSync(rd, esi, tag, source, group, originator, in.u8("flags"));
    }
    in.skip("reserved", 4);
    int responseTime = in.u8("maximum response time");
    return new LeaveSync(rd, esi, tag, source, group, originator, responseTime, in.u8("flags"));
  }

  static int type(MulticastRoute route) {
    return switch (route) {
      case SelectiveMulticast _ -> 6;
      case MembershipReportSync _ -> 7;
      case LeaveSync _ -> 8;
    };
  }

  /** Octets of the body. */
  static int encodedLength(MulticastRoute route) {
    int addresses =
        route.source().map(address -> address.bits() / 8).orElse(0)
            + route.group().map(address -> address.bits() / 8).orElse(0)
            + route.originator().bits() / 8;
    return addresses
        + switch (route) {
          case SelectiveMulticast _ -> 16;
          case MembershipReportSync _ -> 26;
          case LeaveSync _ -> 31;
        };
  }

  static void encode(MulticastRoute route, OctetWriter out) {
    out.u64(route.rd().value());
    switch (route) {
      case SelectiveMulticast _ -> {}
      case MembershipReportSync r -> out.u64(r.esi().high()).u16(r.esi().low());
      case LeaveSync r -> out.u64(r.esi().high()).u16(r.esi().low());
    }
    out.u32(route.tag());
    address(route.source(), out);
    address(route.group(), out);
    address(Optional.of(route.originator()), out);
    if (route instanceof LeaveSync leave) {
      out.u32(0).u8(leave.responseTime());
    }
    out.u8(route.flags());
  }

  private static Optional<IpAddress> address(String field, OctetReader in) throws MalformedInput {
    int bits = in.u8(field + " length");
    return switch (bits) {
      case 0 -> Optional.empty();
      case 32, 128 -> Optional.of(IpAddress.of(in.bytes(field, bits / 8)));
      default -> throw new MalformedInput(field + " length: " + bits + " bits, not 0, 32 or 128");
    };
  }

  private static void address(Optional<IpAddress> address, OctetWriter out) {
    out.u8(address.map(IpAddress::bits).orElse(0));
    address.ifPresent(a -> out.bytes(a.octets()));
  }
}
