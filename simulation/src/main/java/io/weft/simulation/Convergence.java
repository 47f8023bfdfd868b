package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.simulation.FabricReport.Spread;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How long it takes until all that need a way to a pod have it. A node needs it from the pod's
 * attach call on, or from its own first attach call of a pod of that network, or tenant, where that
 * comes later. The ways are rows of FDB in the network and routes to the host in the tenant; of
 * what is written more than once the last counts. Maps are asked, never walked through.
 */
final class Convergence {
  private static final class Pod {
    final long calledNanos;
    long longestNanos = -1;

    Pod(long calledNanos) {
      this.calledNanos = calledNanos;
    }
  }

  /**
   * Pods of a network by their MACs, or of a tenant by addresses, and what needs them since when.
   */
  private static final class Hosts<A> {
    private final HashMap<A, Pod> pods = new HashMap<>();
    private final HashMap<String, Long> needed = new HashMap<>();

    /** A batch is of one node. */
    private String lastNode = "";

    private long lastSince;

    void add(String node, A address, Pod pod) {
      pods.put(address, pod);
      needed.merge(node, pod.calledNanos, Math::min);
      lastNode = "";
    }

    void written(String node, A address, long now) {
      var pod = pods.get(address);
      if (pod != null) {
        if (!node.equals(lastNode)) {
          lastNode = node;
          lastSince = needed.getOrDefault(node, 0L);
        }
        long since = Math.max(pod.calledNanos, lastSince);
        pod.longestNanos = Math.max(pod.longestNanos, now - since);
      }
    }
  }

  private final HashMap<Integer, Hosts<MacAddress>> networks = new HashMap<>();
  private final HashMap<String, Hosts<IpAddress>> tenants = new HashMap<>();
  private final List<Pod> pods = new ArrayList<>();

  /** A pod comes: its attach call is at this time. */
  void called(Pods.Pod pod, int tenant, long nanos) {
    var node = "n" + pod.node();
    var mine = new Pod(nanos);
    pods.add(mine);
    networks.computeIfAbsent(pod.network(), _ -> new Hosts<>()).add(node, pod.mac(), mine);
    tenants
        .computeIfAbsent(
            NodeMachine.NAMESPACE_PREFIX + FabricIntent.tenantName(tenant), _ -> new Hosts<>())
        .add(node, pod.ip(), mine);
  }

  /** This stands in the kernel of a node, at this time. */
  void written(String node, List<KernelChange> changes, long now) {
    for (var change : changes) {
      if (change instanceof KernelChange.Put(VxlanFdbEntry row)
          && FabricIntent.isOfNetwork(row.vni())) {
        written(networks.get(FabricIntent.network(row.vni())), node, row.mac(), now);
      } else if (change instanceof KernelChange.Put(TenantRoute route)
          && route.prefix().length() == route.prefix().address().bits()) {
        written(tenants.get(route.namespace()), node, route.prefix().address(), now);
      }
    }
  }

  private static <A> void written(@Nullable Hosts<A> hosts, String node, A address, long now) {
    if (hosts != null) {
      hosts.written(node, address, now);
    }
  }

  /** In nanoseconds, of the pods that some other node needs. */
  Spread spread() {
    return Spread.of(pods.stream().mapToLong(pod -> pod.longestNanos).filter(nanos -> nanos >= 0));
  }
}
