package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Looks into all kernels for the bridges, neighbours and flood list of each network: its VNI of
 * now, exactly its pods, and exactly the other nodes that have some.
 */
final class AddressTables extends Look {
  private final FabricSize size;
  private final FabricIntent intent;
  private final World world;
  private final Pods all;
  private final TreeMap<Integer, TreeMap<IpAddress, Pods.Pod>> pods;
  private final TreeMap<Integer, TreeSet<Integer>> nodes;
  private final TreeMap<Integer, TreeSet<Integer>> networks;

  AddressTables(FabricSize size, FabricIntent intent, World world, Pods all) {
    this.size = size;
    this.intent = intent;
    this.world = world;
    this.all = all;
    this.pods = new TreeMap<>();
    this.nodes = new TreeMap<>();
    this.networks = new TreeMap<>();
    for (var pod : all.everybody()) {
      pods.computeIfAbsent(pod.network(), _ -> new TreeMap<>()).put(pod.ip(), pod);
      nodes.computeIfAbsent(pod.network(), _ -> new TreeSet<>()).add(pod.node());
      networks.computeIfAbsent(pod.node(), _ -> new TreeSet<>()).add(pod.network());
    }
  }

  @Override
  void node(int node, Findings found) {
    bridges(node, found);
    neighbours(node, found);
    floods(node, found);
  }

  /** All else stands on them: nothing has a VNI of former times. */
  private void bridges(int node, Findings found) {
    var wanted = new TreeSet<Vni>();
    for (int network : networks.getOrDefault(node, new TreeSet<>())) {
      wanted.add(intent.vni(network));
      if (size.routed()) {
        wanted.add(intent.tenantVni(all.tenantOf(network)));
      }
    }
    var there = new TreeSet<Vni>();
    for (var object : world.kernel("n" + node).objects(Kind.BRIDGE)) {
      if (object instanceof Bridge bridge) {
        there.add(bridge.vni());
      }
    }
    if (!there.equals(wanted)) {
      found.say(node, "bridges of VNIs " + there + ", where they should be of " + wanted);
    }
  }

  private void neighbours(int node, Findings found) {
    var missing = new Missing<IpAddress>();
    for (int network : networks.getOrDefault(node, new TreeSet<>())) {
      pods(network).values().stream()
          .filter(pod -> isReached(node, pod))
          .forEach(pod -> missing.add(network, pod.ip()));
    }
    for (var row : wrong(node, Kind.NEIGHBOUR, row -> isRightNeighbour(node, row, missing))) {
      if (row instanceof NeighbourEntry entry) {
        var right = pods(FabricIntent.network(entry.vni())).get(entry.ip());
        var whose = right == null || !isReached(node, right) ? "nobody's" : right.mac();
        found.say(node, entry + ", where the address is " + whose);
      }
    }
    missing.forEach((network, ip) -> found.say(node, "no neighbour net" + network + " " + ip));
  }

  /** Its pod is not missing any more; false when it is another's. */
  private boolean isRightNeighbour(int node, ForwardingObject object, Missing<IpAddress> missing) {
    if (!(object instanceof NeighbourEntry entry) || isRouter(entry)) {
      return true;
    }
    int network = FabricIntent.network(entry.vni());
    missing.remove(network, entry.ip());
    var pod = pods(network).get(entry.ip());
    return pod != null && isReached(node, pod) && entry.mac().equals(pod.mac());
  }

  /** It is there, or where this node has a VTEP of one family with the other. */
  private boolean isReached(int node, Pods.Pod pod) {
    return pod.node() == node || world.vteps().towards(node, pod.node()).isPresent();
  }

  /** The other end of an L3 VNI, by its VTEP. */
  private static boolean isRouter(NeighbourEntry entry) {
    return entry.mac().equals(AddressPlan.routerMac(entry.ip()));
  }

  private void floods(int node, Findings found) {
    var missing = new Missing<IpAddress>();
    for (int network : networks.getOrDefault(node, new TreeSet<>())) {
      for (int other : nodes.getOrDefault(network, new TreeSet<>())) {
        if (other != node) {
          world.vteps().towards(node, other).ifPresent(vtep -> missing.add(network, vtep));
        }
      }
    }
    for (var row : wrong(node, Kind.FLOOD, row -> isRightFlood(row, missing))) {
      found.say(node, row + ", where nobody is of the network");
    }
    missing.forEach((network, to) -> found.say(node, "no flooding to net" + network + " " + to));
  }

  private static boolean isRightFlood(ForwardingObject object, Missing<IpAddress> missing) {
    return !(object instanceof FloodEntry entry)
        || missing.remove(FabricIntent.network(entry.vni()), entry.vtep());
  }

  private SortedMap<IpAddress, Pods.Pod> pods(int network) {
    return pods.getOrDefault(network, new TreeMap<>());
  }

  private List<ForwardingObject> wrong(int node, Kind kind, Predicate<ForwardingObject> right) {
    return world.kernel("n" + node).objects(kind, right.negate());
  }
}
