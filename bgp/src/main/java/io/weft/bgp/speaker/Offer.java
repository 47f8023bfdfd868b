package io.weft.bgp.speaker;

import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.Capability.GracefulFamily;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message.Open;
import java.util.ArrayList;
import java.util.List;

/** What a speaker offers in its OPEN. */
final class Offer {
  private Offer() {}

  /**
   * Our OPEN. Forwarding is always said to be preserved: the kernel forwards while the process is
   * away. The N bit is not set: a NOTIFICATION ends everything (RFC 8538 is not offered).
   *
   * @param internal the peer is in our AS: routes are constrained by target (RFC 4684)
   * @param restarting the process has begun and not yet said all that it has (RFC 4724 §4.1)
   */
  static Open of(SpeakerConfig config, boolean internal, boolean restarting) {
    var evpn = Family.L2VPN_EVPN;
    var families = List.of(new GracefulFamily(evpn, true));
    var capabilities = new ArrayList<Capability>();
    capabilities.add(new Capability.Multiprotocol(evpn));
    if (internal) {
      capabilities.add(new Capability.Multiprotocol(Family.ROUTE_TARGET));
    }
    capabilities.add(new Capability.RouteRefresh());
    capabilities.add(new Capability.FourOctetAs(config.as()));
    capabilities.add(
        new Capability.GracefulRestart(restarting, false, config.restartSeconds(), families));
    return new Open(config.as(), config.holdSeconds(), config.routerId(), capabilities);
  }
}
