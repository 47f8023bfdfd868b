package io.weft.bgp.speaker;

import io.weft.bgp.session.Collision;
import io.weft.bgp.session.Negotiated;
import io.weft.bgp.session.Notifications;
import io.weft.bgp.session.OpenCheck;
import io.weft.bgp.session.Session;
import io.weft.bgp.session.SessionInput;
import io.weft.bgp.session.SessionOutput;
import io.weft.bgp.session.SessionSettings;
import io.weft.bgp.session.SessionState;
import io.weft.bgp.speaker.SessionOptions.Excess;
import io.weft.bgp.speaker.SessionOptions.MaximumPrefixes;
import io.weft.bgp.speaker.SpeakerView.PeerView;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Message.Notification;
import io.weft.bgp.wire.Message.Open;
import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * The peers of a speaker, by address: which of them there are, which connection belongs to whom,
 * and what their sessions want. What the sessions say of routes goes to {@link Routing}.
 */
final class Neighbours {
  /** How long a peer that sent more routes than the speaker takes stays down. */
  static final Duration LIMIT_PENALTY = Duration.ofMinutes(1);

  /** The share of that limit at which there is a warning. */
  private static final int WARN_PERCENT = 75;

  /** How long a session rests whose path failed. */
  static final Duration PATH_REST = Duration.ofSeconds(1);

  private final Map<IpAddress, Neighbour> neighbours = new TreeMap<>();
  private final Map<Long, Neighbour> connections = new LinkedHashMap<>();
  private final Map<Long, IpAddress> ourEnds = new LinkedHashMap<>();
  private final Deadlines deadlines = new Deadlines();
  private final Outbox outbox;
  private SpeakerConfig config;
  private Routing routing;
  private boolean restarting = true;

  Neighbours(SpeakerConfig config, Routing routing, Outbox outbox) {
    this.config = config;
    this.routing = routing;
    this.outbox = outbox;
  }

  Collection<Neighbour> all() {
    return Collections.unmodifiableCollection(neighbours.values());
  }

  /** The first End-of-RIB has gone out: from now on OPENs no longer say that we restarted. */
  void restartIsOver() {
    restarting = false;
  }

  // Configuration.

  /** Begins sessions with the peers of the configuration that the speaker was made with. */
  void start(long now) {
    config.peers().forEach(peer -> add(now, peer));
  }

  /** Touches only peers whose own settings differ. */
  void configure(long now, SpeakerConfig next) {
    config = next;
    for (var neighbour : List.copyOf(neighbours.values())) {
      var wanted = wanted(neighbour);
      if (wanted.isEmpty()) {
        remove(now, neighbour, Notifications.PEER_DECONFIGURED, "peer removed");
      } else if (!neighbour.config.isSameSession(wanted.get())) {
        replace(now, neighbour, wanted.get());
      } else {
        limitBy(now, neighbour, wanted.get().options());
        routing.changePolicies(neighbour, wanted.get());
      }
    }
    for (var peer : next.peers()) {
      if (!neighbours.containsKey(peer.address())) {
        add(now, peer);
      }
    }
  }

  /** Ends every session, because our AS or identifier is to be another. */
  void stop(long now, SpeakerConfig next) {
    for (var neighbour : List.copyOf(neighbours.values())) {
      remove(now, neighbour, Notifications.CONFIGURATION_CHANGE, "AS or BGP identifier changed");
    }
    config = next;
  }

  /** Begins after {@link #stop} with another table. */
  void begin(long now, Routing table) {
    routing = table;
    start(now);
  }

  private Optional<PeerConfig> wanted(Neighbour neighbour) {
    for (var peer : config.peers()) {
      if (peer.address().equals(neighbour.address())) {
        neighbour.dynamic = false;
        return Optional.of(peer);
      }
    }
    return neighbour.dynamic ? config.inRange(neighbour.address()) : Optional.empty();
  }

  private void replace(long now, Neighbour neighbour, PeerConfig wanted) {
    var shutdown = wanted.options().shutdown();
    if (shutdown.isPresent()) {
      remove(now, neighbour, Notifications.shutdown(shutdown.get()), wanted.shutdownReason());
    } else {
      remove(now, neighbour, Notifications.CONFIGURATION_CHANGE, "peer settings changed");
    }
  }

