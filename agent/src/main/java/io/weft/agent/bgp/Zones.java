package io.weft.agent.bgp;

import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxException;
import io.weft.net.IpAddress;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * Between our addresses and Java's: the zone of a link-local one is the name of its interface here,
 * and the index there, as in a C socket address (RFC 4007 §11). In the network namespace of the
 * calling thread.
 */
final class Zones {
  private Zones() {}

  /**
   * For a socket to bind or connect to.
   *
   * @throws LinuxException ENODEV when there is no such interface
   */
  static InetAddress inet(IpAddress address) throws UnknownHostException {
    var link = address.linkName();
    return link.isEmpty()
        ? InetAddress.getByAddress(address.octets())
        : Inet6Address.getByAddress(null, address.octets(), Libc.if_nametoindex(link.get()));
  }

  /**
   * What a socket says of one of its ends.
   *
   * @throws LinuxException ENXIO when the interface is gone
   */
  static IpAddress of(InetAddress end) {
    var address = IpAddress.of(end.getAddress());
    return end instanceof Inet6Address v6 && address.isLinkLocal() && v6.getScopeId() != 0
        ? IpAddress.parseWithZone(address + "%" + Libc.if_indextoname(v6.getScopeId()))
        : address;
  }
}
