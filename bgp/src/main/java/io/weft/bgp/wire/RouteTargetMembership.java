package io.weft.bgp.wire;

import io.weft.net.AutonomousSystem;
import io.weft.net.RouteTarget;
import java.util.Optional;

/**
 * "Send me what carries this route target" (RFC 4684 §4): its key is itself.
 *
 * @param origin the AS that wants it; empty with the default route target
 * @param target what is wanted; empty: everything (the default, of length 0)
 */
public record RouteTargetMembership(Optional<AutonomousSystem> origin, Optional<RouteTarget> target)
    implements Route {
  /** Everything is wanted (RFC 4684 §4: "a Prefix of length 0"). */
  public static final RouteTargetMembership DEFAULT =
      new RouteTargetMembership(Optional.empty(), Optional.empty());

  public RouteTargetMembership {
    if (origin.isPresent() != target.isPresent()) {
      throw new IllegalArgumentException("a route target and who wants it go together");
    }
  }

  public static RouteTargetMembership of(AutonomousSystem origin, RouteTarget target) {
    return new RouteTargetMembership(Optional.of(origin), Optional.of(target));
  }

  @Override
  public Family family() {
    return Family.ROUTE_TARGET;
  }

  @Override
  public RouteTargetMembership key() {
    return this;
  }

  @Override
  public String toString() {
    return target.map(t -> "rt:" + t + " for AS " + origin.orElseThrow()).orElse("rt:all");
  }
}
