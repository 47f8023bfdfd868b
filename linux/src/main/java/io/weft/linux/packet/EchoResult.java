package io.weft.linux.packet;

import io.weft.net.IpAddress;
import java.util.Optional;
import java.util.OptionalInt;

/** What came of one echo request. */
public sealed interface EchoResult {
  /** It came back whole. */
  record Reply(long roundTripNanos) implements EchoResult {
    /** For people. */
    @Override
    public String toString() {
      return String.format("reply in %.3f ms", roundTripNanos / 1e6);
    }
  }

  /** Nothing came in time: lost, or nobody has the address. */
  record NoReply() implements EchoResult {}

  /**
   * It is larger than a link on the way takes, and must not be fragmented.
   *
   * @param mtu octets of an IP packet that the way takes, as far as is known
   * @param router who said so by ICMP; empty: this host itself, or {@link IcmpEcho} does not ask
   */
  record TooBig(OptionalInt mtu, Optional<IpAddress> router) implements EchoResult {
    /** One that names no router. */
    public TooBig(OptionalInt mtu) {
      this(mtu, Optional.empty());
    }
  }

  /** The kernel did not send it: no route, an unreachable route, a link that is down. */
  record Failed(String reason) implements EchoResult {}
}
