package io.weft.bgp.session;

import io.weft.bgp.wire.Message;
import java.time.Duration;
import java.util.Optional;

/** What can happen to a session; the events of RFC 4271 §8.1. */
public sealed interface SessionInput {

  /** Leave Idle; with {@code passive} only wait for the peer (RFC 4271 §8.1.1 option 4). */
  record Start(boolean passive) implements SessionInput {}

  /**
   * End.
   *
   * @param notification said where there is a connection
   * @param idle stay Idle so long; empty: until Start
   * @param hard the peer's routes go and ours must: a hard reset where the difference is known (RFC
   *     8538 §3)
   */
  record Stop(
      Message.Notification notification, String reason, Optional<Duration> idle, boolean hard)
      implements SessionInput {}

  /** The peer restarted and came with a new connection: this one is dead (RFC 4724 §5). */
  record Superseded() implements SessionInput {}

  /**
   * A connection stands.
   *
   * @param initiated true when we opened it
   * @param open our OPEN for it
   */
  record Opened(long connection, boolean initiated, Message.Open open) implements SessionInput {}

  /** The connection that was asked for could not be made. */
  record ConnectFailed() implements SessionInput {}

  /** A well-formed message. */
  record Received(Message message) implements SessionInput {}

  /** Octets that leave nothing but a reset. */
  record Undecodable(Message.Notification notification, String reason) implements SessionInput {}

  /** The connection ended by itself. */
  record Lost(String reason) implements SessionInput {}

  /** Time has passed; deadlines are looked at. */
  record TimePassed() implements SessionInput {}
}
