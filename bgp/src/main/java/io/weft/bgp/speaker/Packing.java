package io.weft.bgp.speaker;

import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import java.util.ArrayList;
import java.util.List;

/** Splits routes over UPDATEs that surely fit: the longest EVPN route has 60 octets. */
final class Packing {
  private static final int ROUTES_PER_UPDATE = 60;

  private Packing() {}

  static List<Message> announce(PathAttributes attributes, List<Route> routes) {
    var messages = new ArrayList<Message>();
    for (int i = 0; i < routes.size(); i += ROUTES_PER_UPDATE) {
      messages.add(Message.Update.announce(attributes, slice(routes, i)));
    }
    return messages;
  }

  static List<Message> withdraw(List<Route> routes) {
    var messages = new ArrayList<Message>();
    for (int i = 0; i < routes.size(); i += ROUTES_PER_UPDATE) {
      messages.add(Message.Update.withdraw(slice(routes, i)));
    }
    return messages;
  }

  private static List<Route> slice(List<Route> routes, int from) {
    return routes.subList(from, Math.min(from + ROUTES_PER_UPDATE, routes.size()));
  }
}