  /** Another limit of routes: the session goes on, or begins anew where the old one ended it. */
  private void limitBy(long now, Neighbour neighbour, SessionOptions wanted) {
    if (wanted.equals(neighbour.config.options())) {
      return;
    }
    neighbour.config = neighbour.config.withOptions(wanted);
    neighbour.limit = RouteLimit.BELOW;
    if (neighbour.isEstablished()) {
      watchLimit(now, neighbour, neighbour.session);
    } else if (neighbour.session.isResting() && !neighbour.config.isShutDown()) {
      feed(now, neighbour, neighbour.session, new SessionInput.Start(neighbour.config.passive()));
    }
  }

  private void add(long now, PeerConfig peer) {
    if (neighbours.containsKey(peer.address())) {
      outbox.report(peer.address(), "configured twice: the first counts");
    } else if (neighbours.size() >= config.maxPeers()) {
      outbox.report(peer.address(), "not started: limit of " + config.maxPeers() + " peers");
    } else {
      make(now, peer, false);
    }
  }

  private Neighbour make(long now, PeerConfig peer, boolean dynamic) {
    var neighbour = new Neighbour(peer, dynamic, settings(peer));
    neighbours.put(peer.address(), neighbour);
    if (peer.isShutDown()) {
      neighbour.lastReason = Optional.of(peer.shutdownReason());
    } else {
      var start = new SessionInput.Start(peer.passive());
      apply(now, neighbour, neighbour.session, neighbour.session.step(now, start));
    }
    return neighbour;
  }

  private SessionSettings settings(PeerConfig peer) {
    return new SessionSettings(
        config.as(),
        config.routerId(),
        peer.as(),
        peer.passive(),
        peer.families().stream().filter(family -> !family.equals(Family.ROUTE_TARGET)).toList());
  }

  private void remove(long now, Neighbour neighbour, Notification notification, String reason) {
    var stop = new SessionInput.Stop(notification, reason, Optional.empty(), true);
    neighbour.rival.ifPresent(rival -> apply(now, neighbour, rival, rival.step(now, stop)));
    apply(now, neighbour, neighbour.session, neighbour.session.step(now, stop));
    routing.forget(neighbour);
    neighbours.remove(neighbour.address());
    deadlines.forget(neighbour);
  }

  // Connections.

  /** The address that a new connection has on our side. */
  void ourEnd(long connection, Optional<IpAddress> local) {
    local.ifPresent(address -> ourEnds.put(connection, address));
  }

  void accepted(long now, long connection, IpAddress address) {
    var shut = peerAt(address).filter(PeerConfig::isShutDown);
    if (shut.isPresent()) {
      refuse(connection, Notifications.shutdown(shut.get().options().shutdown().orElse("")));
      return;
    }
    var known = Optional.ofNullable(neighbours.get(address)).or(() -> welcome(now, address));
    if (known.isEmpty()) {
      refuse(connection, Notifications.CONNECTION_REJECTED);
    } else {
      opened(now, known.get(), connection, false);
    }
  }

  private Optional<PeerConfig> peerAt(IpAddress address) {
    return Optional.ofNullable(neighbours.get(address))
        .map(neighbour -> neighbour.config)
        .or(() -> config.inRange(address));
  }

  private void refuse(long connection, Notification notification) {
    outbox.send(connection, List.of(notification));
    close(connection, "connection refused");
  }

  private void close(long connection, String reason) {
    connections.remove(connection);
    ourEnds.remove(connection);
    outbox.close(connection, reason);
  }

  void connected(long now, long connection, IpAddress address) {
    var neighbour = neighbours.get(address);
    if (neighbour == null) {
      close(connection, "no longer a peer");
      return;
    }
    neighbour.connectAskedAt = OptionalLong.empty();
    if (neighbour.session.state().compareTo(SessionState.OPEN_CONFIRM) >= 0) {
      // No OPEN on it, so the peer cannot take it for a restart of ours.
      close(connection, "a session stands already");
    } else {
      opened(now, neighbour, connection, true);
    }
  }

  void connectFailed(long now, IpAddress address) {
    var neighbour = neighbours.get(address);
    if (neighbour != null) {
      neighbour.connectAskedAt = OptionalLong.empty();
      feed(now, neighbour, neighbour.session, new SessionInput.ConnectFailed());
    }
  }

  /** RFC 9384 §2: the session ends, for the path below it is gone; its routes go with it. */
  void pathFailed(long now, IpAddress address, String reason) {
    var neighbour = neighbours.get(address);
    if (neighbour == null) {
      return;
    }
    var stop =
        new SessionInput.Stop(
            Notifications.BFD_DOWN, "BFD Down: " + reason, Optional.of(PATH_REST), true);
    if (neighbour.session.connection().isPresent()) {
      feed(now, neighbour, neighbour.session, stop);
    }
  }

