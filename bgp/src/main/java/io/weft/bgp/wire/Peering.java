package io.weft.bgp.wire;

import io.weft.bgp.wire.Message.Open;
import java.util.List;

/**
 * What the two OPENs of a connection settle about the layout of later messages.
 *
 * @param fourOctetAs both speakers have the capability: AS numbers take four octets (RFC 6793 §4.1)
 * @param internal both are in one AS: iBGP
 * @param families that both offered (RFC 4760 §8): routes of others are read over
 */
record Peering(boolean fourOctetAs, boolean internal, List<Family> families) {
  private static final List<Family> KNOWN =
      List.of(Family.L2VPN_EVPN, Family.IPV4_UNICAST, Family.IPV6_UNICAST, Family.ROUTE_TARGET);

  /** Before both OPENs have passed; no UPDATE is lawful then (RFC 4271 §8.2.2). */
  static final Peering ASSUMED = new Peering(true, true);

  Peering {
    families = List.copyOf(families);
  }

  /** With all the families that Weft knows. */
  Peering(boolean fourOctetAs, boolean internal) {
    this(fourOctetAs, internal, KNOWN);
  }

  static Peering between(Open ours, Open theirs) {
    return new Peering(
        hasFourOctetAs(ours) && hasFourOctetAs(theirs),
        ours.as().equals(theirs.as()),
        KNOWN.stream().filter(family -> offers(ours, family) && offers(theirs, family)).toList());
  }

  private static boolean offers(Open open, Family family) {
    return open.capabilities().contains(new Capability.Multiprotocol(family));
  }

  private static boolean hasFourOctetAs(Open open) {
    return open.capabilities().stream().anyMatch(c -> c instanceof Capability.FourOctetAs);
  }
}
