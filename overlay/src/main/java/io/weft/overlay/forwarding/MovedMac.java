package io.weft.overlay.forwarding;

import io.weft.net.MacAddress;
import io.weft.net.Vni;

/**
 * Frames for a MAC that was here and is elsewhere now, which other nodes still send here: they go
 * back out, to where the {@link ForwardingObject.VxlanFdbEntry} of the MAC leads. A bridge sends
 * nothing out of the port that it came in by, so the kernel does it before the bridge. It ends by
 * itself after a while, whatever becomes of who wanted it (decisions/0044).
 *
 * @param ipv6 the row is that of the port of the IPv6 VTEP
 */
public record MovedMac(String namespace, Vni vni, MacAddress mac, boolean ipv6)
    implements ForwardingObject {
  @Override
  public ForwardingKey key() {
    return key(namespace, vni, mac);
  }

  /** The key of that of a MAC. */
  public static ForwardingKey key(String namespace, Vni vni, MacAddress mac) {
    return ForwardingKey.of(ForwardingKey.Kind.MOVED_MAC, namespace, vni, mac);
  }
}
