package io.weft.agent.json;

import io.weft.bgp.speaker.SpeakerStatus;
import io.weft.bgp.speaker.SpeakerView.PeerView;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Sessions that come and go, for people: what it may be, and where to look. */
public final class FlapWords {
  /** So long after the last time it is a problem no more. */
  private static final long RECENT_SECONDS = 300;

  private FlapWords() {}

  /**
   * One for each peer.
   *
   * @param nowNanos on the clock of the speaker
   */
  public static List<String> problems(SpeakerStatus status, long nowNanos) {
    return status.peers().stream()
        .filter(peer -> peer.flappedNanos().isPresent())
        .filter(peer -> seconds(peer, nowNanos) < RECENT_SECONDS)
        .map(
            peer ->
                "peer %s: sessions come and go, 5 or more within 60 s, the last of them %d s ago: its path is bad, or two machines, one a copy of the other, speak with the address and router id of %s; compare who has these addresses"
                    .formatted(
                        peer.address(),
                        seconds(peer, nowNanos),
                        peer.client()
                            ? "this peer"
                            : "this peer or with ours, " + status.routerId()))
        .toList();
  }

  private static long seconds(PeerView peer, long nowNanos) {
    return TimeUnit.NANOSECONDS.toSeconds(nowNanos - peer.flappedNanos().orElse(nowNanos));
  }
}
