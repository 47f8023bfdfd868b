package io.weft.bgp.speaker;

import io.weft.net.AutonomousSystem;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import java.util.List;

/**
 * What a speaker is told to be.
 *
 * @param as its own number
 * @param routerId BGP identifier and cluster id, unique in the AS
 * @param peers by address
 * @param clientRanges iBGP clients of this reflector are accepted from these (passive side)
 * @param keepAll true for a reflector: keep and pass on every route; false for a node: keep only
 *     what carries a route target it imports
 * @param holdSeconds proposed hold time, 0 or 3..65535 (RFC 4271 §4.2)
 * @param restartSeconds how long peers keep our routes after we vanish (RFC 4724 §3), 0..4095
 * @param maxPeers sessions above this number are refused
 * @param maxRoutesPerPeer a peer that sends more is shut with Cease/1 (RFC 4486 §4)
 */
public record SpeakerConfig(
    AutonomousSystem as,
    Ipv4Address routerId,
    List<PeerConfig> peers,
    List<IpPrefix> clientRanges,
    boolean keepAll,
    int holdSeconds,
    int restartSeconds,
    int maxPeers,
    int maxRoutesPerPeer) {
  public SpeakerConfig {
    peers = List.copyOf(peers);
    clientRanges = List.copyOf(clientRanges);
  }
}
