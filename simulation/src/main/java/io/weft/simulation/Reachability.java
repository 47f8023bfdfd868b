package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Looks into all kernels for the way from every pod to every pod that it should reach, and for ways
 * that should not be there.
 */
final class Reachability extends Look {
  private final FabricSize size;
  private final World world;
  private final Pods pods;
  private final Places<MacAddress> byNetwork = new Places<>();

  /** Of routed tenants. */
  private final Places<IpAddress> byTenant = new Places<>();

  private final Map<Integer, TreeSet<Integer>> networksOfNode = new TreeMap<>();

  /** A row that leads to a pod: to which, by the number of its network or tenant, and where. */
  private record Way<T>(Shared.Row row, int number, T pod, IpAddress vtep) {}

  Reachability(FabricSize size, World world, Pods pods) {
    this.size = size;
    this.world = world;
    this.pods = pods;
    for (var pod : pods.everybody()) {
      byNetwork.add(pod.network(), pod.mac(), pod);
      byTenant.add(pods.tenantOf(pod.network()), pod.ip(), pod);
      networksOfNode.computeIfAbsent(pod.node(), _ -> new TreeSet<>()).add(pod.network());
    }
  }

  @Override
  void node(int node, Standing standing, Findings found) {
    var networks = networksOfNode.getOrDefault(node, new TreeSet<>());
    var rows = ways(standing.of(Kind.VXLAN_FDB), Reachability::row);
    ways(node, rows, byNetwork, networks, "net", found);
    if (size.routed()) {
      var tenants = new TreeSet<Integer>();
      networks.forEach(network -> tenants.add(pods.tenantOf(network)));
      var routes = ways(standing.of(Kind.TENANT_ROUTE), Reachability::route);
      ways(node, routes, byTenant, tenants, "tenant ", found);
    }
  }

  private static <T> List<Way<T>> ways(
      List<Shared.Row> rows, Function<Shared.Row, Optional<Way<T>>> way) {
    var ways = new ArrayList<Way<T>>();
    rows.forEach(row -> way.apply(row).ifPresent(ways::add));
    return ways;
  }

  /** None for that of a router. */
  private static Optional<Way<MacAddress>> row(Shared.Row row) {
    return row.object() instanceof VxlanFdbEntry entry
            && !entry.mac().equals(AddressPlan.routerMac(entry.vtep()))
        ? Optional.of(new Way<>(row, FabricIntent.network(entry.vni()), entry.mac(), entry.vtep()))
        : Optional.empty();
  }

  /** None for one that is not to a host. */
  private static Optional<Way<IpAddress>> route(Shared.Row row) {
    if (!(row.object() instanceof TenantRoute route) || route.prefix().length() != 32) {
      return Optional.empty();
    }
    int tenant = Integer.parseInt(route.namespace().substring("weft-t".length()));
    var vtep = route.hops().getFirst().via();
    return Optional.of(new Way<>(row, tenant, route.prefix().address(), vtep));
  }

  /**
   * Each of them, and as many as there have to be: two lead to one pod only where a VNI of former
   * times has a device, which {@link AddressTables} tells.
   */
  private <T extends Comparable<? super T>> void ways(
      int node,
      List<Way<T>> ways,
      Places<T> places,
      Collection<Integer> numbers,
      String kind,
      Findings found) {
    var wrong = new ArrayList<Way<T>>();
    int right = 0;
    for (var way : ways) {
      if (!isRight(node, way, places)) {
        wrong.add(way);
      } else if (numbers.contains(way.number)) {
        right++;
      }
    }
    wrong.sort(Comparator.comparing(way -> way.row.key()));
    for (var way : wrong) {
      say(found, node, way.row.object(), places.find(way.number, way.pod));
    }
    if (right != places.count(numbers, at -> isReached(node, at))) {
      var missing = places.all(numbers, at -> isReached(node, at));
      ways.forEach(way -> missing.remove(way.number, way.pod));
      missing.forEach(
          (number, pod) -> found.say("n" + node + " has no way to " + kind + number + " " + pod));
    }
  }

  /** It leads to another node, where its pod is. */
  private <T extends Comparable<? super T>> boolean isRight(
      int from, Way<T> way, Places<T> places) {
    return places
        .find(way.number, way.pod)
        .filter(pod -> pod.node() != from)
        .flatMap(pod -> world.vteps().towards(from, pod.node()))
        .filter(way.vtep::equals)
        .isPresent();
  }

  /** What is on other nodes that have a VTEP of one family with this one. */
  private boolean isReached(int from, int node) {
    return node != from && world.vteps().towards(from, node).isPresent();
  }

  private static void say(
      Findings found, int node, ForwardingObject what, Optional<Pods.Pod> right) {
    var place = right.map(pod -> "is on n" + pod.node()).orElse("does not exist");
    found.say(node, "%s, where the pod %s".formatted(what, place));
  }
}
