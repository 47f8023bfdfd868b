package io.weft.linux.netlink;

import io.weft.net.IpAddress;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Where a route leads.
 *
 * @param via the gateway; may be IPv6 for an IPv4 route (RFC 8950); absent: on the link itself
 * @param link index of the outgoing link
 * @param onlink the gateway is on the link although no prefix there covers it (RTNH_F_ONLINK)
 */
public record NextHop(Optional<IpAddress> via, OptionalInt link, boolean onlink) {
  public static NextHop via(IpAddress gateway) {
    return new NextHop(Optional.of(gateway), OptionalInt.empty(), false);
  }

  public static NextHop via(IpAddress gateway, int link) {
    return new NextHop(Optional.of(gateway), OptionalInt.of(link), false);
  }

  public static NextHop onlink(IpAddress gateway, int link) {
    return new NextHop(Optional.of(gateway), OptionalInt.of(link), true);
  }

  public static NextHop on(int link) {
    return new NextHop(Optional.empty(), OptionalInt.of(link), false);
  }
}
