package io.weft.bgp.speaker;

import io.weft.net.AutonomousSystem;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import java.util.List;

/**
 * What a speaker is told to be.
 *
 * @param as its own number
 * @param routerId BGP identifier, unique in the AS
 * @param clusterId of a reflector (RFC 4456 §7): reflectors that share one drop what the other has
 *     reflected
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
    Ipv4Address clusterId,
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

  /** With the router id as cluster id (RFC 4456 §7: the default). */
  public SpeakerConfig(
      AutonomousSystem as,
      Ipv4Address routerId,
      List<PeerConfig> peers,
      List<IpPrefix> clientRanges,
      boolean keepAll,
      int holdSeconds,
      int restartSeconds,
      int maxPeers,
      int maxRoutesPerPeer) {
    this(
        as,
        routerId,
        routerId,
        peers,
        clientRanges,
        keepAll,
        holdSeconds,
        restartSeconds,
        maxPeers,
        maxRoutesPerPeer);
  }

  /** True when a speaker can pass over to {@code next} with its sessions and routes. */
  boolean hasIdentityOf(SpeakerConfig next) {
    return as.equals(next.as) && routerId.equals(next.routerId) && clusterId.equals(next.clusterId);
  }
}
