package io.weft.bgp.speaker;

import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** An immutable picture of a speaker for people and programs. */
public record SpeakerView(
    AutonomousSystem as, Ipv4Address routerId, List<PeerView> peers, List<RouteView> routes) {

  /**
   * One neighbour.
   *
   * @param as empty for a peer of any external AS that has not told its number yet
   * @param state RFC 4271 §8.2.2 names: Idle, Connect, Active, OpenSent, OpenConfirm, Established
   * @param sinceNanos when the state was entered, on the clock of {@code step}
   * @param received routes held from the peer
   * @param sent routes announced to the peer
   * @param lastReason why the session last ended, empty if it never did
   * @param families that were agreed on, empty before
   * @param refused routes that the peer said and that are not held, as far as they are remembered
   * @param forgotten refused routes that are no longer remembered
   * @param updates UPDATE messages that came from it, in all its sessions
   * @param updatesSent UPDATE messages that were sent to it, likewise
   * @param sessions that were established with it
   * @param flappedNanos when sessions last were established more often than a sound path and one
   *     speaker explain, on the clock of {@code step}; empty: never
   */
  public record PeerView(
      IpAddress address,
      Optional<AutonomousSystem> as,
      Optional<Ipv4Address> routerId,
      boolean client,
      String state,
      long sinceNanos,
      int received,
      int sent,
      int staleRoutes,
      Optional<String> lastReason,
      List<Family> families,
      int refused,
      long forgotten,
      long updates,
      long updatesSent,
      long sessions,
      OptionalLong flappedNanos) {
    public PeerView {
      families = List.copyOf(families);
    }

    /** One with which nothing was agreed on. */
    public PeerView(
        IpAddress address,
        Optional<AutonomousSystem> as,
        Optional<Ipv4Address> routerId,
        boolean client,
        String state,
        long sinceNanos,
        int received,
        int sent,
        int staleRoutes,
        Optional<String> lastReason,
        int refused,
        long forgotten) {
      this(
          address,
          as,
          routerId,
          client,
          state,
          sinceNanos,
          received,
          sent,
          staleRoutes,
          lastReason,
          List.of(),
          refused,
          forgotten,
          0,
          0,
          0,
          OptionalLong.empty());
    }
  }

  /**
   * One path to a route.
   *
   * @param local true for a route of our own
   * @param best true for the path that is used and passed on
   * @param pathId by which the peer speaks of it (RFC 7911 §3), 0 where it says one path only
   */
  public record RouteView(
      Route route,
      PathAttributes attributes,
      Optional<IpAddress> peer,
      boolean local,
      boolean best,
      boolean stale,
      long pathId) {}
}
