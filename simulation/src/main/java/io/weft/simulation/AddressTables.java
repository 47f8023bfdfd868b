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
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Looks into all kernels for the bridges, neighbours and flood list of each network: its VNI of
 * now, exactly its pods, and exactly the other nodes that have some.
 */
final class AddressTables {
  /** Differences that are told; more are as good as these. */
  private static final int MOST = 10;

  private final World world;
  private final TreeMap<Integer, TreeMap<IpAddress, MacAddress>> macs = new TreeMap<>();
  private final TreeMap<Integer, TreeSet<Integer>> nodes = new TreeMap<>();
  private final List<String> differences = new ArrayList<>();

  private AddressTables(World world, Pods pods) {
    this.world = world;
    for (var pod : pods.all()) {
      macs.computeIfAbsent(pod.network(), _ -> new TreeMap<>()).put(pod.ip(), pod.mac());
      nodes.computeIfAbsent(pod.network(), _ -> new TreeSet<>()).add(pod.node());
    }
  }

  /** What is not as it should be. */
  static List<String> differences(FabricSize size, FabricIntent intent, World world, Pods pods) {
    var look = new AddressTables(world, pods);
    for (int node = 1; node <= size.nodes() && look.differences.size() < MOST; node++) {
      look.bridges(node, size, intent, pods);
      look.neighbours(node);
      look.floods(node);
    }
    return look.differences;
  }

  /** All else stands on them: nothing has a VNI of former times. */
  private void bridges(int node, FabricSize size, FabricIntent intent, Pods pods) {
    var wanted = new TreeSet<Vni>();
    nodes.forEach(
        (network, there) -> {
          if (there.contains(node)) {
            wanted.add(intent.vni(network));
            if (size.routed()) {
              wanted.add(intent.tenantVni(pods.tenantOf(network)));
            }
          }
        });
    var there = new TreeSet<Vni>();
    for (var object : objects(node, Kind.BRIDGE)) {
      if (object instanceof Bridge bridge) {
        there.add(bridge.vni());
      }
    }
    if (!there.equals(wanted)) {
      say(node, "bridges of VNIs " + there + ", where they should be of " + wanted);
    }
  }

  private void neighbours(int node) {
    var missing = new TreeSet<String>();
    nodes.forEach(
        (network, there) -> {
          if (there.contains(node)) {
            macs(network).keySet().forEach(ip -> missing.add(row(network, ip)));
          }
        });
    for (var object : objects(node, Kind.NEIGHBOUR)) {
      if (object instanceof NeighbourEntry entry && !isRouter(entry)) {
        int network = FabricIntent.network(entry.vni());
        missing.remove(row(network, entry.ip()));
        var right = Optional.ofNullable(macs(network).get(entry.ip()));
        if (!right.equals(Optional.of(entry.mac()))) {
          say(
              node,
              entry
                  + ", where the address is "
                  + right.map(MacAddress::toString).orElse("nobody's"));
        }
      }
    }
    missing.forEach(row -> say(node, "no neighbour " + row));
  }

  /** The other end of an L3 VNI, by its VTEP. */
  private static boolean isRouter(NeighbourEntry entry) {
    return entry.mac().equals(AddressPlan.routerMac(entry.ip()));
  }

  private void floods(int node) {
    var missing = new TreeSet<String>();
    nodes.forEach(
        (network, there) -> {
          if (there.contains(node)) {
            there.stream()
                .filter(other -> other != node)
                .forEach(other -> missing.add(row(network, World.vtep(other))));
          }
        });
    for (var object : objects(node, Kind.FLOOD)) {
      if (object instanceof FloodEntry entry
          && !missing.remove(row(FabricIntent.network(entry.vni()), entry.vtep()))) {
        say(node, entry + ", where nobody is of the network");
      }
    }
    missing.forEach(row -> say(node, "no flooding to " + row));
  }

  private SortedMap<IpAddress, MacAddress> macs(int network) {
    return macs.computeIfAbsent(network, _ -> new TreeMap<>());
  }

  private static String row(int network, IpAddress address) {
    return "net" + network + " " + address;
  }

  private List<ForwardingObject> objects(int node, Kind kind) {
    return world.kernel("n" + node).objects(kind);
  }

  private void say(int node, String difference) {
    if (differences.size() < MOST) {
      differences.add("n" + node + ": " + difference);
    }
  }
}
