package io.weft.bgp.session;

import io.weft.bgp.session.SessionInput.ConnectFailed;
import io.weft.bgp.session.SessionInput.Lost;
import io.weft.bgp.session.SessionInput.Opened;
import io.weft.bgp.session.SessionInput.Received;
import io.weft.bgp.session.SessionInput.Start;
import io.weft.bgp.session.SessionInput.Stop;
import io.weft.bgp.session.SessionInput.Superseded;
import io.weft.bgp.session.SessionInput.TimePassed;
import io.weft.bgp.session.SessionInput.Undecodable;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Message.Keepalive;
import io.weft.bgp.wire.Message.Notification;
import io.weft.bgp.wire.Message.Open;
import io.weft.bgp.wire.Message.RouteRefresh;
import io.weft.bgp.wire.Message.Update;
import io.weft.bgp.wire.NotificationText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The state machine of one connection (RFC 4271 §8.2.2), and of the waiting between connections.
 * Total: every input in every state has an answer. Collisions are settled by who holds the
 * sessions, because it takes two.
 */
public final class Session {
  /** RFC 4271 §8.2.2 suggests 4 minutes until the OPEN has come. */
  static final Duration OPEN_WAIT = Duration.ofMinutes(4);

  /** An unanswered request for a connection is repeated after this. */
  public static final Duration CONNECT_WAIT = Duration.ofMinutes(1);

  /** A session that stood so long starts the waiting times anew when it ends. */
  static final Duration STEADY = Duration.ofSeconds(10);

  private static final Message KEEPALIVE = new Keepalive();

  private final SessionSettings settings;
  private final Backoff backoff = new Backoff();

  private SessionState state = SessionState.IDLE;
  private long sinceNanos;
  private OptionalLong connection = OptionalLong.empty();
  private boolean initiated;
  private Optional<Open> ours = Optional.empty();
  private Optional<Negotiated> negotiated = Optional.empty();

  private OptionalLong retryAt = OptionalLong.empty();
  private OptionalLong holdAt = OptionalLong.empty();
  private OptionalLong keepaliveAt = OptionalLong.empty();

  private List<SessionOutput> outputs = new ArrayList<>();

  public Session(SessionSettings settings) {
    this.settings = settings;
  }

  /** Takes one input; what comes back is to be done in order. */
  public List<SessionOutput> step(long now, SessionInput input) {
    outputs = new ArrayList<>();
    switch (state) {
      case IDLE -> {
        switch (input) {
          case Start(boolean passive) -> begin(now, passive);
          case TimePassed _ -> {
            if (due(retryAt, now)) {
              begin(now, settings.passive());
            }
          }
          case Stop stop -> rest(now, stop.idle());
          case Opened opened -> refuse(opened);
          case ConnectFailed _, Received _, Undecodable _, Lost _, Superseded _ -> {}
        }
      }
      case CONNECT -> {
        switch (input) {
          case Opened opened -> sendOpen(now, opened);
          case ConnectFailed _ -> await(now);
          case TimePassed _ -> {
            if (due(retryAt, now)) {
              connect(now);
            }
          }
          case Stop stop -> rest(now, stop.idle());
          case Start _, Received _, Undecodable _, Lost _, Superseded _ -> {}
        }
      }
      case ACTIVE -> {
        switch (input) {
          case Opened opened -> sendOpen(now, opened);
          case TimePassed _ -> {
            if (due(retryAt, now)) {
              connect(now);
            }
          }
          case Stop stop -> rest(now, stop.idle());
          case Start _, ConnectFailed _, Received _, Undecodable _, Lost _, Superseded _ -> {}
        }
      }
      case OPEN_SENT -> {
        switch (input) {
          case Received(Open open) -> confirm(now, open);
          case Received(Notification said) -> peerSaid(now, said);
          case Received(Update _), Received(Keepalive _), Received(RouteRefresh _) ->
              fail(now, Notifications.UNEXPECTED_IN_OPEN_SENT, "a message before OPEN");
          case Undecodable(Notification notification, String reason) ->
              fail(now, notification, reason);
          case Lost(String reason) -> lost(now, reason);
          case Superseded _ -> superseded(now);
          case TimePassed _ -> keepTime(now);
          case Stop stop -> stop(now, stop);
          case Opened opened -> refuse(opened);
          case Start _, ConnectFailed _ -> {}
        }
      }
      case OPEN_CONFIRM -> {
        switch (input) {
          case Received(Keepalive _) -> establish(now);
          case Received(Notification said) -> peerSaid(now, said);
          case Received(Open _), Received(Update _), Received(RouteRefresh _) ->
              fail(now, Notifications.UNEXPECTED_IN_OPEN_CONFIRM, "a message before KEEPALIVE");
          case Undecodable(Notification notification, String reason) ->
              fail(now, notification, reason);
          case Lost(String reason) -> lost(now, reason);
          case Superseded _ -> superseded(now);
          case TimePassed _ -> keepTime(now);
          case Stop stop -> stop(now, stop);
          case Opened opened -> refuse(opened);
          case Start _, ConnectFailed _ -> {}
        }
      }
      case ESTABLISHED -> {
        switch (input) {
          case Received(Update update) -> {
            holdAgain(now);
            outputs.add(new SessionOutput.Routes(update));
          }
          case Received(Keepalive _) -> holdAgain(now);
          case Received(RouteRefresh refresh) -> {
            holdAgain(now);
            outputs.add(new SessionOutput.Refresh(refresh));
          }
          case Received(Notification said) -> peerSaid(now, said);
          case Received(Open _) ->
              fail(now, Notifications.UNEXPECTED_IN_ESTABLISHED, "OPEN in an established session");
          case Undecodable(Notification notification, String reason) ->
              fail(now, notification, reason);
          case Lost(String reason) -> lost(now, reason);
          case Superseded _ -> superseded(now);
          case TimePassed _ -> keepTime(now);
          case Stop stop -> stop(now, stop);
          case Opened opened -> refuse(opened);
          case Start _, ConnectFailed _ -> {}
        }
      }
    }
    return outputs;
  }

