package io.weft.kubernetes.intent;

import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.Network;
import io.weft.net.ImportTarget;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import java.util.List;

/**
 * A network with everything that was left to be automatic filled in.
 *
 * @param vni the given or the automatic one; no other network in force has it
 * @param imports route targets of the routes it takes; never empty
 * @param exports route targets that its own routes carry; never empty
 */
public record ResolvedNetwork(
    Network network, Vni vni, List<ImportTarget> imports, List<RouteTarget> exports) {
  public ResolvedNetwork {
    imports = List.copyOf(imports);
    exports = List.copyOf(exports);
  }

  public String name() {
    return network.name();
  }

  /** True when the VNI was not given. */
  public boolean vniIsAutomatic() {
    return network.spec().vni().isEmpty();
  }

  /** With the given VNI, or the automatic one of the fabric's pool. */
  static ResolvedNetwork of(Network network, FabricSpec fabric) {
    var pool = fabric.vniPools().networks();
    var vni = network.spec().vni().orElseGet(() -> VniAllocation.automatic(network.name(), pool));
    return withVni(network, vni, fabric);
  }

  static ResolvedNetwork withVni(Network network, Vni vni, FabricSpec fabric) {
    var targets = network.spec().routeTargets();
    return new ResolvedNetwork(
        network,
        vni,
        targets.imports().isEmpty() ? automaticImports(vni, fabric) : targets.imports(),
        targets.exports().isEmpty() ? automaticExports(vni, fabric) : targets.exports());
  }

  /** Both forms: whoever exports may use the one or the other. */
  static List<ImportTarget> automaticImports(Vni vni, FabricSpec fabric) {
    return List.of(
        RouteTarget.automatic(fabric.asn(), vni), RouteTarget.automaticRfc8365(fabric.asn(), vni));
  }

  static List<RouteTarget> automaticExports(Vni vni, FabricSpec fabric) {
    return List.of(
        switch (fabric.autoRouteTarget()) {
          case SHORT -> RouteTarget.automatic(fabric.asn(), vni);
          case RFC8365 -> RouteTarget.automaticRfc8365(fabric.asn(), vni);
        });
  }
}
