package io.weft.bgp.wire;

import io.weft.bgp.wire.Message.Notification;
import io.weft.net.Octets;

/** Carries a {@link Decoded.Fatal} from the depth of a decoder to {@link MessageCodec}. */
final class SessionReset extends Exception {
  private final transient Decoded.Fatal fatal;

  SessionReset(int code, int subcode, Octets data, String reason) {
    super(reason, null, false, false);
    fatal = new Decoded.Fatal(new Notification(code, subcode, data), reason);
  }

  SessionReset(int code, int subcode, String reason) {
    this(code, subcode, Octets.EMPTY, reason);
  }

  Decoded.Fatal fatal() {
    return fatal;
  }
}
