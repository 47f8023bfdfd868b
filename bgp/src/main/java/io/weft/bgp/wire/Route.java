package io.weft.bgp.wire;

/** What one NLRI says, of any family that Weft keeps. */
public sealed interface Route permits EvpnRoute, UnicastRoute, RouteTargetMembership {
  Family family();

  /**
   * The route with everything that is not its key set to zero: two routes with equal keys replace
   * each other, and a withdrawal names the key alone.
   */
  Route key();
}
