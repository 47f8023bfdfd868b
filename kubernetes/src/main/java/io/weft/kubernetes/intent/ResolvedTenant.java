package io.weft.kubernetes.intent;

import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.Tenant;
import io.weft.net.ImportTarget;
import io.weft.net.IpPrefix;
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
 * @param reaches what connections let it reach of other tenants, sorted by tenant
 */
public record ResolvedTenant(
    Tenant tenant,
    Optional<Vni> l3Vni,
    List<ImportTarget> imports,
    List<RouteTarget> exports,
    List<Reach> reaches) {
  public ResolvedTenant {
    imports = List.copyOf(imports);
    exports = List.copyOf(exports);
    reaches = List.copyOf(reaches);
  }

  /**
   * What it can reach of another tenant.
   *
   * @param targets what that tenant's routes carry
   * @param prefixes the only ones; none: everything
   */
  public record Reach(String tenant, List<ImportTarget> targets, List<IpPrefix> prefixes) {
    public Reach {
      targets = List.copyOf(targets);
      prefixes = List.copyOf(prefixes);
    }
  }

  ResolvedTenant withReaches(List<Reach> other) {
    return new ResolvedTenant(tenant, l3Vni, imports, exports, other);
  }

  /** What the tenant's routes carry, whoever says them: where automatic, both forms. */
  List<ImportTarget> carried(FabricSpec fabric) {
    return tenant.spec().routeTargets().exports().isEmpty()
        ? l3Vni.map(vni -> ResolvedNetwork.automaticImports(vni, fabric)).orElse(List.of())
        : List.copyOf(exports);
  }

  public String name() {
    return tenant.name();
  }

  static ResolvedTenant of(Tenant tenant, Optional<Vni> l3Vni, FabricSpec fabric) {
    if (l3Vni.isEmpty()) {
      return new ResolvedTenant(tenant, l3Vni, List.of(), List.of(), List.of());
    }
    var targets = tenant.spec().routeTargets();
    return new ResolvedTenant(
        tenant,
        l3Vni,
        targets.imports().isEmpty()
            ? ResolvedNetwork.automaticImports(l3Vni.get(), fabric)
            : targets.imports(),
        targets.exports().isEmpty()
            ? ResolvedNetwork.automaticExports(l3Vni.get(), fabric)
            : targets.exports(),
        List.of());
  }
}
