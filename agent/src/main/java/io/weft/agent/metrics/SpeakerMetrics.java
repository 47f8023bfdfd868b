package io.weft.agent.metrics;

import io.weft.bgp.rib.RibSize;
import io.weft.bgp.speaker.SpeakerStatus;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What a BGP speaker tells. */
public final class SpeakerMetrics {
  /** RFC 4271 §8.2.2. */
  private static final List<String> STATES =
      List.of("Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established");

  /** Behind the last EVPN route type that is given (RFC 9572); others are one row. */
  private static final int TYPES = 12;

  private SpeakerMetrics() {}

  /**
   * Adds them.
   *
   * @param nowNanos on the clock of the speaker
   */
  public static void addTo(Readings readings, SpeakerStatus status, RibSize table, long nowNanos) {
    STATES.forEach(state -> readings.set(Metric.PEERS, 0, state));
    for (var peer : status.peers()) {
      var address = peer.address().toString();
      readings.add(Metric.PEERS, 1, peer.state());
      readings.set(Metric.PEER_UP, peer.state().equals("Established"), address);
      readings.set(
          Metric.PEER_SINCE, TimeUnit.NANOSECONDS.toSeconds(nowNanos - peer.sinceNanos()), address);
      readings.set(Metric.PEER_SESSIONS, peer.sessions(), address);
      readings.set(Metric.PEER_RECEIVED, peer.received(), address);
      readings.set(Metric.PEER_SENT, peer.sent(), address);
      readings.set(Metric.PEER_STALE, peer.staleRoutes(), address);
      readings.set(Metric.PEER_REFUSED, peer.refused() + peer.forgotten(), address);
      readings.set(Metric.PEER_UPDATES_IN, peer.updates(), address);
      readings.set(Metric.PEER_UPDATES_OUT, peer.updatesSent(), address);
    }
    for (var count : table.routes()) {
      var type =
          count.type() < 0 ? "" : count.type() < TYPES ? String.valueOf(count.type()) : "other";
      readings.add(Metric.ROUTES, count.routes(), count.family().toString(), type);
    }
    readings.set(Metric.ATTRIBUTES, table.attributeSets());
  }
}
