package io.weft.bgp.rib;

import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;

/**
 * Where routes come from or go to: a session of a peer, or this speaker.
 *
 * @param address of the peer; of ourselves the BGP identifier
 * @param routerId its BGP identifier
 * @param allowAsIn how often our AS may stand in the AS_PATH of what comes from it
 */
public record Source(
    IpAddress address, Ipv4Address routerId, AutonomousSystem as, Kind kind, int allowAsIn) {

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

  /** A peer of which no AS_PATH with our AS is taken (RFC 4271 §9.1.2). */
  public Source(IpAddress address, Ipv4Address routerId, AutonomousSystem as, Kind kind) {
    this(address, routerId, as, kind, 0);
  }

  public static Source local(Ipv4Address routerId, AutonomousSystem as) {
    return new Source(routerId, routerId, as, Kind.LOCAL);
  }

  public boolean isLocal() {
    return kind == Kind.LOCAL;
  }
}
