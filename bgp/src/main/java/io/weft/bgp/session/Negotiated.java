package io.weft.bgp.session;

import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.Capability.GracefulFamily;
import io.weft.bgp.wire.Capability.GracefulRestart;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message.Open;
import io.weft.net.Ipv4Address;
import java.time.Duration;
import java.util.Optional;

/**
 * What two OPENs agreed on.
 *
 * @param hold the smaller of both proposals; zero: no hold timer (RFC 4271 §4.2)
 * @param routeRefresh the peer answers ROUTE-REFRESH
 * @param routeTargets both constrain EVPN routes by route target memberships (RFC 4684 §5)
 * @param restart how long to keep the peer's EVPN routes when its transport is lost; zero: not
 * @param forwardingPreserved the peer kept its EVPN forwarding over a restart (the F bit)
 */
public record Negotiated(
    Ipv4Address peerRouterId,
    Duration hold,
    boolean routeRefresh,
    boolean routeTargets,
    Duration restart,
    boolean forwardingPreserved) {

  static Negotiated of(Open ours, Open theirs) {
    var graceful = graceful(theirs);
    return new Negotiated(
        theirs.routerId(),
        Duration.ofSeconds(Math.min(ours.holdSeconds(), theirs.holdSeconds())),
        theirs.capabilities().contains(new Capability.RouteRefresh()),
        offersRouteTargets(ours) && offersRouteTargets(theirs),
        Duration.ofSeconds(graceful.map(GracefulRestart::seconds).orElse(0)),
        graceful.isPresent() && keepsForwarding(graceful.get()));
  }

  /**
   * The capability, if it names EVPN. Without the family the peer only promises to help us (FRR's
   * default).
   */
  public static Optional<GracefulRestart> graceful(Open open) {
    for (var capability : open.capabilities()) {
      if (capability instanceof GracefulRestart graceful
          && graceful.families().stream().map(GracefulFamily::family).anyMatch(Negotiated::evpn)) {
        return Optional.of(graceful);
      }
    }
    return Optional.empty();
  }

  private static boolean offersRouteTargets(Open open) {
    return open.capabilities().contains(new Capability.Multiprotocol(Family.ROUTE_TARGET));
  }

  private static boolean keepsForwarding(GracefulRestart graceful) {
    return graceful.families().stream()
        .anyMatch(family -> evpn(family.family()) && family.forwardingPreserved());
  }

  private static boolean evpn(Family family) {
    return family.equals(Family.L2VPN_EVPN);
  }
}
