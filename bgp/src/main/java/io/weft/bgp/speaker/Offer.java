package io.weft.bgp.speaker;

import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.Capability.GracefulFamily;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message.Open;
import java.util.ArrayList;

/** What a speaker offers in its OPEN. */
final class Offer {
  private Offer() {}

  /**
   * Our OPEN. Forwarding is always said to be preserved: the kernel forwards while the process is
   * away. The N bit is not set: a NOTIFICATION ends everything (RFC 8538 is not offered).
   *
   * @param restarting the process has begun and not yet said all that it has (RFC 4724 §4.1)
   */
  static Open of(SpeakerConfig config, PeerConfig peer, boolean restarting) {
    var capabilities = new ArrayList<Capability>();
    var graceful = new ArrayList<GracefulFamily>();
    for (var family : peer.families()) {
      if (!family.equals(Family.ROUTE_TARGET)) {
        capabilities.add(new Capability.Multiprotocol(family));
        graceful.add(new GracefulFamily(family, true));
      } else if (peer.as().equals(config.as())) {
        capabilities.add(new Capability.Multiprotocol(family)); // said anew with each session
      }
    }
    capabilities.add(new Capability.RouteRefresh());
    capabilities.add(new Capability.FourOctetAs(config.as()));
    capabilities.add(
        new Capability.GracefulRestart(restarting, false, config.restartSeconds(), graceful));
    return new Open(config.as(), config.holdSeconds(), config.routerId(), capabilities);
  }
}
