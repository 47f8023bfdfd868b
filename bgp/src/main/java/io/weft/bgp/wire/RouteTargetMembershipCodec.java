package io.weft.bgp.wire;

import io.weft.net.AutonomousSystem;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import io.weft.net.RouteTarget;

/**
 * Route target membership on the wire (RFC 4684 §4): {@code 1 length = 0 or 96 bits | 4 origin AS |
 * 8 route target}.
 */
final class RouteTargetMembershipCodec {
  private static final int FULL_BITS = 96;

  private RouteTargetMembershipCodec() {}

  /**
   * Reads what is behind the length; a length between 0 and 96, a whole range of targets, is not
   * taken.
   */
  static RouteTargetMembership decode(int bits, OctetReader body) throws MalformedInput {
    if (bits == 0) {
      return RouteTargetMembership.DEFAULT;
    }
    if (bits != FULL_BITS) {
      throw new MalformedInput("membership length: " + bits + ", neither 0 nor " + FULL_BITS);
    }
    long origin = body.u32("origin as");
    long target = body.u64("route target");
    if (origin == 0) {
      throw new MalformedInput("origin as: 0 is reserved (RFC 7607 §2)");
    }
    if (!RouteTarget.isRouteTarget(target)) {
      throw new MalformedInput("route target: " + Long.toHexString(target) + " is none");
    }
    return RouteTargetMembership.of(new AutonomousSystem(origin), new RouteTarget(target));
  }

  static int encodedLength(RouteTargetMembership route) {
    return route.target().isEmpty() ? 1 : 1 + FULL_BITS / 8;
  }

  static void encode(RouteTargetMembership route, OctetWriter out) {
    if (route.target().isEmpty()) {
      out.u8(0);
    } else {
      out.u8(FULL_BITS).u32(route.origin().orElseThrow().value());
      out.u64(route.target().get().value());
    }
  }
}
