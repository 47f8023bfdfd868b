package io.weft.bgp.wire;

import static io.weft.bgp.wire.KnownAttribute.MP_REACH_NLRI;
import static io.weft.bgp.wire.KnownAttribute.MP_UNREACH_NLRI;

import io.weft.bgp.wire.Message.Update;
import io.weft.net.Ipv4Address;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * UPDATE on the wire (RFC 4271 §4.3), its faults handled as RFC 7606 asks.
 *
 * <pre>{@code 2 length | withdrawn IPv4 | 2 length | path attributes | IPv4 NLRI}</pre>
 *
 * Routes of IPv4 unicast stand in the outer fields, all others in two of the attributes.
 */
final class UpdateCodec {
  /** Octets of an UPDATE that carries nothing: the End-of-RIB of IPv4 unicast (RFC 4724 §2). */
  static final int EMPTY_LENGTH = Message.HEADER_LENGTH + 4;

  private UpdateCodec() {}

  static Update decode(OctetReader in, Peering peering) throws SessionReset {
    var draft = new UpdateDraft();
    int seen;
    int outer;
    try {
      var withdrawn = in.sub("withdrawn routes", in.u16("withdrawn routes length"));
      var attributes = in.sub("path attributes", in.u16("total path attribute length"));
      outer = withdrawn.remaining() + in.remaining();
      if (peering.families().contains(Family.IPV4_UNICAST)) {
        decodeOuter("NLRI", in, peering, draft.outerAnnounced);
        decodeOuter("withdrawn routes", withdrawn, peering, draft.withdrawn);
      } else if (outer > 0) {
        draft.faults.add(
            "UPDATE: " + outer + " octets of ipv4-unicast routes, not agreed on: ignored");
      }
      seen = AttributeReader.readAll(attributes, peering, draft);
    } catch (MalformedInput e) {
      throw new SessionReset(3, 1, "UPDATE: " + e.getMessage() + " (RFC 7606 §3 a)");
    }
    if (draft.treatAsWithdraw && !draft.reachSeen && draft.outerAnnounced.isEmpty()) {
      throw new SessionReset(3, 1, draft.faults.getFirst() + ", but no route (RFC 7606 §5.2)");
    }
    if (outer == 0 && draft.faults.isEmpty()) {
      var endOfRib = seen == 0 ? Optional.of(Family.IPV4_UNICAST) : draft.emptyUnreach;
      if (endOfRib.isPresent() && seen <= 1) {
        return Update.endOfRib(endOfRib.get());
      }
    }
    return judge(draft, peering);
  }

  /** A prefix that is too long, or cut short, leaves no routes to be sure of (RFC 7606 §5.3). */
  private static void decodeOuter(
      String field, OctetReader in, Peering peering, List<NumberedRoute> routes)
      throws SessionReset {
    try {
      MpNlri.decodeRoutes(field, Family.IPV4_UNICAST, peering, in, routes, List.of());
    } catch (MalformedInput e) {
      throw new SessionReset(
          3, 10, field + ": " + e.getMessage() + " (RFC 7606 §5.3, RFC 4271 §6.3)");
    }
  }

