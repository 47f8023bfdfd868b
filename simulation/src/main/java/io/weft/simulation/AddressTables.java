package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Looks into all kernels for the bridges, neighbours and flood list of each network: its VNI of
 * now, exactly its pods, and exactly the other nodes that have some.
 */
final class AddressTables extends Look {
  private final FabricSize size;
  private final FabricIntent intent;
  private final World world;
  private final Pods all;
  private final Places<IpAddress> pods = new Places<>();
  private final TreeMap<Integer, TreeSet<Integer>> nodes = new TreeMap<>();
  private final TreeMap<Integer, TreeSet<Integer>> networks = new TreeMap<>();

  AddressTables(FabricSize size, FabricIntent intent, World world, Pods all) {
    this.size = size;
    this.intent = intent;
    this.world = world;
    this.all = all;
    for (var pod : all.everybody()) {
      pods.add(pod.network(), pod.ip(), pod);
      nodes.computeIfAbsent(pod.network(), _ -> new TreeSet<>()).add(pod.node());
      networks.computeIfAbsent(pod.node(), _ -> new TreeSet<>()).add(pod.network());
    }
  }

  @Override
  void node(int node, Standing standing, Findings found) {
    bridges(node, standing, found);
    neighbours(node, standing, found);
    floods(node, standing, found);
  }

  /** All else stands on them: nothing has a VNI of former times. */
  private void bridges(int node, Standing standing, Findings found) {
    var wanted = new TreeSet<Vni>();
    for (int network : networks.getOrDefault(node, new TreeSet<>())) {
      wanted.add(intent.vni(network));
      if (size.routed()) {
        wanted.add(intent.tenantVni(all.tenantOf(network)));
      }
    }
    var there = new TreeSet<Vni>();
    for (var row : standing.of(Kind.BRIDGE)) {
      if (row.object() instanceof Bridge bridge) {
        there.add(bridge.vni());
      }
    }
    if (!there.equals(wanted)) {
      found.say(node, "bridges of VNIs " + there + ", where they should be of " + wanted);
    }
  }

  private void neighbours(int node, Standing standing, Findings found) {
    var wrong = standing.wrong(Kind.NEIGHBOUR, row -> isRouter(row) || isRight(node, row));
    for (var row : wrong) {
      if (row instanceof NeighbourEntry entry) {
        var whose =
            pods.find(FabricIntent.network(entry.vni()), entry.ip())
                .filter(pod -> isReached(node, pod.node()))
                .map(pod -> pod.mac().toString())
                .orElse("nobody's");
        found.say(node, entry + ", where the address is " + whose);
      }
    }
    var own = networks.getOrDefault(node, new TreeSet<>());
    int right = standing.count(Kind.NEIGHBOUR, row -> isRight(node, row) && isOf(own, row));
    if (right != pods.count(own, at -> isReached(node, at))) {
      var missing = pods.all(own, at -> isReached(node, at));
      for (var row : standing.of(Kind.NEIGHBOUR)) {
        if (row.object() instanceof NeighbourEntry entry) {
          missing.remove(FabricIntent.network(entry.vni()), entry.ip());
        }
      }
      missing.forEach((network, ip) -> found.say(node, "no neighbour net" + network + " " + ip));
    }
  }

  private boolean isRight(int node, ForwardingObject row) {
    return row instanceof NeighbourEntry entry
        && pods.find(FabricIntent.network(entry.vni()), entry.ip())
            .filter(pod -> isReached(node, pod.node()) && pod.mac().equals(entry.mac()))
            .isPresent();
  }

  private static boolean isOf(Set<Integer> networks, ForwardingObject row) {
    return row instanceof NeighbourEntry entry
        && networks.contains(FabricIntent.network(entry.vni()));
  }

  /** It is there, or where this node has a VTEP of one family with the other. */
  private boolean isReached(int from, int node) {
    return node == from || world.vteps().towards(from, node).isPresent();
  }

  /** The other end of an L3 VNI, by its VTEP. */
  private static boolean isRouter(ForwardingObject row) {
    return row instanceof NeighbourEntry entry
        && entry.mac().equals(AddressPlan.routerMac(entry.ip()));
  }

  private void floods(int node, Standing standing, Findings found) {
    var missing = new Missing<IpAddress>();
    for (int network : networks.getOrDefault(node, new TreeSet<>())) {
      for (int other : nodes.getOrDefault(network, new TreeSet<>())) {
        if (other != node) {
          world.vteps().towards(node, other).ifPresent(vtep -> missing.add(network, vtep));
        }
      }
    }
    for (var row : standing.wrong(Kind.FLOOD, row -> isRightFlood(row, missing))) {
      found.say(node, row + ", where nobody is of the network");
    }
    missing.forEach((network, to) -> found.say(node, "no flooding to net" + network + " " + to));
  }

  private static boolean isRightFlood(ForwardingObject object, Missing<IpAddress> missing) {
    return !(object instanceof FloodEntry entry)
        || missing.remove(FabricIntent.network(entry.vni()), entry.vtep());
  }
}
