package io.weft.bgp.session;

import io.weft.bgp.wire.Family;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import java.util.List;

/**
 * Whom a session is between.
 *
 * @param passive true when only the peer connects
 * @param families that we offer
 */
public record SessionSettings(
    AutonomousSystem localAs,
    Ipv4Address routerId,
    PeerAs peerAs,
    boolean passive,
    List<Family> families) {
  public SessionSettings {
    families = List.copyOf(families);
  }

  /** A session for EVPN alone. */
  public SessionSettings(
      AutonomousSystem localAs, Ipv4Address routerId, AutonomousSystem peerAs, boolean passive) {
    this(localAs, routerId, PeerAs.of(peerAs), passive, List.of(Family.L2VPN_EVPN));
  }

  public boolean isInternal() {
    return peerAs.isInternal(localAs);
  }
}
