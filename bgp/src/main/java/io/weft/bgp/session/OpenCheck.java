package io.weft.bgp.session;

import io.weft.bgp.wire.Message.Notification;
import io.weft.bgp.wire.Message.Open;
import java.util.Optional;

/** What an OPEN must fulfil before a session goes on (RFC 4271 §6.2). */
public final class OpenCheck {
  private static final int SMALLEST_HOLD_SECONDS = 3;

  private OpenCheck() {}

  /** An objection, with what to tell the peer and what to tell people. */
  public record Objection(Notification notification, String reason) {}

  /** The first objection to an OPEN from the peer of {@code settings}. */
  public static Optional<Objection> objection(SessionSettings settings, Open open) {
    if (!settings.peerAs().accepts(open.as(), settings.localAs())) {
      return object(
          Notifications.BAD_PEER_AS, "AS " + open.as() + " where " + settings.peerAs() + " is due");
    }
    // RFC 6286 §2.2: not zero, and unique within an AS.
    if (open.routerId().isUnspecified()
        || settings.isInternal() && open.routerId().equals(settings.routerId())) {
      return object(
          Notifications.BAD_BGP_IDENTIFIER, "BGP identifier " + open.routerId() + " is not usable");
    }
    if (open.holdSeconds() != 0 && open.holdSeconds() < SMALLEST_HOLD_SECONDS) {
      return object(
          Notifications.UNACCEPTABLE_HOLD_TIME, "hold time " + open.holdSeconds() + " s is 1 or 2");
    }
    if (settings.families().stream().noneMatch(family -> Negotiated.offers(open, family))) {
      return object(
          Notifications.familiesMissing(settings.families()),
          "the peer offers none of "
              + settings.families()
              + ": nothing could be exchanged; configure a common address family");
    }
    return Optional.empty();
  }

  private static Optional<Objection> object(Notification notification, String reason) {
    return Optional.of(new Objection(notification, reason));
  }
}
