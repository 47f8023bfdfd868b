package io.weft.bgp.rib;

import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;

/**
 * Where routes come from or go to: a session of a peer, or this speaker.
 *
 * @param address of the peer; of ourselves the BGP identifier
 * @param routerId its BGP identifier
 */
public record Source(IpAddress address, Ipv4Address routerId, AutonomousSystem as, Kind kind) {

  /** What decides who may hear a route (RFC 4456 §6). */
  public enum Kind {
    LOCAL,
    EXTERNAL,
    CLIENT,
    NON_CLIENT;

    public boolean isInternal() {
      return this == CLIENT || this == NON_CLIENT;
    }
  }

  public static Source local(Ipv4Address routerId, AutonomousSystem as) {
    return new Source(routerId, routerId, as, Kind.LOCAL);
  }

  public boolean isLocal() {
    return kind == Kind.LOCAL;
  }
}
