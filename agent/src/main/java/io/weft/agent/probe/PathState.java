package io.weft.agent.probe;

import io.weft.net.IpAddress;
import io.weft.overlay.node.Tunnel;
import java.util.Optional;

/** What was found of the path of a tunnel. */
public sealed interface PathState {
  Tunnel tunnel();

  /** The largest packet that an endpoint may send gets through. */
  record Passes(Tunnel tunnel) implements PathState {}

  /**
   * It does not, though smaller ones do.
   *
   * @param passes octets of the largest outer packet that gets through
   * @param place where larger ones end
   */
  record TooNarrow(Tunnel tunnel, int passes, Place place) implements PathState {
    /** Octets of the largest packet of an endpoint that gets through. */
    public int overlayPasses() {
      return passes - Tunnel.overhead(tunnel.remote());
    }
  }

  /** Nothing can be said of it, such as where ICMP is filtered: this is no finding. */
  record Unknown(Tunnel tunnel, String reason) implements PathState {}

  /** Where a path is too narrow. */
  sealed interface Place {
    /** On this node: its route to the VTEP, or the link. */
    record Here() implements Place {}

    /** Behind a router that said so by ICMP (RFC 792, RFC 4443 §3.2). */
    record Behind(IpAddress router) implements Place {}

    /** Packets vanish, and nobody says where: a switch drops them, or ICMP is filtered. */
    record Silent() implements Place {}

    static Place of(Optional<IpAddress> router) {
      return router.<Place>map(Behind::new).orElseGet(Here::new);
    }
  }
}
