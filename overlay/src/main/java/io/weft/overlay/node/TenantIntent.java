package io.weft.overlay.node;

import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import java.util.List;

/**
 * A tenant that routes, as it shall be: an IP-VRF (RFC 9136 §1.1).
 *
 * @param l3Vni what its routed packets travel in; no network and no other tenant has it
 * @param importTargets which routes it takes in, sorted
 * @param exportTargets what its own routes carry
 */
public record TenantIntent(
    String name, Vni l3Vni, List<RouteTarget> importTargets, List<RouteTarget> exportTargets) {
  public TenantIntent {
    importTargets = List.copyOf(importTargets);
    exportTargets = List.copyOf(exportTargets);
  }
}