  public SessionState state() {
    return state;
  }

  /** When the state was entered, on the clock of {@link #step}. */
  public long sinceNanos() {
    return sinceNanos;
  }

  /** The connection, from OpenSent on. */
  public OptionalLong connection() {
    return connection;
  }

  /** True when we opened the connection. */
  public boolean isInitiated() {
    return initiated;
  }

  /** What was agreed, from OpenConfirm on. */
  public Optional<Negotiated> negotiated() {
    return negotiated;
  }

  /** True when the machine waits for a time or for Start to leave Idle: a connection is refused. */
  public boolean isResting() {
    return state == SessionState.IDLE;
  }

  /** True when {@link TimePassed} would do something. */
  public boolean isDue(long now) {
    return due(deadline(), now);
  }

  /** When {@link TimePassed} is due next. */
  public OptionalLong deadline() {
    return earlier(retryAt, earlier(holdAt, keepaliveAt));
  }

  private void begin(long now, boolean passive) {
    if (passive) {
      enter(now, SessionState.ACTIVE);
    } else {
      connect(now);
    }
  }

  private void connect(long now) {
    enter(now, SessionState.CONNECT);
    retryAt = after(now, CONNECT_WAIT);
    outputs.add(new SessionOutput.RequestConnect());
  }

  /** Active: the peer may come; unless passive we try again after a while. */
  private void await(long now) {
    enter(now, SessionState.ACTIVE);
    if (!settings.passive()) {
      retryAt = after(now, backoff.next());
    }
  }

  private void sendOpen(long now, Opened opened) {
    enter(now, SessionState.OPEN_SENT);
    connection = OptionalLong.of(opened.connection());
    initiated = opened.initiated();
    ours = Optional.of(opened.open());
    holdAt = after(now, OPEN_WAIT);
    send(opened.open());
  }

  private void confirm(long now, Open open) {
    var objection = OpenCheck.objection(settings, open);
    if (objection.isPresent()) {
      fail(now, objection.get().notification(), objection.get().reason());
      return;
    }
    var agreed = Negotiated.of(ours.orElseThrow(), open);
    enter(now, SessionState.OPEN_CONFIRM);
    negotiated = Optional.of(agreed);
    send(KEEPALIVE);
    holdAgain(now);
    keepaliveAgain(now);
  }

  private void establish(long now) {
    var agreed = negotiated.orElseThrow();
    var keepalive = keepaliveAt;
    enter(now, SessionState.ESTABLISHED);
    holdAgain(now);
    keepaliveAt = keepalive;
    outputs.add(new SessionOutput.Up(agreed));
  }

  private void keepTime(long now) {
    if (due(holdAt, now)) {
      fail(now, Notifications.HOLD_TIMER_EXPIRED, "hold timer expired");
    } else if (due(keepaliveAt, now)) {
      send(KEEPALIVE);
      keepaliveAgain(now);
    }
  }

