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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

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
    ways(node, rows(node, standing), byNetwork, networks, "net", found);
    if (size.routed()) {
      var tenants = new TreeSet<Integer>();
      networks.forEach(network -> tenants.add(pods.tenantOf(network)));
      ways(node, routes(node, standing), byTenant, tenants, "tenant ", found);
    }
  }

  /**
   * Those of pods, not of routers. Two lead to one pod only where a VNI of former times has a
   * device, which {@link AddressTables} tells.
   */
  private List<Places.Said<MacAddress>> rows(int node, Standing standing) {
    var rows = new ArrayList<Places.Said<MacAddress>>();
    for (var row : standing.of(Kind.VXLAN_FDB)) {
      if (row.object() instanceof VxlanFdbEntry entry
          && !entry.mac().equals(AddressPlan.routerMac(entry.vtep()))) {
        int network = FabricIntent.network(entry.vni());
        var pod = byNetwork.find(network, entry.mac());
        rows.add(new Places.Said<>(row, network, entry.mac(), leadsTo(node, pod, entry.vtep())));
      }
    }
    return rows;
  }

  /** Those to hosts. */
  private List<Places.Said<IpAddress>> routes(int node, Standing standing) {
    var routes = new ArrayList<Places.Said<IpAddress>>();
    for (var row : standing.of(Kind.TENANT_ROUTE)) {
      if (row.object() instanceof TenantRoute route && route.prefix().length() == 32) {
        int tenant = Integer.parseInt(route.namespace().substring("weft-t".length()));
        var ip = route.prefix().address();
        var pod = byTenant.find(tenant, ip);
        boolean right = leadsTo(node, pod, route.hops().getFirst().via());
        routes.add(new Places.Said<>(row, tenant, ip, right));
      }
    }
    return routes;
  }

  private <T extends Comparable<? super T>> void ways(
      int node,
      List<Places.Said<T>> ways,
      Places<T> places,
      Collection<Integer> numbers,
      String kind,
      Findings found) {
    places.compare(
        ways,
        numbers,
        at -> isReached(node, at),
        way -> say(found, node, way.row().object(), places.find(way.number(), way.what())),
        (number, pod) -> found.say("n" + node + " has no way to " + kind + number + " " + pod));
  }

  /** The pod is on another node, and this is the way there. */
  private boolean leadsTo(int from, Optional<Pods.Pod> pod, IpAddress vtep) {
    return pod.filter(there -> there.node() != from)
        .flatMap(there -> world.vteps().towards(from, there.node()))
        .filter(vtep::equals)
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
