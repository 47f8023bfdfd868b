package io.weft.bgp.wire;

import io.weft.net.IpAddress;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import java.util.List;
import java.util.Optional;

/**
 * The two attributes that carry routes (RFC 4760 §3, §4).
 *
 * <pre>{@code
 * MP_REACH_NLRI    2 AFI | 1 SAFI | 1 length | 4 or 16 next hop | 1 reserved | NLRI
 * MP_UNREACH_NLRI  2 AFI | 1 SAFI | NLRI
 * }</pre>
 *
 * What is thrown here is only what makes the routes impossible to find; one bad route among good
 * ones is left out with a fault, since the NLRI length still leads to the next (RFC 7606 §5.4).
 */
final class MpNlri {
  private MpNlri() {}

  static void decodeReach(OctetReader in, Peering peering, UpdateDraft draft)
      throws MalformedInput {
    draft.reachSeen = true;
    var family = family(in);
    int nextHopLength = in.u8("next hop length");
    if (!family.equals(Family.L2VPN_EVPN)) {
      skip("MP_REACH_NLRI", family, in, draft);
      return;
    }
    if (nextHopLength != 4 && nextHopLength != 16) {
      throw new MalformedInput("next hop length: " + nextHopLength + ", neither 4 nor 16");
    }
    draft.nextHop = Optional.of(IpAddress.of(in.bytes("next hop", nextHopLength)));
    in.skip("reserved", 1);
    decodeRoutes("MP_REACH_NLRI", in, draft.announced, draft.faults);
  }

  static void decodeUnreach(OctetReader in, Peering peering, UpdateDraft draft)
      throws MalformedInput {
    var family = family(in);
    if (in.isEmpty()) {
      draft.emptyUnreach = Optional.of(family);
    } else if (family.equals(Family.L2VPN_EVPN)) {
      decodeRoutes("MP_UNREACH_NLRI", in, draft.withdrawn, draft.faults);
      draft.withdrawn.replaceAll(Route::key); // some repeat the labels, some send zeros
    } else {
      skip("MP_UNREACH_NLRI", family, in, draft);
    }
  }

  private static Family family(OctetReader in) throws MalformedInput {
    int afi = in.u16("address family");
    return new Family(afi, in.u8("subsequent address family"));
  }

  private static void skip(String attribute, Family family, OctetReader in, UpdateDraft draft)
      throws MalformedInput {
    in.skip("routes", in.remaining());
    draft.faults.add(attribute + ": family " + family + " was not agreed on: ignored");
  }

  private static void decodeRoutes(
      String attribute, OctetReader in, List<Route> routes, List<String> faults)
      throws MalformedInput {
    while (!in.isEmpty()) {
      int type = in.u8("route type");
      var body = in.sub("route type " + type, in.u8("route length"));
      try {
        routes.add(EvpnRouteCodec.decode(type, body));
      } catch (MalformedInput e) {
        faults.add(attribute + ": " + e.getMessage() + ": route left out (RFC 7606 §5.4)");
      }
    }
  }

  static void encodeReach(IpAddress nextHop, List<Route> routes, OctetWriter out) {
    out.u16(Family.L2VPN_EVPN.afi()).u8(Family.L2VPN_EVPN.safi());
    out.u8(nextHop.bits() / 8).bytes(nextHop.octets()).u8(0);
    routes.forEach(route -> encodeRoute(route, out));
  }

  /** Labels are zero in a withdrawal: the key alone counts. */
  static void encodeUnreach(Family family, List<Route> routes, OctetWriter out) {
    out.u16(family.afi()).u8(family.safi());
    routes.forEach(route -> encodeRoute(route.key(), out));
  }

  private static void encodeRoute(Route route, OctetWriter out) {
    switch (route) {
      case EvpnRoute evpn -> EvpnRouteCodec.encode(evpn, out);
    }
  }
}
