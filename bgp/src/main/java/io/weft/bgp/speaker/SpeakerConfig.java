package io.weft.bgp.speaker;

import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What a speaker is told to be.
 *
 * @param as its own number
 * @param routerId BGP identifier and cluster id, unique in the AS
 * @param peers by address
 * @param ranges peers are accepted from these too (passive side)
 * @param keepAll true for a reflector: keep and pass on every route; false for a node: keep only
 *     what carries a route target it imports
 * @param holdSeconds proposed hold time, 0 or 3..65535 (RFC 4271 §4.2)
 * @param restartSeconds how long peers keep our routes after we vanish (RFC 4724 §3), 0..4095
 * @param longLivedSeconds how long they may keep them beyond, as a last resort (RFC 9494 §3.1),
 *     0..16777215; 0: not offered
 * @param maxPeers sessions above this number are refused
 * @param maxRoutesPerPeer a peer that sends more is shut with Cease/1 (RFC 4486 §4) for a minute,
 *     unless it has a maximum of its own
 */
public record SpeakerConfig(
    AutonomousSystem as,
    Ipv4Address routerId,
    List<PeerConfig> peers,
    List<PeerRange> ranges,
    boolean keepAll,
    int holdSeconds,
    int restartSeconds,
    int longLivedSeconds,
    int maxPeers,
    int maxRoutesPerPeer) {
  private static final int MAX_RESTART_SECONDS = 0xfff;
  private static final int MAX_LONG_LIVED_SECONDS = 0xff_ffff;

  public SpeakerConfig {
    peers = List.copyOf(peers);
    ranges = List.copyOf(ranges);
    SessionOptions.requireHoldSeconds(holdSeconds);
    if (restartSeconds < 0 || restartSeconds > MAX_RESTART_SECONDS) {
      throw new IllegalArgumentException(
          "restart time " + restartSeconds + " s is out of 0.." + MAX_RESTART_SECONDS);
    }
    if (longLivedSeconds < 0 || longLivedSeconds > MAX_LONG_LIVED_SECONDS) {
      throw new IllegalArgumentException(
          "long-lived stale time "
              + longLivedSeconds
              + " s is out of 0.."
              + MAX_LONG_LIVED_SECONDS);
    }
  }

  /** Without long-lived graceful restart. */
  public SpeakerConfig(
      AutonomousSystem as,
      Ipv4Address routerId,
      List<PeerConfig> peers,
      List<PeerRange> ranges,
      boolean keepAll,
      int holdSeconds,
      int restartSeconds,
      int maxPeers,
      int maxRoutesPerPeer) {
    this(
        as,
        routerId,
        peers,
        ranges,
        keepAll,
        holdSeconds,
        restartSeconds,
        0,
        maxPeers,
        maxRoutesPerPeer);
  }

  /** The peer that may connect from an address out of a range. */
  Optional<PeerConfig> inRange(IpAddress address) {
    return ranges.stream()
        .filter(range -> range.prefix().contains(address))
        .max(Comparator.comparingInt(range -> range.prefix().length()))
        .map(range -> range.peer(address));
  }
}
