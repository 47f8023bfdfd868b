package io.weft.bgp.speaker;

import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import java.util.List;
import java.util.Optional;

/** What a speaker wants done, in this order. */
public sealed interface SpeakerEffect {

  /** Open a TCP connection to port 179 of the peer; answer Connected or ConnectFailed. */
  record Connect(IpAddress peer) implements SpeakerEffect {}

  /** Encode and write, in order. */
  record Send(long connection, List<Message> messages) implements SpeakerEffect {}

  /** Close after what was sent has left; no Disconnected is expected for it. */
  record Close(long connection, String reason) implements SpeakerEffect {}

  /**
   * The best path of a route key changed; empty: there is none any more. Learned routes only.
   *
   * @param multipath the best path and, of unicast routes, all that are as good up to the interior
   *     cost (RFC 4271 §9.1.2.2 e), best first, one for each next hop, at most 64
   */
  record BestPathChanged(Route key, Optional<Path> path, List<Path> multipath)
      implements SpeakerEffect {
    public BestPathChanged {
      multipath = List.copyOf(multipath);
      if (!path.equals(first(multipath))) {
        throw new IllegalArgumentException("the best path is the first of " + multipath);
      }
    }

    /** The paths in use, best first. */
    public BestPathChanged(Route key, List<Path> multipath) {
      this(key, first(multipath), multipath);
    }

    private static Optional<Path> first(List<Path> multipath) {
      return multipath.isEmpty() ? Optional.empty() : Optional.of(multipath.getFirst());
    }
  }

  /** A session is up. */
  record PeerUp(IpAddress peer) implements SpeakerEffect {}

  /** A session ended; routes may stay for the restart time (RFC 4724 §4.2). */
  record PeerDown(IpAddress peer, String reason) implements SpeakerEffect {}

  /** The peer has sent all that it had for the family. */
  record EndOfRibReceived(IpAddress peer, Family family) implements SpeakerEffect {}

  /** Something that a person should know: a fault in an UPDATE, a refused connection, a limit. */
  record Report(IpAddress peer, String text) implements SpeakerEffect {}
}
