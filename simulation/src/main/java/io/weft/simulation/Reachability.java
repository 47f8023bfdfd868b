package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Looks into all kernels for the way from every pod to every pod that it should reach, and for ways
 * that should not be there.
 */
final class Reachability extends Look {
  private final FabricSize size;
  private final World world;
  private final Pods pods;

  /** The pods of each network, and of each routed tenant, with the node of each. */
  private final Map<Integer, TreeMap<MacAddress, Integer>> byNetwork;

  private final Map<Integer, TreeMap<IpAddress, Integer>> byTenant;
  private final Map<Integer, TreeSet<Integer>> networksOfNode;

  Reachability(FabricSize size, World world, Pods pods) {
    this.size = size;
    this.world = world;
    this.pods = pods;
    this.byNetwork = new TreeMap<>();
    this.byTenant = new TreeMap<>();
    this.networksOfNode = new TreeMap<>();
    for (var pod : pods.everybody()) {
      byNetwork.computeIfAbsent(pod.network(), _ -> new TreeMap<>()).put(pod.mac(), pod.node());
      byTenant
          .computeIfAbsent(pods.tenantOf(pod.network()), _ -> new TreeMap<>())
          .put(pod.ip(), pod.node());
      networksOfNode.computeIfAbsent(pod.node(), _ -> new TreeSet<>()).add(pod.network());
    }
  }

  @Override
  void node(int node, Findings found) {
    var networks = networksOfNode.getOrDefault(node, new TreeSet<>());
    var missing = new Missing<MacAddress>();
    for (int network : networks) {
      reached(macs(network), node).forEach(mac -> missing.add(network, mac));
    }
    for (var row : wrong(node, Kind.VXLAN_FDB, row -> isRight(node, row, missing))) {
      if (row instanceof VxlanFdbEntry entry) {
        say(found, node, entry, macs(FabricIntent.network(entry.vni())).get(entry.mac()));
      }
    }
    if (size.routed()) {
      var tenants = new TreeSet<Integer>();
      networks.forEach(network -> tenants.add(pods.tenantOf(network)));
      routes(node, tenants, found);
    }
    missing.forEach((network, mac) -> sayMissing(found, node, "net" + network + " " + mac));
  }

  private void routes(int node, SortedSet<Integer> tenants, Findings found) {
    var missing = new Missing<IpAddress>();
    for (int tenant : tenants) {
      reached(addresses(tenant), node).forEach(ip -> missing.add(tenant, ip));
    }
    for (var row : wrong(node, Kind.TENANT_ROUTE, row -> isRightRoute(node, row, missing))) {
      if (row instanceof TenantRoute route) {
        say(found, node, route, addresses(tenant(route)).get(route.prefix().address()));
      }
    }
    missing.forEach((tenant, ip) -> sayMissing(found, node, "tenant " + tenant + " " + ip));
  }

  private List<ForwardingObject> wrong(int node, Kind kind, Predicate<ForwardingObject> right) {
    return world.kernel("n" + node).objects(kind, right.negate());
  }

  /** Its pod is not missing any more; false when it leads elsewhere. */
  private boolean isRight(int node, ForwardingObject object, Missing<MacAddress> missing) {
    if (!(object instanceof VxlanFdbEntry entry)
        || entry.mac().equals(AddressPlan.routerMac(entry.vtep()))) {
      return true;
    }
    int network = FabricIntent.network(entry.vni());
    missing.remove(network, entry.mac());
    return isAt(node, macs(network).get(entry.mac()), entry.vtep());
  }

  /** The same of a route to a host. */
  private boolean isRightRoute(int node, ForwardingObject object, Missing<IpAddress> missing) {
    if (!(object instanceof TenantRoute route) || route.prefix().length() != 32) {
      return true;
    }
    missing.remove(tenant(route), route.prefix().address());
    var right = addresses(tenant(route)).get(route.prefix().address());
    return isAt(node, right, route.hops().getFirst().via());
  }

  private static int tenant(TenantRoute route) {
    return Integer.parseInt(route.namespace().substring("weft-t".length()));
  }

  /** The way from a node to the one where a pod is leads by this VTEP. */
  private boolean isAt(int from, @Nullable Integer node, IpAddress vtep) {
    return node != null && world.vteps().towards(from, node).filter(vtep::equals).isPresent();
  }

  private SortedMap<MacAddress, Integer> macs(int network) {
    return byNetwork.getOrDefault(network, new TreeMap<>());
  }

  private SortedMap<IpAddress, Integer> addresses(int tenant) {
    return byTenant.getOrDefault(tenant, new TreeMap<>());
  }

  /** What is on other nodes that have a VTEP of one family with this one. */
  private <T> Stream<T> reached(SortedMap<T, Integer> places, int node) {
    return places.entrySet().stream()
        .filter(at -> at.getValue() != node)
        .filter(at -> world.vteps().towards(node, at.getValue()).isPresent())
        .map(Map.Entry::getKey);
  }

  private static void say(
      Findings found, int node, ForwardingObject what, @Nullable Integer right) {
    var place = right == null ? "does not exist" : "is on n" + right;
    found.say(node, "%s, where the pod %s".formatted(what, place));
  }

  private static void sayMissing(Findings found, int node, String missing) {
    found.say("n" + node + " has no way to " + missing);
  }
}
