package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.Vni;
import java.util.Collection;

/**
 * Route distinguishers of this node (RFC 7432 §7.9): the router ID and a number that the network or
 * tenant has alone. Where nodes have VTEPs of both families, what is said by that of IPv6 has
 * another number, so that both are heard, and the same router ID, so that they are known to be one
 * node's (decisions/0023).
 */
final class Distinguishers {
  private static final int IPV6 = 0x8000;

  private Distinguishers() {}

  /** From the VNI, the next number if that is taken. */
  static RouteDistinguisher free(Vni vni, Underlay underlay, Collection<RouteDistinguisher> taken) {
    int number = vni.value() & 0xffff;
    while (isTaken(underlay, number, taken)) {
      number = (number + 1) & 0xffff;
    }
    return RouteDistinguisher.of(underlay.routerId(), number);
  }

  /** True when the number, or the one that goes with it, is another's. */
  static boolean isTaken(Underlay underlay, int number, Collection<RouteDistinguisher> taken) {
    return taken.contains(RouteDistinguisher.of(underlay.routerId(), number))
        || underlay.dual()
            && taken.contains(RouteDistinguisher.of(underlay.routerId(), number ^ IPV6));
  }

  /** The number alone. */
  static int number(RouteDistinguisher rd) {
    return (int) (rd.value() & 0xffff);
  }

  /** What is said by one of our VTEPs has this one. */
  static RouteDistinguisher of(RouteDistinguisher rd, Underlay underlay, IpAddress vtep) {
    return underlay.dual() && !vtep.isIpv4()
        ? RouteDistinguisher.of(underlay.routerId(), number(rd) ^ IPV6)
        : rd;
  }
}
