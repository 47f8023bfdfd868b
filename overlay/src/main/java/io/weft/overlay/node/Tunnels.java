package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingObject.SendingPort;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeMap;

/** The tunnels that networks and tenants of a node use, from what it wants in the kernel. */
final class Tunnels {
  private final TreeMap<IpAddress, Tunnel> byVtep = new TreeMap<>();
  private final Instances instances;

  private Tunnels(Instances instances) {
    this.instances = instances;
  }

  /** Each VTEP once, sorted, with the MTU of the network that sends the largest packets to it. */
  static List<Tunnel> of(ForwardingPlan plan, Instances instances) {
    var tunnels = new Tunnels(instances);
    plan.forEachDestination(
        (device, vteps) -> {
          if (device instanceof VxlanPort port) {
            int mtu =
                tunnels.isL3(port.namespace(), port.vni())
                    ? tunnels.routedMtu(port.namespace(), port.mtu())
                    : port.mtu();
            tunnels.add(port.local(), vteps, mtu);
          } else if (device instanceof SendingPort port) {
            tunnels.add(port.local(), vteps, tunnels.routedMtu(port.namespace(), port.mtu()));
          }
        });
    return List.copyOf(tunnels.byVtep.values());
  }

  private void add(IpAddress local, SortedSet<IpAddress> vteps, int mtu) {
    for (var vtep : vteps) {
      var known = byVtep.get(vtep);
      // To another tenant of this very node nothing leaves it.
      boolean away = !vtep.equals(local);
      if (away && (known == null || known.overlayMtu() < mtu)) {
        byVtep.put(vtep, new Tunnel(local, vtep, mtu));
      }
    }
  }

  private boolean isL3(String namespace, Vni vni) {
    return instances.tenants().stream()
        .anyMatch(
            tenant -> tenant.namespace().equals(namespace) && tenant.intent().l3Vni().equals(vni));
  }

  /** What is routed comes from a network of the tenant, and is no larger than it. */
  private int routedMtu(String namespace, int otherwise) {
    return instances.all().stream()
        .filter(network -> network.namespace().equals(namespace))
        .filter(network -> network.intent().isRouted())
        .mapToInt(NetworkInstance::mtu)
        .max()
        .orElse(otherwise);
  }
}
