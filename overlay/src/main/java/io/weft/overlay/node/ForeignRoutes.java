package io.weft.overlay.node;

import io.weft.bgp.speaker.Path;
import io.weft.net.ImportTarget;
import io.weft.net.IpPrefix;
import io.weft.overlay.evpn.PrefixReading;
import io.weft.overlay.evpn.RemotePrefixes.RemotePrefix;
import java.util.ArrayList;
import java.util.List;

/**
 * What a connection lets one tenant take of another: routes of that tenant, and of them only what
 * lies within the allowed prefixes. They are never announced again, so that nobody reaches a third
 * tenant through the second.
 *
 * @param tenant whose routes they are
 * @param targets what its routes carry
 * @param prefixes a route enters when it lies within one of them; of a wider one those of them
 *     enter that it contains; none: all enter
 */
public record ForeignRoutes(String tenant, List<ImportTarget> targets, List<IpPrefix> prefixes) {
  public ForeignRoutes {
    targets = List.copyOf(targets);
    prefixes = List.copyOf(prefixes);
  }

  /**
   * What of a route enters.
   *
   * @param obstacle why nothing does; empty text where something does
   */
  record Entry(List<RemotePrefix> ways, String obstacle) {}

  /** What of the route enters by this connection. */
  Entry entry(Path path) {
    if (!Importer.carriesOneOf(targets, path)) {
      return nothing("it is no route of tenant " + tenant);
    }
    var reading = PrefixReading.of(path);
    if (reading.prefix().isEmpty()) {
      return nothing(
          reading.obstacle().isEmpty()
              ? "it names no L3 VNI, and only such routes pass a connection"
              : reading.obstacle());
    }
    var way = reading.prefix().get();
    var ways = parts(way.prefix()).stream().map(part -> way.ownedBy(tenant, part)).toList();
    return ways.isEmpty()
        ? nothing("its connection with tenant " + tenant + " is limited to " + prefixes)
        : new Entry(ways, "");
  }

  private static Entry nothing(String obstacle) {
    return new Entry(List.of(), obstacle);
  }

  /** What of the prefix is allowed; nothing of it twice. */
  private List<IpPrefix> parts(IpPrefix prefix) {
    if (prefixes.isEmpty() || prefixes.stream().anyMatch(allowed -> allowed.contains(prefix))) {
      return List.of(prefix);
    }
    var parts = new ArrayList<IpPrefix>();
    for (var allowed : prefixes) {
      boolean within =
          prefixes.stream().anyMatch(other -> !other.equals(allowed) && other.contains(allowed));
      if (!within && prefix.contains(allowed) && !parts.contains(allowed)) {
        parts.add(allowed);
      }
    }
    return parts;
  }
}
