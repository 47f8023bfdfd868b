package io.weft.bfd;

/** Why a received packet was not used. Each is counted; none is answered. */
public enum Discard {
  /** Shorter than the mandatory section, or than its own length field (RFC 5880 §6.8.6). */
  TRUNCATED,
  VERSION,
  LENGTH,
  DETECT_MULTIPLIER_ZERO,
  MULTIPOINT,
  MY_DISCRIMINATOR_ZERO,
  /** Your Discriminator is zero in a state that must know ours. */
  YOUR_DISCRIMINATOR_ZERO,
  /** The A bit is set, and no session of ours uses authentication. */
  AUTHENTICATION,
  /** Came with a TTL that a neighbour's packet cannot have (RFC 5881 §5, RFC 5883 §5). */
  TIME_TO_LIVE,
  /** No session has the discriminator, or the peer. */
  NO_SESSION,
  /** Our own end is administratively down. */
  ADMIN_DOWN
}
