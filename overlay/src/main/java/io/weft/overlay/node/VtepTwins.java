package io.weft.overlay.node;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Routes of others that lead to a VTEP of this node: another node has its address. BGP does not
 * bring our own back (RFC 4456 §8), and what leads here is used by nobody here.
 */
final class VtepTwins {
  private final Effects effects;

  /** All of them, each no more than a reference: it has an end only when the last is gone. */
  private final LinkedHashMap<Route, Path> paths = new LinkedHashMap<>();

  VtepTwins(Effects effects) {
    this.effects = effects;
  }

  /** The best path to a route has changed; empty: there is none. */
  void see(Route key, Optional<Path> path, Underlay underlay) {
    var twin =
        path.filter(_ -> key instanceof EvpnRoute)
            .filter(each -> underlay.isOurs(each.attributes().nextHop()));
    if (twin.isEmpty()) {
      if (!paths.isEmpty() && paths.remove(key) != null && paths.isEmpty()) {
        effects.report("underlay", "no other node has the address of this node's VTEP any more");
      }
      return;
    }
    if (paths.isEmpty()) {
      effects.report("underlay", text(key, twin.get()));
    }
    paths.put(key, twin.get());
  }

  /** Who has an address of ours, and by which route that is known: one for each address. */
  List<String> texts() {
    var first = new TreeMap<IpAddress, String>();
    paths.forEach((key, path) -> first.putIfAbsent(path.attributes().nextHop(), text(key, path)));
    return new ArrayList<>(first.values());
  }

  private static String text(Route key, Path path) {
    var originator =
        path.attributes().originatorId().map(Object::toString).orElse(path.peerRouterId() + "");
    return "VTEP %s of this node is also that of the node with router id %s, whose route %s came from peer %s: packets for either reach any of both; give one of them another address"
        .formatted(path.attributes().nextHop(), originator, key, path.peer());
  }
}
