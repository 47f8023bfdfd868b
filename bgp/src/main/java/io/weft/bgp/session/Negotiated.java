package io.weft.bgp.session;

import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.Capability.GracefulFamily;
import io.weft.bgp.wire.Capability.GracefulRestart;
import io.weft.bgp.wire.Capability.LongLivedFamily;
import io.weft.bgp.wire.Capability.LongLivedGracefulRestart;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message.Open;
import io.weft.bgp.wire.Peering;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What two OPENs agreed on.
 *
 * @param peerAs the number that the peer gave
 * @param hold the smaller of both proposals; zero: no hold timer (RFC 4271 §4.2)
 * @param routeRefresh the peer answers ROUTE-REFRESH
 * @param families that both offered (RFC 4760 §8), in the order of our offer
 * @param layout what the OPENs settle about the octets of later messages
 * @param restart how long to keep the peer's routes when its transport is lost; zero: only as
 *     {@code longLived} says
 * @param restartFamilies the families whose routes are kept then (RFC 4724 §3)
 * @param forwardingFamilies those of which the peer kept its forwarding over a restart (the F bit)
 * @param notification a NOTIFICATION that is no hard reset leaves routes like a lost transport (RFC
 *     8538 §4)
 * @param longLived the families whose routes are kept after {@code restart}, and how long (RFC 9494
 *     §4.2); none unless both offered it
 */
public record Negotiated(
    Ipv4Address peerRouterId,
    AutonomousSystem peerAs,
    Duration hold,
    boolean routeRefresh,
    List<Family> families,
    Peering layout,
    Duration restart,
    List<Family> restartFamilies,
    List<Family> forwardingFamilies,
    boolean notification,
    List<LongLivedFamily> longLived) {
  public Negotiated {
    families = List.copyOf(families);
    restartFamilies = List.copyOf(restartFamilies);
    forwardingFamilies = List.copyOf(forwardingFamilies);
    longLived = List.copyOf(longLived);
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
        theirs.as(),
        Duration.ofSeconds(Math.min(ours.holdSeconds(), theirs.holdSeconds())),
        theirs.capabilities().contains(new Capability.RouteRefresh()),
        families,
        Peering.between(ours, theirs),
        Duration.ofSeconds(graceful.map(GracefulRestart::seconds).orElse(0)),
        named(graceful, families, _ -> true),
        named(graceful, families, GracefulFamily::forwardingPreserved),
        setsNotification(ours) && setsNotification(theirs),
        longLived(ours, theirs, families));
  }

  /** Octets of the longest message that the peer takes: 4096 or 65535 (RFC 8654 §4). */
  public int longest() {
    return layout.longestSent();
  }

  /** True when we send several paths to one route, each with its identifier (RFC 7911 §4). */
  public boolean addPathSend(Family family) {
    return layout.pathIdsSent().contains(family);
  }

  /** True when the peer does. */
  public boolean addPathReceive(Family family) {
    return layout.pathIdsReceived().contains(family);
  }

  /** True when both mark where the answer to a ROUTE-REFRESH begins and ends (RFC 7313 §4). */
  public boolean enhancedRefresh() {
    return layout.enhancedRefresh();
  }

  /** True when IPv4 unicast routes may have an IPv6 next hop, both ways (RFC 8950 §4). */
  public boolean extendedNextHop() {
    return layout.ipv4OverIpv6();
  }

  /**
   * How long routes stay at first; an instant, where only the long-lived time follows (RFC 9494
   * §4.2).
   */
  Duration keep() {
    return restart.isZero() && !longLived.isEmpty() ? Duration.ofNanos(1) : restart;
  }

  /** How long the peer's stale routes stay after {@link #restart}; zero: not (RFC 9494 §4.2). */
  public Duration longLivedStale(Family family) {
    return longLived.stream()
        .filter(entry -> entry.family().equals(family))
        .map(entry -> Duration.ofSeconds(entry.staleSeconds()))
        .findFirst()
        .orElse(Duration.ZERO);
  }

  static boolean offers(Open open, Family family) {
    return open.capabilities().contains(new Capability.Multiprotocol(family));
  }

  private static boolean setsNotification(Open open) {
    return open.capabilities().stream()
        .anyMatch(c -> c instanceof GracefulRestart graceful && graceful.notification());
  }

  /** RFC 9494 §4.1: without graceful restart beside it the capability is ignored. */
  private static List<LongLivedFamily> longLived(Open ours, Open theirs, List<Family> families) {
    boolean graceful =
        theirs.capabilities().stream().anyMatch(GracefulRestart.class::isInstance)
            && ours.capabilities().stream().anyMatch(LongLivedGracefulRestart.class::isInstance);
    var found = new ArrayList<LongLivedFamily>();
    for (var capability : theirs.capabilities()) {
      if (graceful && capability instanceof LongLivedGracefulRestart(var entries)) {
        entries.stream().filter(e -> families.contains(e.family())).forEach(found::add);
      }
    }
    return found;
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
