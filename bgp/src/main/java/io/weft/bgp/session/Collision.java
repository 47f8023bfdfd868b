package io.weft.bgp.session;

import io.weft.bgp.wire.Message.Open;
import java.time.Duration;

/**
 * Which of two connections with one peer stays (RFC 4271 §6.8), told at the moment when an OPEN
 * came on the newer or the older one.
 */
public enum Collision {
  /** The connection on which the OPEN came goes. */
  CLOSE_THIS,
  /** The other one goes. */
  CLOSE_OTHER,
  /** The peer has restarted and the other one is dead: it goes, its routes stay (RFC 4724 §5). */
  OTHER_IS_DEAD;

  /**
   * An OPEN on a second connection so soon after the first was established may have crossed it on
   * the way; later it cannot, since a speaker with an established session sends no OPEN.
   */
  static final Duration CROSSING = Duration.ofSeconds(3);

  /**
   * Settles it.
   *
   * @param thisIsNewer whether the connection of the OPEN was made after the other
   */
  public static Collision settle(
      long now,
      SessionSettings settings,
      Session session,
      Session other,
      boolean thisIsNewer,
      Open open) {
    boolean sameSide = session.isInitiated() == other.isInitiated();
    if (sameSide && !thisIsNewer) {
      return CLOSE_THIS; // who opens a second connection has given up the first
    }
    if (other.state() == SessionState.ESTABLISHED
        && (sameSide || now - other.sinceNanos() >= CROSSING.toNanos())) {
      return restarted(settings, other, open) ? OTHER_IS_DEAD : CLOSE_THIS;
    }
    if (sameSide) {
      return CLOSE_OTHER;
    }
    return session.isInitiated() == oursIsKept(settings, open) ? CLOSE_OTHER : CLOSE_THIS;
  }

  private static boolean restarted(SessionSettings settings, Session other, Open open) {
    return other.negotiated().map(agreed -> !agreed.keep().isZero()).orElse(false)
        && Negotiated.graceful(open, settings.families()).isPresent();
  }

  /**
   * The speaker with the higher identifier keeps what it opened; equal: the higher AS (RFC 6286).
   */
  private static boolean oursIsKept(SessionSettings settings, Open open) {
    int order = settings.routerId().compareTo(open.routerId());
    return order != 0 ? order > 0 : settings.localAs().compareTo(open.as()) > 0;
  }
}
