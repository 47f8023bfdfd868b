package io.weft.bgp.session;

import io.weft.bgp.wire.Message;
import java.time.Duration;
import java.util.List;

/** What a session wants done or known, in order. */
public sealed interface SessionOutput {

  /** Open a connection to the peer. */
  record RequestConnect() implements SessionOutput {}

  /** Send on the connection. */
  record Send(long connection, List<Message> messages) implements SessionOutput {}

  /** Close the connection after what was sent. */
  record Close(long connection, String reason) implements SessionOutput {}

  /** Established. */
  record Up(Negotiated negotiated) implements SessionOutput {}

  /** An UPDATE to process; only when Established. */
  record Routes(Message.Update update) implements SessionOutput {}

  /** A ROUTE-REFRESH to answer; only when Established. */
  record Refresh(Message.RouteRefresh refresh) implements SessionOutput {}

  /**
   * The connection is over.
   *
   * @param established whether the session was up
   * @param keepRoutes how long the peer's routes stay: its restart time when the transport went
   *     without a word (RFC 4724 §4.2), or with one that is no hard reset where both know the
   *     difference (RFC 8538 §4); else zero
   */
  record Ended(String reason, boolean established, Duration keepRoutes) implements SessionOutput {}
}
