package io.weft.bgp.wire;

import io.weft.bgp.wire.Capability.AddPath;
import io.weft.bgp.wire.Capability.AddPathFamily;
import io.weft.bgp.wire.Capability.ExtendedNextHop;
import io.weft.bgp.wire.Capability.NextHopFamily;
import io.weft.bgp.wire.Message.Open;
import java.util.ArrayList;
import java.util.List;

/**
 * What the two OPENs of a connection settle about the layout of later messages.
 *
 * @param fourOctetAs both speakers have the capability: AS numbers take four octets (RFC 6793 §4.1)
 * @param internal both are in one AS: iBGP
 * @param families that both offered (RFC 4760 §8): routes of others are read over
 * @param ipv4OverIpv6 both take IPv4 unicast with an IPv6 next hop (RFC 8950 §4)
 * @param enhancedRefresh both mark where the answer to a ROUTE-REFRESH begins and ends (RFC 7313
 *     §3)
 * @param pathIdsReceived families whose routes come with a path identifier (RFC 7911 §4)
 * @param pathIdsSent families whose routes go with a path identifier
 * @param longestReceived octets of the longest message that may come (RFC 8654 §4)
 * @param longestSent octets of the longest message that may go
 */
public record Peering(
    boolean fourOctetAs,
    boolean internal,
    List<Family> families,
    boolean ipv4OverIpv6,
    boolean enhancedRefresh,
    List<Family> pathIdsReceived,
    List<Family> pathIdsSent,
    int longestReceived,
    int longestSent) {
  private static final List<Family> KNOWN =
      List.of(Family.L2VPN_EVPN, Family.IPV4_UNICAST, Family.IPV6_UNICAST, Family.ROUTE_TARGET);

  /** Before both OPENs have passed; no UPDATE is lawful then (RFC 4271 §8.2.2). */
  static final Peering ASSUMED = new Peering(true, true);

  private static final NextHopFamily IPV4_OVER_IPV6 = new NextHopFamily(Family.IPV4_UNICAST, 2);

  public Peering {
    families = List.copyOf(families);
    pathIdsReceived = List.copyOf(pathIdsReceived);
    pathIdsSent = List.copyOf(pathIdsSent);
  }

  /** With all the families that Weft knows, and no extension of them. */
  Peering(boolean fourOctetAs, boolean internal) {
    this(
        fourOctetAs,
        internal,
        KNOWN,
        false,
        false,
        List.of(),
        List.of(),
        Message.MAX_LENGTH,
        Message.MAX_LENGTH);
  }

  /** What these two OPENs settle. */
  public static Peering between(Open ours, Open theirs) {
    var families =
        KNOWN.stream().filter(family -> offers(ours, family) && offers(theirs, family)).toList();
    return new Peering(
        hasFourOctetAs(ours) && hasFourOctetAs(theirs),
        ours.as().equals(theirs.as()),
        families,
        takesIpv4OverIpv6(ours) && takesIpv4OverIpv6(theirs),
        marksRefresh(ours) && marksRefresh(theirs),
        withPathIds(families, theirs, ours),
        withPathIds(families, ours, theirs),
        ours.longestTaken(),
        theirs.longestTaken());
  }

  private static boolean offers(Open open, Family family) {
    return open.capabilities().contains(new Capability.Multiprotocol(family));
  }

  private static boolean hasFourOctetAs(Open open) {
    return open.capabilities().stream().anyMatch(c -> c instanceof Capability.FourOctetAs);
  }

  private static boolean takesIpv4OverIpv6(Open open) {
    return open.capabilities().stream()
        .anyMatch(c -> c instanceof ExtendedNextHop(var list) && list.contains(IPV4_OVER_IPV6));
  }

  private static boolean marksRefresh(Open open) {
    return open.capabilities().contains(new Capability.EnhancedRouteRefresh());
  }

  /** RFC 7911 §4: one side is able to send, the other to receive. */
  private static List<Family> withPathIds(List<Family> families, Open from, Open to) {
    var result = new ArrayList<Family>();
    for (var family : families) {
      boolean sends = addPath(from, family).stream().anyMatch(AddPathFamily::sends);
      boolean receives = addPath(to, family).stream().anyMatch(AddPathFamily::receives);
      if (sends && receives) {
        result.add(family);
      }
    }
    return result;
  }

  /** Of a family named more than once the first counts (RFC 7911 §4 leaves it open). */
  private static List<AddPathFamily> addPath(Open open, Family family) {
    return open.capabilities().stream()
        .filter(AddPath.class::isInstance)
        .flatMap(capability -> ((AddPath) capability).families().stream())
        .filter(entry -> entry.family().equals(family))
        .limit(1)
        .toList();
  }
}
