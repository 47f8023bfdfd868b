package io.weft.bfd;

import java.util.List;
import java.util.SortedMap;

/**
 * An immutable picture of all sessions, in the order of their keys.
 *
 * @param discarded packets not used, by reason; reasons that never occurred are absent
 */
public record BfdView(List<SessionView> sessions, SortedMap<Discard, Long> discarded) {
  /**
   * One session.
   *
   * @param diagnostic our last one, RFC 5880 §4.1
   * @param transmitMicros interval between our packets before jitter; 0: none are sent
   * @param detectionMicros silence after which the path is down; 0: nothing was heard yet
   */
  public record SessionView(
      BfdSettings settings,
      SessionState state,
      SessionState remoteState,
      int diagnostic,
      int remoteDiagnostic,
      long localDiscriminator,
      long remoteDiscriminator,
      long transmitMicros,
      long detectionMicros,
      long remoteDesiredMinTxMicros,
      long remoteRequiredMinRxMicros,
      int remoteMultiplier,
      long sent,
      long received,
      long timesUp,
      long timesDown) {}
}
