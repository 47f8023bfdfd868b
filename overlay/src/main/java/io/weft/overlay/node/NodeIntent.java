package io.weft.overlay.node;

import io.weft.bgp.speaker.PeerConfig;
import io.weft.net.AutonomousSystem;
import java.util.List;

/**
 * What a node is told to be; only valid objects are in it.
 *
 * @param peers reflectors and other neighbours
 * @param holdSeconds BGP hold time
 * @param restartSeconds graceful restart time
 * @param networks sorted by name
 * @param underlay what it does with the underlay's routing
 */
public record NodeIntent(
    AutonomousSystem as,
    List<PeerConfig> peers,
    int holdSeconds,
    int restartSeconds,
    List<NetworkIntent> networks,
    UnderlayIntent underlay) {
  public NodeIntent {
    peers = List.copyOf(peers);
    networks = List.copyOf(networks);
  }

  /** One that leaves the underlay's routing to others. */
  public NodeIntent(
      AutonomousSystem as,
      List<PeerConfig> peers,
      int holdSeconds,
      int restartSeconds,
      List<NetworkIntent> networks) {
    this(as, peers, holdSeconds, restartSeconds, networks, UnderlayIntent.NONE);
  }

  /** The same with another part in the underlay's routing. */
  public NodeIntent withUnderlay(UnderlayIntent next) {
    return new NodeIntent(as, peers, holdSeconds, restartSeconds, networks, next);
  }
}
