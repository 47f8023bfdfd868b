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

  /** Code 5: which routes may have a next hop of another family (RFC 8950 §4). */
  record ExtendedNextHop(List<NextHopFamily> families) implements Capability {
    public ExtendedNextHop {
      families = List.copyOf(families);
    }
  }

  /** Routes of {@code family} may have a next hop of {@code nextHopAfi}: 1 IPv4, 2 IPv6. */
  record NextHopFamily(Family family, int nextHopAfi) {}

  /** Code 6: messages of up to 65535 octets are taken (RFC 8654 §3). */
  record ExtendedMessage() implements Capability {}

  /** Code 69: more than one path for a prefix (RFC 7911 §4). */
  record AddPath(List<AddPathFamily> families) implements Capability {
    public AddPath {
      families = List.copyOf(families);
    }
  }

  /** A family in {@link AddPath}: able to receive, to send, or both. */
  record AddPathFamily(Family family, boolean receives, boolean sends) {}

  /** Code 70 (RFC 7313 §3.1). */
  record EnhancedRouteRefresh() implements Capability {}

  /** Code 71 (RFC 9494 §3.1). */
  record LongLivedGracefulRestart(List<LongLivedFamily> families) implements Capability {
    public LongLivedGracefulRestart {
      families = List.copyOf(families);
    }
  }

  /**
   * A family in {@link LongLivedGracefulRestart}.
   *
   * @param staleSeconds how long its routes may stay, 0..16777215
   */
  record LongLivedFamily(Family family, boolean forwardingPreserved, int staleSeconds) {}

  /** Code 73, for display only (draft-walton-bgp-hostname-capability): printable ASCII. */
  record HostName(String host, String domain) implements Capability {}

  /** Any other code. */
  record Unknown(int code, Octets value) implements Capability {}
}
