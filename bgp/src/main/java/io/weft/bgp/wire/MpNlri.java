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
    if (!peering.families().contains(family)) {
      skip("MP_REACH_NLRI", family, in, draft);
      return;
    }
    draft.nextHop = Optional.of(nextHop(family, nextHopLength, in));
    in.skip("reserved", 1);
    decodeRoutes("MP_REACH_NLRI", family, in, draft.announced, draft.faults);
  }

  static void decodeUnreach(OctetReader in, Peering peering, UpdateDraft draft)
      throws MalformedInput {
    var family = family(in);
    if (in.isEmpty()) {
      draft.emptyUnreach = Optional.of(family);
    } else if (peering.families().contains(family)) {
      decodeRoutes("MP_UNREACH_NLRI", family, in, draft.withdrawn, draft.faults);
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

  /**
   * 4 or 16 octets; with IPv6 unicast also 32: the second half is the link-local address of the
   * same hop (RFC 2545 §3), which is what counts when the first is unspecified.
   */
  private static IpAddress nextHop(Family family, int length, OctetReader in)
      throws MalformedInput {
    if (length != 4 && length != 16 && (length != 32 || family.equals(Family.L2VPN_EVPN))) {
      throw new MalformedInput("next hop length: " + length + ", neither 4 nor 16");
    }
    var first = IpAddress.of(in.bytes("next hop", Math.min(length, 16)));
    if (length == 32) {
      var linkLocal = IpAddress.of(in.bytes("link-local next hop", 16));
      return first.isUnspecified() ? linkLocal : first;
    }
    return first;
  }

  private static void decodeRoutes(
      String attribute, Family family, OctetReader in, List<Route> routes, List<String> faults)
      throws MalformedInput {
    while (!in.isEmpty()) {
      if (family.equals(Family.IPV4_UNICAST)) {
        routes.add(UnicastRouteCodec.decode(in, 32));
      } else if (family.equals(Family.IPV6_UNICAST)) {
        routes.add(UnicastRouteCodec.decode(in, 128));
      } else if (family.equals(Family.ROUTE_TARGET)) {
        routes.add(RouteTargetMembershipCodec.decode(in));
      } else {
        decodeEvpn(attribute, in, routes, faults);
      }
    }
  }

  private static void decodeEvpn(
      String attribute, OctetReader in, List<Route> routes, List<String> faults)
      throws MalformedInput {
    int type = in.u8("route type");
    var body = in.sub("route type " + type, in.u8("route length"));
    try {
      routes.add(EvpnRouteCodec.decode(type, body));
    } catch (MalformedInput e) {
      faults.add(attribute + ": " + e.getMessage() + ": route left out (RFC 7606 §5.4)");
    }
  }

  /** All routes are of one family. */
  static void encodeReach(IpAddress nextHop, List<Route> routes, OctetWriter out) {
    var family = routes.getFirst().family();
    out.u16(family.afi()).u8(family.safi());
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
      case UnicastRoute unicast -> UnicastRouteCodec.encode(unicast, out);
      case RouteTargetMembership membership -> RouteTargetMembershipCodec.encode(membership, out);
    }
  }
}
