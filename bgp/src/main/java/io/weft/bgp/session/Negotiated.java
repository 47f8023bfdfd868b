package io.weft.bgp.session;

import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.Capability.GracefulFamily;
import io.weft.bgp.wire.Capability.GracefulRestart;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message.Open;
import io.weft.net.Ipv4Address;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What two OPENs agreed on.
 *
 * @param hold the smaller of both proposals; zero: no hold timer (RFC 4271 §4.2)
 * @param routeRefresh the peer answers ROUTE-REFRESH
 * @param families that both offered (RFC 4760 §8), in the order of our offer
 * @param restart how long to keep the peer's routes when its transport is lost; zero: not
 * @param restartFamilies the families whose routes are kept then (RFC 4724 §3)
 * @param forwardingFamilies those of which the peer kept its forwarding over a restart (the F bit)
 */
public record Negotiated(
    Ipv4Address peerRouterId,
    Duration hold,
    boolean routeRefresh,
    List<Family> families,
    Duration restart,
    List<Family> restartFamilies,
    List<Family> forwardingFamilies) {
  public Negotiated {
    families = List.copyOf(families);
    restartFamilies = List.copyOf(restartFamilies);
    forwardingFamilies = List.copyOf(forwardingFamilies);
  }

  static Negotiated of(Open ours, Open theirs) {
    var families =
        ours.capabilities().stream()
            .filter(Capability.Multiprotocol.class::isInstance)
            .map(offer -> ((Capability.Multiprotocol) offer).family())
            .filter(family -> offers(theirs, family))
            .toList();
    var graceful = graceful(theirs, families);
    return new Negotiated(
        theirs.routerId(),
        Duration.ofSeconds(Math.min(ours.holdSeconds(), theirs.holdSeconds())),
        theirs.capabilities().contains(new Capability.RouteRefresh()),
        families,
        Duration.ofSeconds(graceful.map(GracefulRestart::seconds).orElse(0)),
        named(graceful, families, _ -> true),
        named(graceful, families, GracefulFamily::forwardingPreserved));
  }

  static boolean offers(Open open, Family family) {
    return open.capabilities().contains(new Capability.Multiprotocol(family));
  }

  /**
   * The capability, if it names one of the families. Without any the peer only promises to help us.
   */
  static Optional<GracefulRestart> graceful(Open open, List<Family> families) {
    for (var capability : open.capabilities()) {
      if (capability instanceof GracefulRestart graceful
          && graceful.families().stream().anyMatch(named -> families.contains(named.family()))) {
        return Optional.of(graceful);
      }
    }
    return Optional.empty();
  }

  private static List<Family> named(
      Optional<GracefulRestart> graceful,
      List<Family> families,
      Predicate<GracefulFamily> condition) {
    return graceful.stream()
        .flatMap(restart -> restart.families().stream())
        .filter(condition)
        .map(GracefulFamily::family)
        .filter(families::contains)
        .distinct()
        .toList();
  }
}
