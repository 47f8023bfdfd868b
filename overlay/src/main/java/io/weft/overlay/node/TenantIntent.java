package io.weft.overlay.node;

import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import java.util.List;
import java.util.Optional;

/**
 * A tenant that routes, as it shall be: an IP-VRF (RFC 9136 §1.1).
 *
 * @param l3Vni what its routed packets travel in; no network and no other tenant has it
 * @param importTargets which routes it takes in, sorted
 * @param exportTargets what its own routes carry
 * @param egress its way out through the node; empty: none
 */
public record TenantIntent(
    String name,
    Vni l3Vni,
    List<RouteTarget> importTargets,
    List<RouteTarget> exportTargets,
    Optional<EgressIntent> egress) {
  public TenantIntent {
    importTargets = List.copyOf(importTargets);
    exportTargets = List.copyOf(exportTargets);
  }

  /** One without a way out through the node. */
  public TenantIntent(
      String name, Vni l3Vni, List<RouteTarget> importTargets, List<RouteTarget> exportTargets) {
    this(name, l3Vni, importTargets, exportTargets, Optional.empty());
  }

  /** The same with a way out. */
  public TenantIntent withEgress(Optional<EgressIntent> other) {
    return new TenantIntent(name, l3Vni, importTargets, exportTargets, other);
  }
}