  /** Checks that need the whole message: what is missing, and what does not go together. */
  private static Update judge(UpdateDraft draft, Peering peering) {
    if (!isPlain(draft)) {
      draft.unfold();
    }
    boolean announces =
        !draft.announced.isEmpty()
            || !draft.outerAnnounced.isEmpty()
            || draft.announcedBlock.isPresent();
    if (announces && !draft.treatAsWithdraw) {
      requireMandatory(draft, peering);
      requireUsableNextHop(draft);
      requireOneNextHop(draft);
      requireOverlayIndexes(draft);
    }
    if (isPlain(draft) && !draft.treatAsWithdraw) {
      return new Update(
          draft.withdrawnBlock.<List<Route>>map(block -> block).orElse(List.of()),
          draft.announcedBlock.<List<Route>>map(block -> block).orElse(List.of()),
          draft.announcedBlock.map(_ -> draft.attributes()),
          Optional.empty(),
          draft.faults);
    }
    draft.unfold();
    draft.announced.addAll(draft.outerAnnounced);
    if (draft.treatAsWithdraw) {
      draft.announced.forEach(route -> draft.withdrawn.add(route.key()));
      draft.announced.clear();
    }
    Optional<PathAttributes> attributes =
        draft.announced.isEmpty() ? Optional.empty() : Optional.of(draft.attributes());
    var withdrawn = outerLast(draft.withdrawn);
    var announced = outerLast(draft.announced);
    return new Update(
        routes(withdrawn),
        routes(announced),
        attributes,
        Optional.empty(),
        draft.faults,
        pathIds(withdrawn, peering),
        pathIds(announced, peering));
  }

  /** True when all the routes are such as need not be made objects. */
  private static boolean isPlain(UpdateDraft draft) {
    return (draft.announcedBlock.isPresent() || draft.withdrawnBlock.isPresent())
        && draft.announced.isEmpty()
        && draft.withdrawn.isEmpty()
        && draft.outerAnnounced.isEmpty();
  }

  /** One order whatever the places: routes of IPv4 unicast last, as they are written. */
  private static List<NumberedRoute> outerLast(List<NumberedRoute> routes) {
    var ordered = new ArrayList<NumberedRoute>(routes.size());
    routes.stream().filter(entry -> !isIpv4Unicast(entry)).forEach(ordered::add);
    routes.stream().filter(UpdateCodec::isIpv4Unicast).forEach(ordered::add);
    return ordered;
  }

  private static boolean isIpv4Unicast(NumberedRoute entry) {
    return entry.route().family().equals(Family.IPV4_UNICAST);
  }

  private static List<Route> routes(List<NumberedRoute> numbered) {
    return numbered.stream().map(NumberedRoute::route).toList();
  }

  private static List<Long> pathIds(List<NumberedRoute> numbered, Peering peering) {
    boolean any =
        numbered.stream()
            .anyMatch(entry -> peering.pathIdsReceived().contains(entry.route().family()));
    return any ? numbered.stream().map(NumberedRoute::pathId).toList() : List.of();
  }

  /** RFC 7606 §3 d; LOCAL_PREF within an AS by RFC 4271 §5.1.5. */
  private static void requireMandatory(UpdateDraft draft, Peering peering) {
    if (draft.origin.isEmpty()) {
      draft.withdrawFor("ORIGIN: missing (RFC 7606 §3 d)");
    }
    if (draft.asPath.isEmpty()) {
      draft.withdrawFor("AS_PATH: missing (RFC 7606 §3 d)");
    }
    if (peering.internal() && draft.localPreference.isEmpty()) {
      draft.withdrawFor("LOCAL_PREF: missing on iBGP (RFC 7606 §3 d)");
    }
  }

  /** RFC 4271 §6.3: an address that no host can have. (Loopbacks may be, in a lab.) */
  private static void requireUsableNextHop(UpdateDraft draft) {
    draft
        .nextHop
        .filter(nextHop -> nextHop.isUnspecified() || nextHop.isMulticast())
        .ifPresent(
            nextHop ->
                draft.withdrawFor("MP_REACH_NLRI: next hop " + nextHop + " (RFC 4271 §6.3)"));
    if (draft.outerAnnounced.isEmpty()) {
      return;
    }
    if (draft.outerNextHop.isEmpty()) {
      draft.withdrawFor("NEXT_HOP: missing or malformed (RFC 7606 §3 d, §7.3)");
    } else if (draft.outerNextHop.get().isUnspecified() || isClassDOrE(draft.outerNextHop.get())) {
      draft.withdrawFor("NEXT_HOP: " + draft.outerNextHop.get() + " (RFC 4271 §6.3)");
    }
  }