  private void holdAgain(long now) {
    var hold = negotiated.orElseThrow().hold();
    holdAt = hold.isZero() ? OptionalLong.empty() : after(now, hold);
  }

  private void keepaliveAgain(long now) {
    var hold = negotiated.orElseThrow().hold();
    keepaliveAt = hold.isZero() ? OptionalLong.empty() : after(now, hold.dividedBy(3));
  }

  private void stop(long now, Stop stop) {
    var said =
        stop.hard() && outlivesNotification()
            ? Notifications.hardReset(stop.notification())
            : stop.notification();
    close(Optional.of(said), stop.reason());
    ended(now, stop.reason(), !stop.hard() && outlivesNotification());
    rest(now, stop.idle());
  }

  /** RFC 8538 §4: routes stay over a NOTIFICATION, and only a hard reset takes them. */
  private boolean outlivesNotification() {
    return negotiated.filter(Negotiated::notification).isPresent();
  }

  /** An error of the peer or of time: tell it, close, and rest before the next attempt. */
  private void fail(long now, Notification notification, String error) {
    var reason = "sent NOTIFICATION " + code(notification) + ": " + error;
    close(Optional.of(notification), reason);
    ended(now, reason, outlivesNotification());
    rest(now, Optional.of(backoff.next()));
  }

  private void peerSaid(long now, Notification said) {
    var reason = "received NOTIFICATION " + NotificationText.describe(said);
    close(Optional.empty(), reason);
    ended(now, reason, outlivesNotification() && !Notifications.isHardReset(said));
    if (said.code() == Notifications.CONNECTION_COLLISION.code()
        && said.subcode() == Notifications.CONNECTION_COLLISION.subcode()) {
      await(now); // no error: the peer's other connection is about to arrive
    } else {
      rest(now, Optional.of(backoff.next()));
    }
  }

  /** The transport went by itself: no one is to blame, so the peer may come back at once. */
  private void lost(long now, String reason) {
    ended(now, "connection lost: " + reason, true);
    await(now);
  }

  private void superseded(long now) {
    var reason = "the peer restarted with a new connection";
    close(Optional.empty(), reason);
    ended(now, reason, true);
    await(now);
  }

  private void close(Optional<Notification> notification, String reason) {
    notification.ifPresent(this::send);
    outputs.add(new SessionOutput.Close(connection.orElseThrow(), reason));
  }

  private void ended(long now, String reason, boolean routesStay) {
    boolean established = state == SessionState.ESTABLISHED;
    if (established && now - sinceNanos >= STEADY.toNanos()) {
      backoff.reset();
    }
    var keep = routesStay ? negotiated.map(Negotiated::keep) : Optional.<Duration>empty();
    outputs.add(new SessionOutput.Ended(reason, established, keep.orElse(Duration.ZERO)));
  }

  private void rest(long now, Optional<Duration> duration) {
    enter(now, SessionState.IDLE);
    duration.ifPresent(time -> retryAt = after(now, time));
  }

  /**
   * Without a word: to a NOTIFICATION the peer would answer with a rest of its own, and two
   * speakers that refuse each other in turn never meet.
   */
  private void refuse(Opened opened) {
    outputs.add(new SessionOutput.Close(opened.connection(), "connection refused in " + state));
  }

  private void send(Message message) {
    outputs.add(new SessionOutput.Send(connection.orElseThrow(), List.of(message)));
  }

  /** Enters a state with no timer running; below OpenSent nothing of the connection is left. */
  private void enter(long now, SessionState next) {
    state = next;
    sinceNanos = now;
    retryAt = OptionalLong.empty();
    holdAt = OptionalLong.empty();
    keepaliveAt = OptionalLong.empty();
    if (!next.isConnected()) {
      connection = OptionalLong.empty();
      ours = Optional.empty();
      negotiated = Optional.empty();
    }
  }

  private static String code(Notification notification) {
    return notification.code() + "/" + notification.subcode();
  }

  private static boolean due(OptionalLong deadline, long now) {
    return deadline.isPresent() && deadline.getAsLong() <= now;
  }

  private static OptionalLong after(long now, Duration duration) {
    return OptionalLong.of(now + duration.toNanos());
  }

  private static OptionalLong earlier(OptionalLong a, OptionalLong b) {
    if (a.isEmpty() || b.isEmpty()) {
      return a.isEmpty() ? b : a;
    }
    return a.getAsLong() <= b.getAsLong() ? a : b;
  }
}
