package io.weft.overlay.forwarding;

import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey.Kind;

/**
 * Frames to MACs that the bridge does not know leave by a {@link ForwardingObject.VxlanPort}, too,
 * to all of its flood list. An object of its own, because it follows from what other nodes say.
 *
 * @param ipv6 by the port of the IPv6 VTEP
 */
public record UnknownUnicast(String namespace, Vni vni, boolean ipv6) implements ForwardingObject {
  @Override
  public ForwardingKey key() {
    return new ForwardingKey(Kind.UNKNOWN_UNICAST, namespace, vni.value(), ipv6 ? "ipv6" : "");
  }
}
