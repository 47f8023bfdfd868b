package io.weft.bfd;

import io.weft.net.Octets;

/** What is to be done. */
public sealed interface BfdEffect {
  /** Send with TTL 255, from the session's own source port. */
  record SendPacket(SessionKey session, Octets octets) implements BfdEffect {}

  /** Packets go both ways. */
  record PathUp(SessionKey session) implements BfdEffect {}

  /**
   * The path is no longer known to work.
   *
   * @param administrative the peer's operator took the session down; that says nothing about the
   *     path (RFC 5882 §3.2)
   */
  record PathDown(SessionKey session, String diagnostic, boolean administrative)
      implements BfdEffect {}

  /** For whoever reads logs. */
  record Report(String text) implements BfdEffect {}
}
