package io.weft.overlay.node;

import io.weft.net.MacAddress;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import java.util.Collection;
import java.util.HashSet;

/**
 * The agent that was here before this one. Nobody knows with which numbers it said the MACs that it
 * left in the kernel (RFC 7432 §15), and for a while its routes may stand elsewhere, or come late.
 */
final class Forerunner {
  private final HashSet<MacAddress> macs = new HashSet<>(); // only asked, never walked through
  private long untilNanos;

  /**
   * It left these.
   *
   * @param until nobody has its routes after that
   */
  void left(Collection<ForwardingObject> standing, long until) {
    untilNanos = until;
    for (var object : standing) {
      switch (object) {
        case EndpointPort port -> macs.add(port.mac());
        case LocalFdbEntry row -> macs.add(row.mac());
        default -> {} // of other nodes
      }
    }
  }

  /** Somebody may have its routes of the MAC, or hear of them yet. */
  boolean maySay(MacAddress mac, long now) {
    return now - untilNanos < 0 && macs.contains(mac);
  }
}
