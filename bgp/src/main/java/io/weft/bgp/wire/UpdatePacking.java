package io.weft.bgp.wire;

import io.weft.bgp.wire.Message.Update;
import io.weft.net.OctetWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Puts routes into as few UPDATEs as hold them, each within {@link Message#MAX_LENGTH}: about a
 * hundred MAC/IP routes in one. Order is kept.
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
    int room = announceRoom(attributes);
    var messages = new ArrayList<Message>();
    var tooLong = new ArrayList<Route>();
    var fitting = new ArrayList<Route>();
    routes.forEach(route -> (encodedLength(route) <= room ? fitting : tooLong).add(route));
    for (var group : groups(fitting, room)) {
      messages.add(Update.announce(attributes, group));
    }
    for (var group : groups(tooLong, withdrawRoom())) {
      var fault = "attributes leave " + Math.max(0, room) + " octets for routes: withdrawn instead";
      messages.add(
          new Update(group, List.of(), Optional.empty(), Optional.empty(), List.of(fault)));
    }
    return messages;
  }

  /** Withdraws routes; what is not key in them does not matter. */
  public static List<Message> withdraw(List<? extends Route> routes) {
    var messages = new ArrayList<Message>();
    for (var group : groups(routes, withdrawRoom())) {
      messages.add(Update.withdraw(group));
    }
    return messages;
  }

  /** Octets of the NLRI of one route. */
  public static int encodedLength(Route route) {
    return switch (route) {
      case EvpnRoute evpn -> EvpnRouteCodec.encodedLength(evpn);
      case UnicastRoute unicast -> UnicastRouteCodec.encodedLength(unicast);
      case RouteTargetMembership membership -> RouteTargetMembershipCodec.encodedLength(membership);
    };
  }

  private static List<List<Route>> groups(List<? extends Route> routes, int room) {
    var groups = new ArrayList<List<Route>>();
    var group = new ArrayList<Route>();
    int used = 0;
    for (var route : routes) {
      int length = encodedLength(route);
      if (!group.isEmpty()
          && (used + length > room || !group.getFirst().family().equals(route.family()))) {
        groups.add(group);
        group = new ArrayList<>();
        used = 0;
      }
      group.add(route);
      used += length;
    }
    if (!group.isEmpty()) {
      groups.add(group);
    }
    return groups;
  }

  private static int withdrawRoom() {
    return Message.MAX_LENGTH - UpdateCodec.EMPTY_LENGTH - ATTRIBUTE_HEADER - FAMILY;
  }

  /** Room for NLRI beside the attributes, in whichever form the peer needs them. */
  private static int announceRoom(PathAttributes attributes) {
    int nextHop = 2 + attributes.nextHop().bits() / 8; // its length before it, a reserved octet
    int longest =
        Math.max(length(attributes, true), length(attributes, false)); // AS numbers: 4 or 2 + 4
    return withdrawRoom() - nextHop - longest;
  }

  private static int length(PathAttributes attributes, boolean fourOctetAs) {
    var out = new OctetWriter();
    AttributeWriter.writeAll(attributes, new Peering(fourOctetAs, true), out);
    return out.size();
  }
}
