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
    if (family.equals(Family.IPV4_UNICAST) && nextHopLength != 4 && !peering.ipv4OverIpv6()) {
      throw new MalformedInput(
          "next hop length: "
              + nextHopLength
              + " with ipv4-unicast, for which IPv6 was not agreed on (RFC 8950 §4)");
    }
    draft.nextHop = Optional.of(nextHop(family, nextHopLength, in));
    in.skip("reserved", 1);
    draft.announcedBlock = block(family, peering, in);
    decodeRoutes("MP_REACH_NLRI", family, peering, in, draft.announced, draft.faults);
  }

  static void decodeUnreach(OctetReader in, Peering peering, UpdateDraft draft)
      throws MalformedInput {
    var family = family(in);
    if (in.isEmpty()) {
      draft.emptyUnreach = Optional.of(family);
    } else if (peering.families().contains(family)) {
      draft.withdrawnBlock = block(family, peering, in).map(RouteBlock::keys);
      int before = draft.withdrawn.size();
      decodeRoutes("MP_UNREACH_NLRI", family, peering, in, draft.withdrawn, draft.faults);
      draft
          .withdrawn
          .subList(before, draft.withdrawn.size())
          .replaceAll(NumberedRoute::key); // some repeat the labels, some send zeros
    } else {
      skip("MP_UNREACH_NLRI", family, in, draft);
    }
  }

  /** The routes as octets, if all of them are plain; else nothing is read. */
  private static Optional<RouteBlock> block(Family family, Peering peering, OctetReader in)
      throws MalformedInput {
    if (!family.equals(Family.L2VPN_EVPN)
        || in.isEmpty()
        || peering.pathIdsReceived().contains(family)) {
      return Optional.empty();
    }
    int from = in.position();
    var block = RouteBlock.of(in.array(), from, from + in.remaining());
    if (block.isPresent()) {
      in.skip("routes", in.remaining());
    }
    return block;
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

  /** Routes until the end, each behind its path identifier if that was agreed on (RFC 7911 §3). */
  static void decodeRoutes(
      String field,
      Family family,
      Peering peering,
      OctetReader in,
      List<NumberedRoute> routes,
      List<String> faults)
      throws MalformedInput {
    boolean numbered = peering.pathIdsReceived().contains(family);
    while (!in.isEmpty()) {
      long pathId = numbered ? in.u32("path identifier") : 0;
      if (family.equals(Family.IPV4_UNICAST)) {
        routes.add(new NumberedRoute(UnicastRouteCodec.decode(in, 32), pathId));
      } else if (family.equals(Family.IPV6_UNICAST)) {
        routes.add(new NumberedRoute(UnicastRouteCodec.decode(in, 128), pathId));
      } else {
        decodeFramed(field, family, pathId, in, routes, faults);
      }
    }
  }

  private static void decodeFramed(
      String field,
      Family family,
      long pathId,
      OctetReader in,
      List<NumberedRoute> routes,
      List<String> faults)
      throws MalformedInput {
    boolean evpn = family.equals(Family.L2VPN_EVPN);
    int head = in.u8(evpn ? "route type" : "membership length");
    var body =
        evpn
            ? in.sub("route type " + head, in.u8("route length"))
            : in.sub("membership", (head + 7) / 8);
    try {
      Route route =
          evpn ? EvpnRouteCodec.decode(head, body) : RouteTargetMembershipCodec.decode(head, body);
      routes.add(new NumberedRoute(route, pathId));
    } catch (MalformedInput e) {
      faults.add(field + ": " + e.getMessage() + ": route left out (RFC 7606 §5.4)");
    }
  }

  /** The head of MP_REACH_NLRI with EVPN routes, whose octets follow. */
  static void encodeReachHead(IpAddress nextHop, OctetWriter out) {
    encodeHead(Family.L2VPN_EVPN, nextHop, out);
  }

  private static void encodeHead(Family family, IpAddress nextHop, OctetWriter out) {
    out.u16(family.afi()).u8(family.safi());
    out.u8(nextHop.bits() / 8).bytes(nextHop.octets()).u8(0);
  }

  /** All routes are of one family. */
  static void encodeReach(
      IpAddress nextHop, List<NumberedRoute> routes, Peering peering, OctetWriter out) {
    encodeHead(routes.getFirst().route().family(), nextHop, out);
    encodeRoutes(routes, peering, out);
  }

  /** Labels are zero in a withdrawal: the key alone counts. */
  static void encodeUnreach(
      Family family, List<NumberedRoute> routes, Peering peering, OctetWriter out) {
    out.u16(family.afi()).u8(family.safi());
    encodeRoutes(routes.stream().map(NumberedRoute::key).toList(), peering, out);
  }

  static void encodeRoutes(List<NumberedRoute> routes, Peering peering, OctetWriter out) {
    for (var entry : routes) {
      if (peering.pathIdsSent().contains(entry.route().family())) {
        out.u32(entry.pathId());
      }
      switch (entry.route()) {
        case EvpnRoute evpn -> EvpnRouteCodec.encode(evpn, out);
        case UnicastRoute unicast -> UnicastRouteCodec.encode(unicast, out);
        case RouteTargetMembership membership -> RouteTargetMembershipCodec.encode(membership, out);
      }
    }
  }
}