  void disconnected(long now, long connection, String reason) {
    ourEnds.remove(connection);
    var neighbour = connections.remove(connection);
    if (neighbour != null) {
      feed(now, neighbour, neighbour.holder(connection), new SessionInput.Lost(reason));
    }
  }

  void received(long now, long connection, Decoded decoded) {
    var neighbour = connections.get(connection);
    if (neighbour == null) {
      return; // was on its way when we closed
    }
    var session = neighbour.holder(connection);
    switch (decoded) {
      case Decoded.Good(Open open) -> open(now, neighbour, session, open);
      case Decoded.Good(Message message) ->
          feed(now, neighbour, session, new SessionInput.Received(message));
      case Decoded.Fatal(Notification notification, String reason) ->
          feed(now, neighbour, session, new SessionInput.Undecodable(notification, reason));
    }
  }

  private Optional<Neighbour> welcome(long now, IpAddress address) {
    var found = config.inRange(address);
    if (found.isEmpty()) {
      outbox.report(address, "connection refused: neither a peer nor in a range of peers");
    } else if (neighbours.size() >= config.maxPeers()) {
      outbox.report(address, "connection refused: limit of " + config.maxPeers() + " peers");
    } else {
      return Optional.of(make(now, found.get(), true));
    }
    return Optional.empty();
  }

  private void opened(long now, Neighbour neighbour, long connection, boolean initiated) {
    var session = neighbour.session;
    if (session.connection().isPresent()) {
      session = rival(now, neighbour);
    }
    neighbour.newest = session;
    if (!session.isResting()) {
      connections.put(connection, neighbour);
    }
    feed(
        now,
        neighbour,
        session,
        new SessionInput.Opened(
            connection, initiated, Offer.of(config, neighbour.config, restarting)));
  }

  /** A second session; one that was there already has had its chance. */
  private Session rival(long now, Neighbour neighbour) {
    neighbour.rival.ifPresent(former -> collide(now, neighbour, former));
    var rival = new Session(neighbour.settings);
    rival.step(now, new SessionInput.Start(true));
    neighbour.rival = Optional.of(rival);
    return rival;
  }

  /**
   * Only a connection on which the peer's OPEN has come collides (RFC 4271 §6.8): of one without,
   * the peer may think better, and then both ends must be left with the other.
   */
  private void open(long now, Neighbour neighbour, Session session, Open open) {
    var other =
        neighbour.otherThan(session).filter(o -> o.state().compareTo(SessionState.OPEN_SENT) > 0);
    if (session.state() == SessionState.OPEN_SENT
        && other.isPresent()
        && OpenCheck.objection(neighbour.settings, open).isEmpty()) {
      boolean newer = session == neighbour.newest;
      switch (Collision.settle(now, neighbour.settings, session, other.get(), newer, open)) {
        case CLOSE_THIS -> {
          collide(now, neighbour, session);
          settle(neighbour);
          return;
        }
        case CLOSE_OTHER -> collide(now, neighbour, other.get());
        case OTHER_IS_DEAD ->
            apply(
                now, neighbour, other.get(), other.get().step(now, new SessionInput.Superseded()));
      }
    }
    feed(now, neighbour, session, new SessionInput.Received(open));
  }

  private void collide(long now, Neighbour neighbour, Session loser) {
    var stop =
        new SessionInput.Stop(
            Notifications.CONNECTION_COLLISION,
            "connection collision",
            Optional.of(Duration.ZERO),
            false);
    apply(now, neighbour, loser, loser.step(now, stop));
  }

  // Time.

  void timePassed(long now) {
    for (var address : deadlines.due(now)) {
      Optional.ofNullable(neighbours.get(address))
          .ifPresent(neighbour -> timePassed(now, neighbour));
    }
  }

  private void timePassed(long now, Neighbour neighbour) {
    routing.expireStale(now, neighbour);
    routing.expireAwaiting(now, neighbour);
    neighbour.rival.ifPresent(rival -> timePassed(now, neighbour, rival));
    timePassed(now, neighbour, neighbour.session);
  }

  private void timePassed(long now, Neighbour neighbour, Session session) {
    if (session.isDue(now)) {
      apply(now, neighbour, session, session.step(now, new SessionInput.TimePassed()));
    }
    settle(neighbour);
  }

