package io.weft.bgp.speaker;

import io.weft.bgp.policy.Policy;
import io.weft.bgp.rib.NextHop;
import io.weft.bgp.session.PeerAs;
import io.weft.bgp.wire.Family;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import java.util.List;
import java.util.Optional;

/**
 * A neighbour that is configured by address.
 *
 * @param address where it is reached; also its identity
 * @param as its number; ours: iBGP
 * @param client true when we reflect to it (RFC 4456 §4)
 * @param passive true when only the peer connects
 * @param families that are offered (RFC 4760 §8); the session goes on with those in common. {@link
 *     Family#ROUTE_TARGET} is offered within our AS only, and makes no session alone
 * @param localAddress our end of the session, the next hop where it is to be ours; for when the
 *     connection does not say
 * @param nextHop the rule for the next hop of unicast routes
 * @param options how the session is run
 * @param importPolicy judges each route that comes from it, memberships (RFC 4684) excepted; empty:
 *     all pass
 * @param exportPolicy judges each route that is about to go to it; empty: all pass
 */
public record PeerConfig(
    IpAddress address,
    PeerAs as,
    boolean client,
    boolean passive,
    List<Family> families,
    Optional<IpAddress> localAddress,
    NextHop nextHop,
    SessionOptions options,
    Optional<Policy> importPolicy,
    Optional<Policy> exportPolicy) {
  private static final List<Family> KNOWN =
      List.of(Family.L2VPN_EVPN, Family.IPV4_UNICAST, Family.IPV6_UNICAST, Family.ROUTE_TARGET);

  public PeerConfig {
    families = List.copyOf(families);
    if (families.isEmpty() || !KNOWN.containsAll(families)) {
      throw new IllegalArgumentException(
          "peer "
              + address
              + ": families "
              + families
              + " where one or more of "
              + KNOWN
              + " are due");
    }
  }

  /** A peer of a known AS, without policies, whose session is run as the speaker's are. */
  public PeerConfig(
      IpAddress address,
      AutonomousSystem as,
      boolean client,
      boolean passive,
      List<Family> families,
      Optional<IpAddress> localAddress,
      NextHop nextHop) {
    this(
        address,
        PeerAs.of(as),
        client,
        passive,
        families,
        localAddress,
        nextHop,
        SessionOptions.DEFAULT,
        Optional.empty(),
        Optional.empty());
  }

  /** A peer for EVPN, constrained by route target where it is in our AS (RFC 4684). */
  public PeerConfig(IpAddress address, AutonomousSystem as, boolean client, boolean passive) {
    this(
        address,
        as,
        client,
        passive,
        List.of(Family.L2VPN_EVPN, Family.ROUTE_TARGET),
        Optional.empty(),
        NextHop.AUTOMATIC);
  }

  /** The same peer with other families. */
  public PeerConfig withFamilies(List<Family> next) {
    return new PeerConfig(
        address,
        as,
        client,
        passive,
        next,
        localAddress,
        nextHop,
        options,
        importPolicy,
        exportPolicy);
  }

  /** The same peer with its session run otherwise. */
  public PeerConfig withOptions(SessionOptions next) {
    return new PeerConfig(
        address,
        as,
        client,
        passive,
        families,
        localAddress,
        nextHop,
        next,
        importPolicy,
        exportPolicy);
  }

  /** The same peer, reached from this address of ours. */
  public PeerConfig withLocalAddress(Optional<IpAddress> next) {
    return new PeerConfig(
        address, as, client, passive, families, next, nextHop, options, importPolicy, exportPolicy);
  }

  /** The same peer with another demand for its number. */
  public PeerConfig withAs(PeerAs next) {
    return new PeerConfig(
        address,
        next,
        client,
        passive,
        families,
        localAddress,
        nextHop,
        options,
        importPolicy,
        exportPolicy);
  }

  /** The same peer with other policies. */
  public PeerConfig withPolicies(Optional<Policy> nextImport, Optional<Policy> nextExport) {
    return new PeerConfig(
        address,
        as,
        client,
        passive,
        families,
        localAddress,
        nextHop,
        options,
        nextImport,
        nextExport);
  }

  boolean isShutDown() {
    return options.shutdown().isPresent();
  }

  /** Why its session is down, for people. */
  String shutdownReason() {
    var text = options.shutdown().orElse("");
    return "administratively shut down" + (text.isEmpty() ? "" : ": " + text);
  }

  /**
   * True when a session with this peer may go on with {@code next}: its limit of routes and its
   * policies are not in it.
   */
  boolean isSameSession(PeerConfig next) {
    var maximum = next.options.maximumPrefixes();
    return withOptions(options.withMaximumPrefixes(maximum))
        .withPolicies(next.importPolicy, next.exportPolicy)
        .equals(next);
  }

  /** The same at another address. */
  public PeerConfig at(IpAddress next) {
    return new PeerConfig(
        next,
        as,
        client,
        passive,
        families,
        localAddress,
        nextHop,
        options,
        importPolicy,
        exportPolicy);
  }
}
