package io.weft.kubernetes.intent;

import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.Tenant;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import java.util.List;
import java.util.Optional;

/**
 * A tenant with everything that was left to be automatic filled in.
 *
 * @param l3Vni no network and no other tenant in force has it; empty: it does not route, because no
 *     network of it has a gateway or because of a problem
 * @param imports route targets of the routes it takes; empty without L3 VNI
 * @param exports route targets that its own routes carry; empty without L3 VNI
 */
public record ResolvedTenant(
    Tenant tenant, Optional<Vni> l3Vni, List<RouteTarget> imports, List<RouteTarget> exports) {
  public ResolvedTenant {
    imports = List.copyOf(imports);
    exports = List.copyOf(exports);
  }

  public String name() {
    return tenant.name();
  }

  static ResolvedTenant of(Tenant tenant, Optional<Vni> l3Vni, FabricSpec fabric) {
    return new ResolvedTenant(
        tenant,
        l3Vni,
        l3Vni.map(vni -> ResolvedNetwork.automaticImports(vni, fabric)).orElse(List.of()),
        l3Vni.map(vni -> ResolvedNetwork.automaticExports(vni, fabric)).orElse(List.of()));
  }
}