  OptionalLong nextDeadline() {
    return deadlines.next();
  }

  // What sessions want.

  private void feed(long now, Neighbour neighbour, Session session, SessionInput input) {
    apply(now, neighbour, session, session.step(now, input));
    settle(neighbour);
  }

  private void apply(long now, Neighbour neighbour, Session session, List<SessionOutput> outputs) {
    deadlines.touch(neighbour);
    for (var output : outputs) {
      switch (output) {
        case SessionOutput.RequestConnect _ -> requestConnect(now, neighbour);
        case SessionOutput.Send(long connection, List<Message> messages) ->
            outbox.send(connection, messages);
        case SessionOutput.Close(long connection, String reason) -> close(connection, reason);
        case SessionOutput.Up(Negotiated agreed) -> {
          neighbour.as = Optional.of(agreed.peerAs());
          long connection = session.connection().orElseThrow();
          var local = Optional.ofNullable(ourEnds.get(connection));
          routing.up(now, neighbour, agreed, connection, local);
        }
        case SessionOutput.Routes(Message.Update update) -> routes(now, neighbour, session, update);
        case SessionOutput.Refresh(Message.RouteRefresh request) ->
            routing.refresh(now, neighbour, request);
        case SessionOutput.Ended ended -> ended(now, neighbour, ended);
      }
    }
  }

  private void requestConnect(long now, Neighbour neighbour) {
    var asked = neighbour.connectAskedAt;
    if (asked.isEmpty() || now - asked.getAsLong() >= Session.CONNECT_WAIT.toNanos()) {
      neighbour.connectAskedAt = OptionalLong.of(now);
      outbox.connect(neighbour.address());
    }
  }

  private void routes(long now, Neighbour neighbour, Session session, Message.Update update) {
    neighbour.updates.received++;
    routing.receive(neighbour, update);
    watchLimit(now, neighbour, session);
  }

  private void watchLimit(long now, Neighbour neighbour, Session session) {
    int kept = neighbour.routesIn.size();
    var maximum = maximum(neighbour.config, kept);
    int routes = maximum.countsRefused() ? kept + neighbour.refusals.size() : kept;
    boolean warnsOnly = maximum.excess() instanceof Excess.Warn;
    var level = RouteLimit.of(maximum, routes);
    boolean ends = level == RouteLimit.ABOVE && !warnsOnly;
    if (level.compareTo(neighbour.limit) > 0 || ends) {
      neighbour.limit = level;
      outbox.report(
          neighbour.address(),
          routes + " routes, the limit is " + maximum.limit() + (ends ? ": session closed" : ""));
    }
    if (ends) {
      var idle =
          maximum.excess() instanceof Excess.Restart(int seconds)
              ? Optional.of(Duration.ofSeconds(seconds))
              : Optional.<Duration>empty();
      var reason = "more than " + maximum.limit() + " routes";
      var stop = new SessionInput.Stop(Notifications.MAXIMUM_ROUTES, reason, idle, true);
      apply(now, neighbour, session, session.step(now, stop));
    }
  }

  /** The limit that counts: the peer's own, unless that only warns and the speaker's is passed. */
  private MaximumPrefixes maximum(PeerConfig peer, int routes) {
    var ofSpeaker =
        new MaximumPrefixes(
            config.maxRoutesPerPeer(),
            WARN_PERCENT,
            new Excess.Restart((int) LIMIT_PENALTY.toSeconds()));
    return peer.options()
        .maximumPrefixes()
        .filter(own -> !(own.excess() instanceof Excess.Warn) || routes <= ofSpeaker.limit())
        .orElse(ofSpeaker);
  }

  private void ended(long now, Neighbour neighbour, SessionOutput.Ended ended) {
    neighbour.lastReason = Optional.of(ended.reason());
    if (ended.established()) {
      neighbour.limit = RouteLimit.BELOW;
      routing.down(now, neighbour, ended.keepRoutes(), ended.reason());
    }
  }

  private void settle(Neighbour neighbour) {
    neighbour.settle();
    deadlines.touch(neighbour);
    if (neighbour.isGone()) {
      neighbours.remove(neighbour.address(), neighbour);
      deadlines.forget(neighbour);
    }
  }

  // Pictures.

  List<PeerView> view() {
    return neighbours.values().stream().map(Neighbour::view).toList();
  }
}
