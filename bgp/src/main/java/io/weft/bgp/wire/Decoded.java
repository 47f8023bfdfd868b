package io.weft.bgp.wire;

/** What became of one framed message: always one of these, whatever the octets were. */
public sealed interface Decoded {
  /** A message to process. */
  record Good(Message message) implements Decoded {}

  /**
   * Nothing but ending the session is left (RFC 7606 §2 "session reset").
   *
   * @param notification what to send to the peer before closing
   * @param reason one sentence for people: field, value, rule
   */
  record Fatal(Message.Notification notification, String reason) implements Decoded {}
}
