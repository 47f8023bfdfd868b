package io.weft.simulation;

import io.weft.net.MacAddress;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.MovedMac;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Follows the frames that nodes send on for MACs which have moved away (decisions/0044): none may
 * come back to where it was. A bridge sends nothing out of the port that it came in by, so no other
 * frame goes from node to node to node. Where two nodes have one VTEP nobody can tell which of them
 * gets a frame: such ways are not followed.
 */
final class Circles {
  private final TreeMap<String, Supplier<SimulatedKernel>> kernels = new TreeMap<>();

  /** Where frames for a MAC of one tenant may be sent on. */
  private final TreeMap<String, LinkedHashSet<Stop>> stops = new TreeMap<>();

  private record Stop(String node, MovedMac moved) {}

  void add(String node, Supplier<SimulatedKernel> kernel) {
    kernels.put(node, kernel);
  }

  /** Whether there may be one because of this. */
  boolean mayBe(List<KernelChange> changes) {
    for (var change : changes) {
      boolean may =
          switch (change) {
            case KernelChange.Put(MovedMac _) -> true;
            case KernelChange.Put(VxlanFdbEntry row) ->
                !stops.isEmpty() && stops.containsKey(name(row.namespace(), row.mac()));
            default -> false;
          };
      if (may) {
        return true;
      }
    }
    return false;
  }

  /** What was just written to a node; the circle that there is now, if there is one. */
  Optional<String> check(String node, List<KernelChange> changes) {
    for (var change : changes) {
      if (change instanceof KernelChange.Put(MovedMac moved)) {
        stops
            .computeIfAbsent(name(moved.namespace(), moved.mac()), _ -> new LinkedHashSet<>())
            .add(new Stop(node, moved));
      }
    }
    if (stops.isEmpty()) {
      return Optional.empty();
    }
    for (var change : changes) {
      var circle =
          switch (change) {
            case KernelChange.Put(MovedMac moved) -> circle(moved.namespace(), moved.mac());
            case KernelChange.Put(VxlanFdbEntry row) -> circle(row.namespace(), row.mac());
            default -> Optional.<String>empty();
          };
      if (circle.isPresent()) {
        return circle;
      }
    }
    return Optional.empty();
  }

  private static String name(String namespace, MacAddress mac) {
    return namespace + " " + mac;
  }

  private Optional<String> circle(String namespace, MacAddress mac) {
    var name = name(namespace, mac);
    var standing = stops.get(name);
    if (standing == null) {
      return Optional.empty();
    }
    standing.removeIf(stop -> !kernel(stop.node()).has(stop.moved().key()));
    if (standing.isEmpty()) {
      stops.remove(name);
    }
    for (var start : standing) {
      var seen = new LinkedHashSet<Stop>();
      var at = Optional.of(start);
      while (at.isPresent() && seen.add(at.get())) {
        at = next(at.get(), standing);
      }
      if (at.isPresent()) {
        var nodes = new ArrayList<String>();
        seen.forEach(stop -> nodes.add(stop.node()));
        return Optional.of(
            "a frame for %s goes round: %s, %s".formatted(name, nodes, at.get().node()));
      }
    }
    return Optional.empty();
  }

  /** Where a frame that is sent on is sent on again; empty where it ends, or may end. */
  private Optional<Stop> next(Stop from, Set<Stop> standing) {
    var row = row(from);
    var there =
        row.stream()
            .flatMap(to -> kernels.keySet().stream().filter(node -> receives(node, to)))
            .toList();
    return there.size() != 1
        ? Optional.empty()
        : standing.stream()
            .filter(stop -> stop.node().equals(there.getFirst()))
            .filter(stop -> stop.moved().vni().equals(row.orElseThrow().destinationVni()))
            .findFirst();
  }

  private Optional<VxlanFdbEntry> row(Stop stop) {
    var moved = stop.moved();
    return kernel(stop.node())
        .observe(ForwardingKey.vxlanRow(moved.namespace(), moved.vni(), moved.mac(), moved.ipv6()))
        .object()
        .map(VxlanFdbEntry.class::cast);
  }

  private boolean receives(String node, VxlanFdbEntry row) {
    var port = ForwardingKey.vxlanPort(row.namespace(), row.destinationVni(), row.vtep());
    return kernel(node).observe(port).object().orElse(null) instanceof VxlanPort there
        && there.local().equals(row.vtep());
  }

  private SimulatedKernel kernel(String node) {
    return Optional.ofNullable(kernels.get(node)).orElseThrow().get();
  }
}
