package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.List;
import java.util.TreeMap;

/** The tunnels that networks and tenants of a node use, from what it wants in the kernel. */
final class Tunnels {
  private Tunnels() {}

  /** Each VTEP once, sorted, with the MTU of the network that sends the largest packets to it. */
  static List<Tunnel> of(ForwardingPlan plan, Instances instances) {
    var byVtep = new TreeMap<IpAddress, Tunnel>();
    plan.forEachDestination(
        (port, vteps) -> {
          int mtu = mtu(port, instances);
          for (var vtep : vteps) {
            var known = byVtep.get(vtep);
            if (known == null || known.overlayMtu() < mtu) {
              byVtep.put(vtep, new Tunnel(port.local(), vtep, mtu));
            }
          }
        });
    return List.copyOf(byVtep.values());
  }

  /** What is routed into an L3 VNI comes from a network of the tenant, and is no larger than it. */
  private static int mtu(VxlanPort port, Instances instances) {
    for (var tenant : instances.tenants()) {
      if (tenant.namespace().equals(port.namespace())
          && tenant.intent().l3Vni().equals(port.vni())) {
        return instances.all().stream()
            .filter(network -> network.namespace().equals(port.namespace()))
            .filter(network -> network.intent().isRouted())
            .mapToInt(NetworkInstance::mtu)
            .max()
            .orElse(port.mtu());
      }
    }
    return port.mtu();
  }
}
