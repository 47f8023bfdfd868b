package io.weft.bgp.wire;

import io.weft.bgp.wire.Message.Update;
import io.weft.net.OctetWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Puts routes into as few UPDATEs as hold them, each within what the peer takes ({@link
 * Message.Open#longestTaken}): about a hundred MAC/IP routes in 4096 octets. Order is kept.
 */
public final class UpdatePacking {
  /** Flags, type and extended length of an attribute. */
  private static final int ATTRIBUTE_HEADER = 4;

  /** AFI and SAFI. */
  private static final int FAMILY = 3;

  private UpdatePacking() {}

  /**
   * Announces routes that share their attributes. A route that does not fit into one UPDATE with
   * them is withdrawn instead, and {@link Update#faults} says so: the receiver must not keep an
   * older path (RFC 8654 §5 asks the same where a message grows beyond what the peer takes).
   */
  public static List<Message> announce(PathAttributes attributes, List<? extends Route> routes) {
    return announce(attributes, routes, List.of(), Message.MAX_LENGTH);
  }

  /**
   * The same for a peer that takes more, or that was promised path identifiers.
   *
   * @param pathIds as many as routes, or none (RFC 7911 §3)
   * @param longest octets of the longest message that the peer takes
   */
  public static List<Message> announce(
      PathAttributes attributes, List<? extends Route> routes, List<Long> pathIds, int longest) {
    int room = announceRoom(attributes, longest);
    var messages = new ArrayList<Message>();
    var tooLong = new ArrayList<NumberedRoute>();
    var fitting = new ArrayList<NumberedRoute>();
    for (var entry : numbered(routes, pathIds)) {
      (length(entry, pathIds) <= room ? fitting : tooLong).add(entry);
    }
    for (var group : groups(fitting, pathIds, room)) {
      messages.add(
          new Update(
              List.of(),
              routes(group),
              Optional.of(attributes),
              Optional.empty(),
              List.of(),
              List.of(),
              pathIds(group, pathIds)));
    }
    var fault = "attributes leave " + Math.max(0, room) + " octets for routes: withdrawn instead";
    for (var group : groups(tooLong, pathIds, withdrawRoom(longest))) {
      messages.add(withdrawal(group, pathIds, List.of(fault)));
    }
    return messages;
  }

  /** The same of EVPN routes that are octets; one of attributes that leave no room is withdrawn. */
  public static List<Message> announce(PathAttributes attributes, RouteBlock routes, int longest) {
    if (routes.length() + atMost(attributes) <= withdrawRoom(longest)) {
      return List.of(Update.announce(attributes, routes));
    }
    int room = announceRoom(attributes, longest);
    var messages = new ArrayList<Message>(1 + routes.length() / Math.max(1, room));
    for (int at = 0; at < routes.size(); ) {
      var part = routes.fitting(at, room);
      if (part.isEmpty()) { // a route, or all of them, that must be judged one by one
        return announce(attributes, routes, List.of(), longest);
      }
      messages.add(Update.announce(attributes, part));
      at += part.size();
    }
    return messages;
  }

  /** Withdraws EVPN routes that are octets. */
  public static List<Message> withdraw(RouteBlock routes, int longest) {
    var messages = new ArrayList<Message>();
    var keys = routes.keys();
    for (int at = 0; at < routes.size(); ) {
      var part = keys.fitting(at, withdrawRoom(longest));
      messages.add(Update.withdraw(part));
      at += part.size();
    }
    return messages;
  }

  /** Withdraws routes; what is not key in them does not matter. */
  public static List<Message> withdraw(List<? extends Route> routes) {
    return withdraw(routes, List.of(), Message.MAX_LENGTH);
  }

  /** The same for a peer that takes more, or that was promised path identifiers. */
  public static List<Message> withdraw(
      List<? extends Route> routes, List<Long> pathIds, int longest) {
    var messages = new ArrayList<Message>();
    for (var group : groups(numbered(routes, pathIds), pathIds, withdrawRoom(longest))) {
      messages.add(withdrawal(group, pathIds, List.of()));
    }
    return messages;
  }

  private static Update withdrawal(
      List<NumberedRoute> group, List<Long> pathIds, List<String> faults) {
    return new Update(
        routes(group),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        faults,
        pathIds(group, pathIds),
        List.of());
  }

  private static List<NumberedRoute> numbered(List<? extends Route> routes, List<Long> pathIds) {
    var numbered = new ArrayList<NumberedRoute>(routes.size());
    for (int i = 0; i < routes.size(); i++) {
      numbered.add(new NumberedRoute(routes.get(i), pathIds.isEmpty() ? 0 : pathIds.get(i)));
    }
    return numbered;
  }

  private static List<Route> routes(List<NumberedRoute> group) {
    return group.stream().map(NumberedRoute::route).toList();
  }

  private static List<Long> pathIds(List<NumberedRoute> group, List<Long> pathIds) {
    return pathIds.isEmpty() ? List.of() : group.stream().map(NumberedRoute::pathId).toList();
  }

  private static int length(NumberedRoute entry, List<Long> pathIds) {
    return encodedLength(entry.route()) + (pathIds.isEmpty() ? 0 : 4);
  }

  /** Octets of the NLRI of one route. */
  public static int encodedLength(Route route) {
    return switch (route) {
      case EvpnRoute evpn -> EvpnRouteCodec.encodedLength(evpn);
      case UnicastRoute unicast -> UnicastRouteCodec.encodedLength(unicast);
      case RouteTargetMembership membership -> RouteTargetMembershipCodec.encodedLength(membership);
    };
  }

  private static List<List<NumberedRoute>> groups(
      List<NumberedRoute> routes, List<Long> pathIds, int room) {
    var groups = new ArrayList<List<NumberedRoute>>();
    var group = new ArrayList<NumberedRoute>();
    int used = 0;
    for (var entry : routes) {
      int length = length(entry, pathIds);
      boolean sameFamily =
          group.isEmpty() || group.getFirst().route().family().equals(entry.route().family());
      if (!group.isEmpty() && (used + length > room || !sameFamily)) {
        groups.add(group);
        group = new ArrayList<>();
        used = 0;
      }
      group.add(entry);
      used += length;
    }
    if (!group.isEmpty()) {
      groups.add(group);
    }
    return groups;
  }

  private static int withdrawRoom(int longest) {
    return longest - UpdateCodec.EMPTY_LENGTH - ATTRIBUTE_HEADER - FAMILY;
  }

  /** Room for NLRI beside the attributes, in whichever form the peer needs them. */
  private static int announceRoom(PathAttributes attributes, int longest) {
    int nextHop = 2 + attributes.nextHop().bits() / 8; // its length before it, a reserved octet
    int others =
        Math.max(length(attributes, true), length(attributes, false)); // AS numbers: 4 or 2 + 4
    return withdrawRoom(longest) - nextHop - others;
  }

  /** An upper bound of all beside the NLRI, which costs less than the exact number. */
  private static int atMost(PathAttributes attributes) {
    int octets = 128; // heads of the known ones, and the values of those with a fixed length
    for (var segment : attributes.asPath().segments()) {
      octets += 2 * (2 + 4 * segment.numbers().size()); // AS4_PATH too
    }
    for (var unknown : attributes.unknown()) {
      octets += 4 + unknown.value().length();
    }
    return octets
        + attributes.pmsiTunnel().map(tunnel -> tunnel.identifier().length()).orElse(0)
        + 4 * attributes.clusterList().size()
        + 8 * attributes.extendedCommunities().size()
        + 4 * attributes.communities().size()
        + 12 * attributes.largeCommunities().size();
  }

  private static int length(PathAttributes attributes, boolean fourOctetAs) {
    var out = new OctetWriter();
    AttributeWriter.writeAll(attributes, new Peering(fourOctetAs, true), false, out);
    return out.size();
  }
}
