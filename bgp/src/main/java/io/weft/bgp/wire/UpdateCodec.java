package io.weft.bgp.wire;

import static io.weft.bgp.wire.KnownAttribute.MP_REACH_NLRI;
import static io.weft.bgp.wire.KnownAttribute.MP_UNREACH_NLRI;

import io.weft.bgp.wire.Message.Update;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import java.util.List;
import java.util.Optional;

/**
 * UPDATE on the wire (RFC 4271 §4.3), its faults handled as RFC 7606 asks.
 *
 * <pre>{@code 2 length | withdrawn IPv4 | 2 length | path attributes | IPv4 NLRI}</pre>
 *
 * IPv4 routes in the outer fields are not ours and are ignored; EVPN routes travel in attributes.
 */
final class UpdateCodec {
  /** Octets of an UPDATE that carries nothing: the End-of-RIB of IPv4 unicast (RFC 4724 §2). */
  static final int EMPTY_LENGTH = Message.HEADER_LENGTH + 4;

  private UpdateCodec() {}

  static Update decode(OctetReader in, Peering peering) throws SessionReset {
    var draft = new UpdateDraft();
    int seen;
    int ipv4;
    try {
      var withdrawn = in.sub("withdrawn routes", in.u16("withdrawn routes length"));
      var attributes = in.sub("path attributes", in.u16("total path attribute length"));
      ipv4 = withdrawn.remaining() + in.remaining();
      seen = AttributeReader.readAll(attributes, peering, draft);
    } catch (MalformedInput e) {
      throw new SessionReset(3, 1, "UPDATE: " + e.getMessage() + " (RFC 7606 §3 a)");
    }
    if (draft.treatAsWithdraw && !draft.reachSeen && in.isEmpty()) {
      throw new SessionReset(3, 1, draft.faults.getFirst() + ", but no route (RFC 7606 §5.2)");
    }
    if (ipv4 == 0 && draft.faults.isEmpty()) {
      var endOfRib = seen == 0 ? Optional.of(Family.IPV4_UNICAST) : draft.emptyUnreach;
      if (endOfRib.isPresent() && seen <= 1) {
        return Update.endOfRib(endOfRib.get());
      }
    }
    if (ipv4 > 0) {
      draft.faults.add(
          "UPDATE: " + ipv4 + " octets of ipv4-unicast routes, not agreed on: ignored");
    }
    return judge(draft, peering);
  }

  /** Checks that need the whole message: what is missing, and what does not go together. */
  private static Update judge(UpdateDraft draft, Peering peering) {
    if (!draft.announced.isEmpty() && !draft.treatAsWithdraw) {
      requireMandatory(draft, peering);
      requireUsableNextHop(draft);
      requireOverlayIndexes(draft);
    }
    if (draft.treatAsWithdraw) {
      draft.announced.forEach(route -> draft.withdrawn.add(route.key()));
      draft.announced.clear();
    }
    Optional<PathAttributes> attributes =
        draft.announced.isEmpty() ? Optional.empty() : Optional.of(draft.attributes());
    return new Update(draft.withdrawn, draft.announced, attributes, Optional.empty(), draft.faults);
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
  }

  /** RFC 9136 §3.2, table 1: combinations of overlay indexes that say nothing. */
  private static void requireOverlayIndexes(UpdateDraft draft) {
    boolean routersMac =
        draft.extendedCommunities.stream()
            .anyMatch(community -> community.value() >>> 48 == 0x0603);
    for (var route : List.copyOf(draft.announced)) {
      if (route instanceof EvpnRoute.IpPrefixRoute prefix) {
        boolean both = !prefix.esi().isZero() && !prefix.gateway().isUnspecified();
        boolean none =
            prefix.esi().isZero()
                && prefix.gateway().isUnspecified()
                && prefix.label() == 0
                && !routersMac;
        if (both || none) {
          draft.announced.remove(route);
          draft.withdrawn.add(route.key());
          draft.faults.add(
              "route "
                  + route
                  + (both ? ": both ESI and gateway" : ": no ESI, gateway, label or router's MAC")
                  + ": treated as withdrawn (RFC 9136 §3.2)");
        }
      }
    }
  }

  static void encode(Update update, Peering peering, OctetWriter out) {
    out.u16(0); // withdrawn IPv4 routes: none
    int lengthAt = out.size();
    out.u16(0);
    if (update.endOfRib().isPresent()) {
      encodeEndOfRib(update, update.endOfRib().get(), out);
    } else {
      encodeRoutes(update, peering, out);
    }
    out.patchU16(lengthAt, out.size() - lengthAt - 2);
  }

  private static void encodeEndOfRib(Update update, Family family, OctetWriter out) {
    if (!update.announced().isEmpty() || !update.withdrawn().isEmpty()) {
      throw new IllegalArgumentException("End-of-RIB stands alone (RFC 4724 §2): " + update);
    }
    if (!family.equals(Family.IPV4_UNICAST)) {
      var value = new OctetWriter();
      MpNlri.encodeUnreach(family, List.of(), value);
      AttributeWriter.write(MP_UNREACH_NLRI.flags, MP_UNREACH_NLRI.code, value, out);
    }
  }

  private static void encodeRoutes(Update update, Peering peering, OctetWriter out) {
    if (update.announced().isEmpty() && update.withdrawn().isEmpty()) {
      throw new IllegalArgumentException("an UPDATE without routes would be an End-of-RIB");
    }
    if (!update.announced().isEmpty()) {
      var attributes = update.attributes().orElseThrow();
      var value = new OctetWriter();
      MpNlri.encodeReach(attributes.nextHop(), update.announced(), value);
      AttributeWriter.writeExtended(MP_REACH_NLRI, value, out);
    }
    if (!update.withdrawn().isEmpty()) {
      var value = new OctetWriter();
      MpNlri.encodeUnreach(update.withdrawn().getFirst().family(), update.withdrawn(), value);
      AttributeWriter.writeExtended(MP_UNREACH_NLRI, value, out);
    }
    if (!update.announced().isEmpty()) {
      AttributeWriter.writeAll(update.attributes().orElseThrow(), peering, out);
    }
  }
}
