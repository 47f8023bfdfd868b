package io.weft.bgp.session;

import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;

/**
 * Whom a session is between.
 *
 * @param passive true when only the peer connects
 */
public record SessionSettings(
    AutonomousSystem localAs, Ipv4Address routerId, AutonomousSystem peerAs, boolean passive) {

  public boolean isInternal() {
    return localAs.equals(peerAs);
  }
}
