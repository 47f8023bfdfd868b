package io.weft.bgp.wire;

import io.weft.net.IpPrefix;

/** A prefix of IPv4 or IPv6 unicast (RFC 4271 §4.3, RFC 4760 §5): its key is itself. */
public record UnicastRoute(IpPrefix prefix) implements Route {
  @Override
  public Family family() {
    return prefix.address().isIpv4() ? Family.IPV4_UNICAST : Family.IPV6_UNICAST;
  }

  @Override
  public UnicastRoute key() {
    return this;
  }

  @Override
  public String toString() {
    return prefix.toString();
  }
}
