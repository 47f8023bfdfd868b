package io.weft.bgp.speaker;

import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.ImportTarget;
import io.weft.net.IpAddress;
import java.util.List;
import java.util.Optional;

/** What happened to a speaker. Connections are numbers that the shell gives; never a socket. */
public sealed interface SpeakerEvent {

  /** New configuration: only sessions whose own settings changed are touched. */
  record ConfigChanged(SpeakerConfig config) implements SpeakerEvent {}

  /**
   * A connection that {@link SpeakerEffect.Connect} asked for stands.
   *
   * @param local our end of it; empty: not known
   */
  record Connected(long connection, IpAddress peer, Optional<IpAddress> local)
      implements SpeakerEvent {
    public Connected(long connection, IpAddress peer) {
      this(connection, peer, Optional.empty());
    }
  }

  /** A connection could not be made. */
  record ConnectFailed(IpAddress peer, String reason) implements SpeakerEvent {}

  /**
   * Someone connected to us.
   *
   * @param local our end of it; empty: not known
   */
  record Accepted(long connection, IpAddress peer, Optional<IpAddress> local)
      implements SpeakerEvent {
    public Accepted(long connection, IpAddress peer) {
      this(connection, peer, Optional.empty());
    }
  }

  /** One framed message, decoded at the edge. */
  record MessageReceived(long connection, Decoded decoded) implements SpeakerEvent {}

  /** The connection ended by itself: TCP closed or reset. */
  record Disconnected(long connection, String reason) implements SpeakerEvent {}

  /** The path to a peer failed below BGP (RFC 5882 §10): its session ends, its routes go. */
  record PathFailed(IpAddress peer, String reason) implements SpeakerEvent {}

  /** Routes of our own: announce or replace. */
  record RoutesOriginated(List<OriginatedRoute> routes) implements SpeakerEvent {}

  /** Routes of our own that are no more, by key. */
  record OriginatedRoutesRemoved(List<Route> routes) implements SpeakerEvent {}

  /** Everything that we originate after a start has been said: End-of-RIB may go out. */
  record OriginationCompleted() implements SpeakerEvent {}

  /**
   * The targets that this node imports now (all of them, sorted). Paths without one of them are
   * dropped; when targets are new, peers are asked for their routes again (RFC 2918).
   */
  record ImportTargetsChanged(List<ImportTarget> targets) implements SpeakerEvent {}

  /** The time that {@link Speaker#nextDeadline} named has come. */
  record DeadlineReached() implements SpeakerEvent {}

  /** A route of our own with its attributes. */
  record OriginatedRoute(Route route, PathAttributes attributes) {}
}
