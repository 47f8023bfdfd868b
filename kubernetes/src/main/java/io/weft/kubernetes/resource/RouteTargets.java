package io.weft.kubernetes.resource;

import io.weft.net.RouteTarget;
import java.util.List;

/**
 * Which routes a network takes and how it marks its own. Either list takes the place of the
 * automatic route targets of its direction.
 *
 * @param imports in files {@code import}; empty: the automatic ones
 * @param exports in files {@code export}; empty: the automatic one
 */
public record RouteTargets(List<RouteTarget> imports, List<RouteTarget> exports) {
  public static final RouteTargets AUTOMATIC = new RouteTargets(List.of(), List.of());

  public RouteTargets {
    imports = List.copyOf(imports);
    exports = List.copyOf(exports);
  }
}
