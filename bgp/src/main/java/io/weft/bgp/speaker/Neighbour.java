package io.weft.bgp.speaker;

import io.weft.bgp.rib.RoutesIn;
import io.weft.bgp.rib.Source;
import io.weft.bgp.session.Negotiated;
import io.weft.bgp.session.Session;
import io.weft.bgp.session.SessionSettings;
import io.weft.bgp.session.SessionState;
import io.weft.bgp.speaker.SpeakerView.PeerView;
import io.weft.bgp.wire.Capability.LongLivedFamily;
import io.weft.bgp.wire.Family;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** What is known of one peer. {@link Neighbours} moves its sessions, {@link Routing} its routes. */
final class Neighbour {
  /** Only its policies and its limit of routes change while the session goes on. */
  PeerConfig config;

  /** True for a peer that came by itself out of a range, and goes with its session. */
  boolean dynamic;

  final SessionSettings settings;

  /** The session that counts. */
  Session session;

  /** A second one, not further than the first, until their collision is settled. */
  Optional<Session> rival = Optional.empty();

  /** Which of them got its connection last. */
  Session newest;

  /** When a connection was asked for that has not been answered. */
  OptionalLong connectAskedAt = OptionalLong.empty();

  Optional<String> lastReason = Optional.empty();

  /** How near its limit of routes the session has come. */
  RouteLimit limit = RouteLimit.BELOW;

  /** Its number: as configured, or as it gave it when a session last stood. */
  Optional<AutonomousSystem> as;

  final RoutesIn routesIn;

  /** What it said and is not in there. */
  final Refusals refusals = new Refusals();

  final UpdateCounts updates = new UpdateCounts();
  final SessionPace pace = new SessionPace();

  /** It is to say its routes again, when this step ends. */
  boolean asksAgain;

  /** When stale routes are given up, or the first of them. */
  OptionalLong staleUntil = OptionalLong.empty();

  /** The families whose stale routes may stay longer, by the session that ended last. */
  List<LongLivedFamily> mayStayLonger = List.of();

  /** When they are given up; empty unless they stay longer already. */
  final Map<Family, Long> longLivedUntil = new LinkedHashMap<>();

  /** What {@link Deadlines} knows of it. */
  final Deadlines.Watch watch = new Deadlines.Watch(this);

  /** Where routes go to; empty unless Established. */
  Optional<Recipient> recipient = Optional.empty();

  Neighbour(PeerConfig config, boolean dynamic, SessionSettings settings) {
    this.config = config;
    this.dynamic = dynamic;
    this.settings = settings;
    this.as = config.as().known();
    this.session = new Session(settings);
    this.newest = session;
    this.routesIn = new RoutesIn(source(Ipv4Address.UNSPECIFIED));
  }

  IpAddress address() {
    return config.address();
  }

  Source source(Ipv4Address routerId) {
    // Before a session stands there is no route that AS_TRANS could be seen on.
    var number = as.orElse(new AutonomousSystem(AutonomousSystem.TRANS));
    return new Source(config.address(), routerId, number, kind(), config.options().allowAsIn());
  }

  private Source.Kind kind() {
    if (!settings.isInternal()) {
      return Source.Kind.EXTERNAL;
    }
    return config.client() ? Source.Kind.CLIENT : Source.Kind.NON_CLIENT;
  }

  boolean isEstablished() {
    return session.state() == SessionState.ESTABLISHED;
  }

  /** True for a dynamic peer of whom nothing is left. */
  boolean isGone() {
    return dynamic
        && session.connection().isEmpty()
        && rival.isEmpty()
        && !session.isResting()
        && routesIn.size() == 0;
  }

  /** The session to which the connection belongs. */
  Session holder(long connection) {
    return rival
        .filter(second -> second.connection().equals(OptionalLong.of(connection)))
        .orElse(session);
  }

  /** The other one of two. */
  Optional<Session> otherThan(Session one) {
    return one.equals(session) ? rival : Optional.of(session);
  }

  /** Puts the session that is further in front; a second one without a connection is forgotten. */
  void settle() {
    if (rival.isPresent() && rival.get().state().compareTo(session.state()) > 0) {
      var further = rival.get();
      rival = Optional.of(session);
      session = further;
    }
    rival = rival.filter(second -> second.connection().isPresent());
  }

  /** When the next thing is due that time brings. */
  OptionalLong deadline() {
    long first = earlier(session.deadline(), staleUntil.orElse(Long.MAX_VALUE));
    if (rival.isPresent()) {
      first = earlier(rival.get().deadline(), first);
    }
    if (recipient.isPresent()) {
      first = earlier(recipient.get().awaitsMembershipsUntil, first);
      first = earlier(recipient.get().holdsEndUntil, first);
    }
    return first == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(first);
  }

  private static long earlier(OptionalLong one, long other) {
    return Math.min(one.orElse(Long.MAX_VALUE), other);
  }

  PeerView view() {
    return new PeerView(
        address(),
        as,
        session.negotiated().map(Negotiated::peerRouterId),
        config.client(),
        session.state().toString(),
        session.sinceNanos(),
        routesIn.size(),
        recipient.map(told -> told.sent).orElse(0),
        routesIn.staleSize(),
        lastReason,
        session.negotiated().map(Negotiated::families).orElse(List.of()),
        refusals.size(),
        refusals.forgotten(),
        updates.received,
        updates.sent,
        updates.sessions,
        pace.tooManyAt());
  }
}
