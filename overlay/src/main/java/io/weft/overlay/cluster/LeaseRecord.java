package io.weft.overlay.cluster;

import java.time.Instant;

/**
 * Who leads (Kubernetes, coordination.k8s.io/v1 Lease).
 *
 * @param version of the lease as it was read; empty for one that is to be written
 * @param holder who leads; empty: nobody
 * @param seconds how long the others wait, without a renewal, before they take it
 * @param acquired since when it is this holder's
 * @param renewed when the holder wrote it last
 * @param transitions how often it changed hands
 */
public record LeaseRecord(
    String version,
    String holder,
    long seconds,
    Instant acquired,
    Instant renewed,
    long transitions) {
  /** The same as the API keeps it. */
  public LeaseRecord withVersion(String kept) {
    return new LeaseRecord(kept, holder, seconds, acquired, renewed, transitions);
  }
}