  /** 224.0.0.0 and above: no host's address (RFC 1112 §4). */
  private static boolean isClassDOrE(Ipv4Address address) {
    return address.bit(0) && address.bit(1) && address.bit(2);
  }

  /**
   * An {@link Update} has one next hop. A message with routes in both places and two next hops is
   * lawful, though nobody should send it (RFC 7606 §5.1): those of the outer field are not taken.
   */
  private static void requireOneNextHop(UpdateDraft draft) {
    if (draft.outerAnnounced.isEmpty() || draft.outerNextHop.isEmpty()) {
      return;
    }
    var outerNextHop = draft.outerNextHop.get();
    if (draft.announced.isEmpty()) {
      draft.nextHop = Optional.of(outerNextHop);
    } else if (!draft.nextHop.equals(Optional.of(outerNextHop))) {
      draft.outerAnnounced.forEach(route -> draft.withdrawn.add(route.key()));
      draft.outerAnnounced.clear();
      draft.faults.add(
          "NLRI: next hop "
              + outerNextHop
              + " beside another in MP_REACH_NLRI: treated as withdrawn (RFC 7606 §5.1)");
    }
  }

  /** RFC 9136 §3.2, table 1: combinations of overlay indexes that say nothing. */
  private static void requireOverlayIndexes(UpdateDraft draft) {
    boolean routersMac =
        draft.extendedCommunities.stream()
            .anyMatch(community -> community.value() >>> 48 == 0x0603);
    for (var entry : List.copyOf(draft.announced)) {
      if (entry.route() instanceof EvpnRoute.IpPrefixRoute prefix) {
        boolean both = !prefix.esi().isZero() && !prefix.gateway().isUnspecified();
        boolean none =
            prefix.esi().isZero()
                && prefix.gateway().isUnspecified()
                && prefix.label() == 0
                && !routersMac;
        if (both || none) {
          draft.announced.remove(entry);
          draft.withdrawn.add(entry.key());
          draft.faults.add(
              "route "
                  + prefix
                  + (both ? ": both ESI and gateway" : ": no ESI, gateway, label or router's MAC")
                  + ": treated as withdrawn (RFC 9136 §3.2)");
        }
      }
    }
  }

  static void encode(Update update, Peering peering, OctetWriter out) {
    if (update.endOfRib().isPresent()) {
      encodeEndOfRib(update, update.endOfRib().get(), out);
    } else {
      encodeRoutes(update, peering, out);
    }
  }

  /** Each family has its own (RFC 4724 §2): that of IPv4 unicast is an UPDATE of nothing. */
  private static void encodeEndOfRib(Update update, Family family, OctetWriter out) {
    if (!update.announced().isEmpty() || !update.withdrawn().isEmpty()) {
      throw new IllegalArgumentException("End-of-RIB stands alone (RFC 4724 §2): " + update);
    }
    out.u16(0);
    int lengthAt = out.size();
    out.u16(0);
    if (!family.equals(Family.IPV4_UNICAST)) {
      var value = new OctetWriter().u16(family.afi()).u8(family.safi());
      AttributeWriter.write(MP_UNREACH_NLRI.flags, MP_UNREACH_NLRI.code, value, out);
    }
    out.patchU16(lengthAt, out.size() - lengthAt - 2);
  }

