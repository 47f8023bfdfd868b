package io.weft.bfd;

import io.weft.net.IpAddress;
import io.weft.net.Octets;
import java.util.List;
import java.util.Optional;

/** What happens to the brain. */
public sealed interface BfdEvent {
  /** Exactly these sessions are wanted from now on. */
  record SessionsChanged(List<BfdSettings> wanted) implements BfdEvent {
    public SessionsChanged {
      wanted = List.copyOf(wanted);
    }
  }

  /**
   * A datagram came in on the port of single hop or multihop sessions.
   *
   * @param interfaceName it came in by; empty where that is not known
   * @param ttl as it arrived, 0..255
   */
  record PacketReceived(
      IpAddress from,
      IpAddress to,
      Optional<String> interfaceName,
      int ttl,
      Octets octets,
      boolean multihop)
      implements BfdEvent {}

  /** The time of {@link Bfd#nextDeadline} has come. */
  record DeadlineReached() implements BfdEvent {}
}
