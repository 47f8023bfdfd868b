package io.weft.bgp.speaker;

import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.Capability.AddPathFamily;
import io.weft.bgp.wire.Capability.GracefulFamily;
import io.weft.bgp.wire.Capability.LongLivedFamily;
import io.weft.bgp.wire.Capability.NextHopFamily;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message.Open;
import java.util.ArrayList;
import java.util.List;

/** What a speaker offers in its OPEN. */
final class Offer {
  private static final int IPV6_AFI = 2;

  private Offer() {}

  /**
   * Our OPEN. Forwarding is always said to be preserved: the kernel forwards while the process is
   * away.
   *
   * @param restarting the process has begun and not yet said all that it has (RFC 4724 §4.1)
   */
  static Open of(SpeakerConfig config, PeerConfig peer, boolean restarting) {
    // Memberships are said anew with each session (RFC 4684), and have one path each.
    var lasting = peer.families().stream().filter(f -> !f.equals(Family.ROUTE_TARGET)).toList();
    var capabilities = new ArrayList<Capability>();
    for (var family : peer.families()) {
      if (lasting.contains(family) || peer.as().isInternal(config.as())) {
        capabilities.add(new Capability.Multiprotocol(family));
      }
    }
    capabilities.add(new Capability.RouteRefresh());
    capabilities.add(new Capability.EnhancedRouteRefresh());
    capabilities.add(new Capability.ExtendedMessage());
    capabilities.add(new Capability.FourOctetAs(config.as()));
    if (lasting.contains(Family.IPV4_UNICAST)) {
      capabilities.add(
          new Capability.ExtendedNextHop(
              List.of(new NextHopFamily(Family.IPV4_UNICAST, IPV6_AFI))));
    }
    addPath(peer.options().addPath(), lasting, capabilities);
    var graceful = lasting.stream().map(family -> new GracefulFamily(family, true)).toList();
    capabilities.add(
        new Capability.GracefulRestart(restarting, true, config.restartSeconds(), graceful));
    if (config.longLivedSeconds() > 0) {
      capabilities.add(
          new Capability.LongLivedGracefulRestart(
              lasting.stream()
                  .map(family -> new LongLivedFamily(family, true, config.longLivedSeconds()))
                  .toList()));
    }
    int hold = peer.options().holdSeconds().orElse(config.holdSeconds());
    return new Open(config.as(), hold, config.routerId(), capabilities);
  }

  private static void addPath(
      SessionOptions.AddPathMode mode, List<Family> families, List<Capability> capabilities) {
    if (mode != SessionOptions.AddPathMode.NONE) {
      capabilities.add(
          new Capability.AddPath(
              families.stream()
                  .map(family -> new AddPathFamily(family, mode.receives(), mode.sends()))
                  .toList()));
    }
  }
}