  private static void encodeRoutes(Update update, Peering peering, OctetWriter out) {
    if (update.announced().isEmpty() && update.withdrawn().isEmpty()) {
      throw new IllegalArgumentException("an UPDATE without routes would be an End-of-RIB");
    }
    if (isBlock(update.announced()) && isBlock(update.withdrawn())) {
      encodeBlocks(update, peering, out);
      return;
    }
    var withdrawn = numbered(update.withdrawn(), update.withdrawnPathIds());
    var announced = numbered(update.announced(), update.announcedPathIds());
    boolean ipv4NextHop = update.attributes().map(a -> a.nextHop().isIpv4()).orElse(false);
    if (!ipv4NextHop
        && announced.stream().anyMatch(UpdateCodec::isIpv4Unicast)
        && !peering.ipv4OverIpv6()) {
      throw new IllegalArgumentException(
          "ipv4-unicast with an IPv6 next hop, which the peer does not take (RFC 8950 §4)");
    }
    var outerAnnounced = ipv4NextHop ? only(announced, true) : List.<NumberedRoute>of();
    var reach = ipv4NextHop ? only(announced, false) : announced;
    var unreach = only(withdrawn, false);
    outerField(only(withdrawn, true), peering, out);
    int lengthAt = out.size();
    out.u16(0);
    if (!reach.isEmpty()) {
      oneFamily(reach);
      var value = new OctetWriter();
      MpNlri.encodeReach(update.attributes().orElseThrow().nextHop(), reach, peering, value);
      AttributeWriter.writeExtended(MP_REACH_NLRI, value, out);
    }
    if (!unreach.isEmpty()) {
      oneFamily(unreach);
      var value = new OctetWriter();
      MpNlri.encodeUnreach(unreach.getFirst().route().family(), unreach, peering, value);
      AttributeWriter.writeExtended(MP_UNREACH_NLRI, value, out);
    }
    if (!announced.isEmpty()) {
      var attributes = update.attributes().orElseThrow();
      AttributeWriter.writeAll(attributes, peering, !outerAnnounced.isEmpty(), out);
    }
    out.patchU16(lengthAt, out.size() - lengthAt - 2);
    MpNlri.encodeRoutes(outerAnnounced, peering, out);
  }

  private static boolean isBlock(List<Route> routes) {
    return routes instanceof RouteBlock || routes.isEmpty();
  }

  private static void encodeBlocks(Update update, Peering peering, OctetWriter out) {
    out.u16(0);
    int lengthAt = out.size();
    out.u16(0);
    if (update.announced() instanceof RouteBlock routes) {
      var nextHop = update.attributes().orElseThrow().nextHop();
      int length = 2 + 1 + 1 + nextHop.bits() / 8 + 1 + routes.length();
      AttributeWriter.writeHead(MP_REACH_NLRI, length, out);
      MpNlri.encodeReachHead(nextHop, out);
      out.bytes(routes.octets(), routes.from(), routes.length());
    }
    if (update.withdrawn() instanceof RouteBlock routes) {
      AttributeWriter.writeHead(MP_UNREACH_NLRI, 2 + 1 + routes.length(), out);
      out.u16(Family.L2VPN_EVPN.afi()).u8(Family.L2VPN_EVPN.safi());
      out.bytes(routes.octets(), routes.from(), routes.length());
    }
    update.attributes().ifPresent(a -> AttributeWriter.writeAll(a, peering, false, out));
    out.patchU16(lengthAt, out.size() - lengthAt - 2);
  }

  private static void outerField(List<NumberedRoute> routes, Peering peering, OctetWriter out) {
    int lengthAt = out.size();
    out.u16(0);
    MpNlri.encodeRoutes(routes, peering, out);
    out.patchU16(lengthAt, out.size() - lengthAt - 2);
  }

  private static List<NumberedRoute> numbered(List<Route> routes, List<Long> pathIds) {
    var numbered = new ArrayList<NumberedRoute>(routes.size());
    for (int i = 0; i < routes.size(); i++) {
      numbered.add(new NumberedRoute(routes.get(i), pathIds.isEmpty() ? 0 : pathIds.get(i)));
    }
    return numbered;
  }

  private static List<NumberedRoute> only(List<NumberedRoute> routes, boolean ipv4Unicast) {
    return routes.stream().filter(entry -> isIpv4Unicast(entry) == ipv4Unicast).toList();
  }

  private static void oneFamily(List<NumberedRoute> routes) {
    if (routes.stream().map(entry -> entry.route().family()).distinct().count() > 1) {
      throw new IllegalArgumentException("routes of two families in one attribute: " + routes);
    }
  }
}
