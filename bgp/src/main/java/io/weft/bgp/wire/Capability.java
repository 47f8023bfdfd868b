package io.weft.bgp.wire;

import io.weft.net.AutonomousSystem;
import io.weft.net.Octets;
import java.util.List;

/**
 * A capability in OPEN (RFC 5492). Unknown ones keep their octets. Layouts: {@link
 * CapabilityCodec}.
 */
public sealed interface Capability {

  /** Code 1 (RFC 4760 §8). */
  record Multiprotocol(Family family) implements Capability {}

  /** Code 2 (RFC 2918 §2). */
  record RouteRefresh() implements Capability {}

  /** Code 65 (RFC 6793 §3). */
  record FourOctetAs(AutonomousSystem as) implements Capability {}

  /**
   * Code 64 (RFC 4724 §3).
   *
   * @param restarting the R bit: this speaker has restarted
   * @param notification the N bit (RFC 8538 §2)
   * @param seconds restart time, 0..4095
   */
  record GracefulRestart(
      boolean restarting, boolean notification, int seconds, List<GracefulFamily> families)
      implements Capability {
    public GracefulRestart {
      families = List.copyOf(families);
    }
  }

  /** A family in {@link GracefulRestart}, with its F bit. */
  record GracefulFamily(Family family, boolean forwardingPreserved) {}

  /** Any other code. */
  record Unknown(int code, Octets value) implements Capability {}
}
