package io.weft.kubernetes.resource;

import io.weft.net.ImportTarget;
import io.weft.net.RouteTarget;
import java.util.List;

/**
 * Which routes a network or a tenant takes and how it marks its own. Where a direction is given,
 * its list takes the place of that direction's automatic route targets.
 *
 * @param imports empty: the automatic ones; one may be of any AS
 * @param exports empty: the automatic one
 */
public record RouteTargets(List<ImportTarget> imports, List<RouteTarget> exports) {
  public static final RouteTargets AUTOMATIC = new RouteTargets(List.of(), List.of());

  public RouteTargets {
    imports = List.copyOf(imports);
    exports = List.copyOf(exports);
  }
}
