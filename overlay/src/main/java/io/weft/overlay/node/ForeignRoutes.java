package io.weft.overlay.node;

import io.weft.bgp.speaker.Path;
import io.weft.net.ImportTarget;
import io.weft.net.IpPrefix;
import io.weft.overlay.evpn.PrefixReading;
import java.util.List;

/**
 * What a connection lets one tenant take of another: routes of that tenant, and of them only those
 * to the allowed prefixes. They are never announced again, so that nobody reaches a third tenant
 * through the second.
 *
 * @param tenant whose routes they are
 * @param targets what its routes carry
 * @param prefixes a route enters when it lies within one of them; none: all enter
 */
public record ForeignRoutes(String tenant, List<ImportTarget> targets, List<IpPrefix> prefixes) {
  public ForeignRoutes {
    targets = List.copyOf(targets);
    prefixes = List.copyOf(prefixes);
  }

  /** Why the route does not enter by this connection; empty text when it does. */
  String obstacle(Path path) {
    boolean carries =
        path.attributes().routeTargets().stream()
            .anyMatch(carried -> targets.stream().anyMatch(target -> target.matches(carried)));
    if (!carries) {
      return "it is no route of tenant " + tenant;
    }
    var way = PrefixReading.of(path).prefix();
    if (way.isEmpty() || way.get().router().isEmpty()) {
      return "it names no L3 VNI, and only such routes pass a connection";
    }
    var prefix = way.get().prefix();
    boolean allowed =
        prefixes.isEmpty()
            || prefixes.stream()
                .anyMatch(
                    outer -> outer.length() <= prefix.length() && outer.contains(prefix.address()));
    return allowed ? "" : "its connection with tenant " + tenant + " is limited to " + prefixes;
  }
}
