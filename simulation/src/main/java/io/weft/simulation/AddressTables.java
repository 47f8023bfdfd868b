package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import java.util.ArrayList;
import java.util.Optional;
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
    var rows = new ArrayList<Places.Said<IpAddress>>();
    for (var row : standing.of(Kind.NEIGHBOUR)) {
      if (row.object() instanceof NeighbourEntry entry && !isRouter(entry)) {
        int network = FabricIntent.network(entry.vni());
        boolean right = mac(node, network, entry.ip()).filter(entry.mac()::equals).isPresent();
        rows.add(new Places.Said<>(row, network, entry.ip(), right));
      }
    }
    pods.compare(
        rows,
        networks.getOrDefault(node, new TreeSet<>()),
        at -> isReached(node, at),
        row -> {
          var whose = mac(node, row.number(), row.what()).map(MacAddress::toString);
          var object = row.row().object();
          found.say(node, object + ", where the address is " + whose.orElse("nobody's"));
        },
        (network, ip) -> found.say(node, "no neighbour net" + network + " " + ip));
  }

  /** Of whoever has the address and is reached. */
  private Optional<MacAddress> mac(int node, int network, IpAddress ip) {
    return pods.find(network, ip).filter(pod -> isReached(node, pod.node())).map(Pods.Pod::mac);
  }

  /** It is there, or where this node has a VTEP of one family with the other. */
  private boolean isReached(int from, int node) {
    return node == from || world.vteps().towards(from, node).isPresent();
  }

  /** The other end of an L3 VNI, by its VTEP. */
  private static boolean isRouter(NeighbourEntry entry) {
    return entry.mac().equals(AddressPlan.routerMac(entry.ip()));
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
