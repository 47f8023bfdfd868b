package io.weft.bgp.speaker;

import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;

/**
 * Peers that may connect from a prefix without being known by address. Of several ranges the
 * narrowest counts, and a peer that is configured by address is none of them.
 *
 * @param template what each of them is to be; its address is not looked at
 */
public record PeerRange(IpPrefix prefix, PeerConfig template) {
  public PeerRange {
    if (!template.passive()) {
      throw new IllegalArgumentException("range " + prefix + ": only the peer can connect");
    }
  }

  /** Clients of a reflector, within its AS. */
  public static PeerRange clients(IpPrefix prefix, AutonomousSystem as) {
    return new PeerRange(prefix, new PeerConfig(prefix.address(), as, true, true));
  }

  PeerConfig peer(IpAddress address) {
    return template.at(address);
  }
}
