package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Looks into all kernels for the way from every pod to every pod that it should reach, and for ways
 * that should not be there.
 */
final class Reachability {
  /** Differences that are told; more are as good as these. */
  private static final int MOST = 10;

  private final FabricSize size;
  private final World world;
  private final Pods pods;

  /** The pods of each network, and of each routed tenant, with the node of each. */
  private final Map<Integer, TreeMap<MacAddress, Integer>> byNetwork = new TreeMap<>();

  private final Map<Integer, TreeMap<IpAddress, Integer>> byTenant = new TreeMap<>();
  private final Map<Integer, TreeSet<Integer>> networksOfNode = new TreeMap<>();
  private final List<String> differences = new ArrayList<>();

  private Reachability(FabricSize size, World world, Pods pods) {
    this.size = size;
    this.world = world;
    this.pods = pods;
    for (var pod : pods.all()) {
      byNetwork.computeIfAbsent(pod.network(), _ -> new TreeMap<>()).put(pod.mac(), pod.node());
      byTenant
          .computeIfAbsent(pods.tenantOf(pod.network()), _ -> new TreeMap<>())
          .put(pod.ip(), pod.node());
      networksOfNode.computeIfAbsent(pod.node(), _ -> new TreeSet<>()).add(pod.network());
    }
  }

  /** What is not as it should be; nothing when every kernel has exactly the right ways. */
  static List<String> differences(FabricSize size, World world, Pods pods) {
    var look = new Reachability(size, world, pods);
    for (int node = 1; node <= size.nodes() && look.differences.size() < MOST; node++) {
      look.node(node);
    }
    return look.differences;
  }

  private void node(int node) {
    var networks = networksOfNode.getOrDefault(node, new TreeSet<>());
    var missing = new Missing<MacAddress>("net");
    for (int network : networks) {
      elsewhere(macs(network), node).forEach(mac -> missing.add(network, mac));
    }
    for (var object : world.kernel("n" + node).objects(Kind.VXLAN_FDB)) {
      if (object instanceof VxlanFdbEntry entry
          && !entry.mac().equals(AddressPlan.routerMac(entry.vtep()))) {
        int network = FabricIntent.network(entry.vni());
        missing.remove(network, entry.mac());
        place(node, entry, Optional.ofNullable(macs(network).get(entry.mac())), entry.vtep());
      }
    }
    if (size.routed()) {
      var tenants = new TreeSet<Integer>();
      networks.forEach(network -> tenants.add(pods.tenantOf(network)));
      routes(node, tenants);
    }
    missing.say(node);
  }

  private void routes(int node, SortedSet<Integer> tenants) {
    var missing = new Missing<IpAddress>("tenant ");
    for (int tenant : tenants) {
      elsewhere(addresses(tenant), node).forEach(ip -> missing.add(tenant, ip));
    }
    for (var object : world.kernel("n" + node).objects(Kind.TENANT_ROUTE)) {
      if (object instanceof TenantRoute route && route.prefix().length() == 32) {
        int tenant = Integer.parseInt(route.namespace().substring("weft-t".length()));
        missing.remove(tenant, route.prefix().address());
        var right = Optional.ofNullable(addresses(tenant).get(route.prefix().address()));
        place(node, route, right, route.hops().getFirst().via());
      }
    }
    missing.say(node);
  }

  /** What a kernel should have and was not seen yet, by network or tenant. */
  private final class Missing<T extends Comparable<? super T>> {
    private final String of;
    private final TreeMap<Integer, TreeSet<T>> byNumber = new TreeMap<>();

    Missing(String of) {
      this.of = of;
    }

    void add(int number, T what) {
      byNumber.computeIfAbsent(number, _ -> new TreeSet<>()).add(what);
    }

    void remove(int number, T what) {
      byNumber.getOrDefault(number, new TreeSet<>()).remove(what);
    }

    void say(int node) {
      byNumber.forEach(
          (number, those) ->
              those.stream()
                  .limit(MOST)
                  .forEach(
                      what ->
                          Reachability.this.say(
                              "n" + node + " has no way to " + of + number + " " + what)));
    }
  }

  private SortedMap<MacAddress, Integer> macs(int network) {
    return byNetwork.getOrDefault(network, new TreeMap<>());
  }

  private SortedMap<IpAddress, Integer> addresses(int tenant) {
    return byTenant.getOrDefault(tenant, new TreeMap<>());
  }

  private static <T> Stream<T> elsewhere(SortedMap<T, Integer> places, int node) {
    return places.entrySet().stream().filter(at -> at.getValue() != node).map(Map.Entry::getKey);
  }

  private void place(int node, Object what, Optional<Integer> right, IpAddress vtep) {
    if (!right.map(World::vtep).equals(Optional.of(vtep))) {
      say(
          "n%d: %s, where the pod %s"
              .formatted(node, what, right.map(at -> "is on n" + at).orElse("does not exist")));
    }
  }

  private void say(String difference) {
    if (differences.size() < MOST) {
      differences.add(difference);
    }
  }
}
