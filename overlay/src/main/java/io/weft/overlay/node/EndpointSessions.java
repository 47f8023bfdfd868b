package io.weft.overlay.node;

import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerView.PeerView;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.IpAddress;
import io.weft.overlay.node.EndpointSessionView.Refused;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Pictures of the sessions of one network with its endpoints. */
final class EndpointSessions {
  private EndpointSessions() {}

  /**
   * By address.
   *
   * @param endpoints names by address
   * @param ended why sessions ended of those that have none
   */
  static List<EndpointSessionView> of(
      String network,
      Speaker speaker,
      EndpointGuard guard,
      Map<IpAddress, String> endpoints,
      Map<IpAddress, String> ended) {
    var views = new TreeMap<IpAddress, EndpointSessionView>();
    ended.forEach(
        (address, reason) ->
            views.put(
                address,
                new EndpointSessionView(
                    network,
                    endpoints.getOrDefault(address, ""),
                    address,
                    Optional.empty(),
                    "Idle",
                    Optional.empty(),
                    0,
                    List.of(),
                    0,
                    Optional.of(reason))));
    for (var peer : speaker.status().peers()) {
      var refused = refused(speaker, guard, peer.address());
      int told = Math.min(refused.size(), EndpointSessionView.MAX_REFUSED);
      views.put(
          peer.address(),
          new EndpointSessionView(
              network,
              endpoints.getOrDefault(peer.address(), ""),
              peer.address(),
              peer.as(),
              peer.state(),
              Optional.of(peer.sinceNanos()),
              peer.received(),
              refused.subList(0, told),
              peer.refused() - told,
              reason(peer, ended)));
    }
    return List.copyOf(views.values());
  }

  private static Optional<String> reason(PeerView peer, Map<IpAddress, String> ended) {
    return peer.lastReason().or(() -> Optional.ofNullable(ended.get(peer.address())));
  }

  private static List<Refused> refused(Speaker speaker, EndpointGuard guard, IpAddress peer) {
    var refused = new ArrayList<Refused>();
    for (var entry : speaker.refusedOf(peer).entrySet()) {
      if (entry.getKey() instanceof UnicastRoute(var prefix)) {
        refused.add(new Refused(prefix, guard.text(prefix, peer, entry.getValue())));
      }
    }
    refused.sort(Comparator.comparing(Refused::prefix));
    return refused;
  }
}
