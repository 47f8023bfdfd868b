package io.weft.overlay.node;

import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.PeerRange;
import io.weft.net.AutonomousSystem;
import io.weft.overlay.evpn.DuplicateDetection;
import java.util.List;

/**
 * What a node is told to be; only valid objects are in it.
 *
 * @param peers reflectors and other neighbours
 * @param ranges further neighbours may connect from these
 * @param holdSeconds BGP hold time
 * @param restartSeconds graceful restart time
 * @param longLivedSeconds how long neighbours may keep our routes beyond that (RFC 9494)
 * @param networks sorted by name
 * @param tenants those that route, sorted by name
 * @param underlay what it does with the underlay's routing
 * @param declared endpoints of this node that resources declare
 * @param duplicates when a MAC counts as being at two places at once
 */
public record NodeIntent(
    AutonomousSystem as,
    List<PeerConfig> peers,
    List<PeerRange> ranges,
    int holdSeconds,
    int restartSeconds,
    int longLivedSeconds,
    List<NetworkIntent> networks,
    List<TenantIntent> tenants,
    UnderlayIntent underlay,
    DeclaredIntent declared,
    DuplicateDetection.Limits duplicates) {
  public NodeIntent {
    peers = List.copyOf(peers);
    ranges = List.copyOf(ranges);
    networks = List.copyOf(networks);
    tenants = List.copyOf(tenants);
  }

  /** One whose tenants do not route, and that leaves the underlay's routing to others. */
  public NodeIntent(
      AutonomousSystem as,
      List<PeerConfig> peers,
      List<PeerRange> ranges,
      int holdSeconds,
      int restartSeconds,
      int longLivedSeconds,
      List<NetworkIntent> networks) {
    this(
        as,
        peers,
        ranges,
        holdSeconds,
        restartSeconds,
        longLivedSeconds,
        networks,
        List.of(),
        UnderlayIntent.NONE,
        DeclaredIntent.NONE,
        DuplicateDetection.Limits.STANDARD);
  }

  /** One whose neighbours are all known by address and keep no routes beyond the restart time. */
  public NodeIntent(
      AutonomousSystem as,
      List<PeerConfig> peers,
      int holdSeconds,
      int restartSeconds,
      List<NetworkIntent> networks) {
    this(as, peers, List.of(), holdSeconds, restartSeconds, 0, networks);
  }

  /** The same with another part in the underlay's routing. */
  public NodeIntent withUnderlay(UnderlayIntent next) {
    return new NodeIntent(
        as,
        peers,
        ranges,
        holdSeconds,
        restartSeconds,
        longLivedSeconds,
        networks,
        tenants,
        next,
        declared,
        duplicates);
  }

  /** The same with other tenants that route. */
  public NodeIntent withTenants(List<TenantIntent> next) {
    return new NodeIntent(
        as,
        peers,
        ranges,
        holdSeconds,
        restartSeconds,
        longLivedSeconds,
        networks,
        next,
        underlay,
        declared,
        duplicates);
  }

  /** The same with other endpoints that resources declare. */
  public NodeIntent withDeclared(DeclaredIntent next) {
    return new NodeIntent(
        as,
        peers,
        ranges,
        holdSeconds,
        restartSeconds,
        longLivedSeconds,
        networks,
        tenants,
        underlay,
        next,
        duplicates);
  }

  /** The same with other limits of moves. */
  public NodeIntent withDuplicates(DuplicateDetection.Limits next) {
    return new NodeIntent(
        as,
        peers,
        ranges,
        holdSeconds,
        restartSeconds,
        longLivedSeconds,
        networks,
        tenants,
        underlay,
        declared,
        next);
  }
}
