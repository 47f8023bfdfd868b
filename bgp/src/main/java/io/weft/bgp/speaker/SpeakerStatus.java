package io.weft.bgp.speaker;

import io.weft.bgp.speaker.SpeakerView.PeerView;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import java.util.List;

/**
 * A speaker without its routes: as cheap with a million of them as without.
 *
 * @param peers by address
 */
public record SpeakerStatus(AutonomousSystem as, Ipv4Address routerId, List<PeerView> peers) {
  public SpeakerStatus {
    peers = List.copyOf(peers);
  }

  /** Peers whose session stands. */
  public long established() {
    return peers.stream().filter(peer -> peer.state().equals("Established")).count();
  }
}
