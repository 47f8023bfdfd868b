package io.weft.overlay.node;

import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.TenantHop;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** What of a tenant is behind endpoints of this node: routers, and what they were given. */
final class EndpointPrefixes {
  private final String namespace;
  private final TreeMap<IpPrefix, TreeSet<TenantHop>> hops = new TreeMap<>();

  /** Those whose route has stood since it is wanted. */
  private final TreeSet<IpPrefix> said = new TreeSet<>();

  EndpointPrefixes(String namespace) {
    this.namespace = namespace;
  }

  /**
   * Reads all anew.
   *
   * @param here the tenant's routed networks on this node
   * @return the prefixes that are reached otherwise than before
   */
  Collection<IpPrefix> read(Collection<NetworkInstance> here) {
    var before = new TreeMap<>(hops);
    hops.clear();
    for (var network : here) {
      for (var endpoint : network.endpoints()) {
        for (var prefix : endpoint.prefixes()) {
          hop(network.intent(), endpoint, prefix)
              .ifPresent(hop -> hops.computeIfAbsent(prefix, _ -> new TreeSet<>()).add(hop));
        }
      }
    }
    said.retainAll(hops.keySet());
    var changed = new TreeSet<>(before.keySet());
    changed.addAll(hops.keySet());
    changed.removeIf(prefix -> Objects.equals(before.get(prefix), hops.get(prefix)));
    return changed;
  }

  /** The first address of its family that has a gateway. */
  static Optional<TenantHop> hop(NetworkIntent network, Endpoint endpoint, IpPrefix prefix) {
    return endpoint.addresses().stream()
        .map(host -> host.address())
        .filter(address -> address.isIpv4() == prefix.address().isIpv4())
        .filter(address -> network.gatewayOf(address).isPresent())
        .map(address -> TenantHop.over(network.vni(), address))
        .findFirst();
  }

  boolean has(IpPrefix prefix) {
    return hops.containsKey(prefix);
  }

  Optional<ForwardingObject> object(IpPrefix prefix) {
    return Optional.ofNullable(hops.get(prefix))
        .map(ways -> new EndpointRoute(namespace, prefix, List.copyOf(ways)));
  }

  List<ForwardingObject> objects() {
    var objects = new ArrayList<ForwardingObject>();
    hops.keySet().forEach(prefix -> object(prefix).ifPresent(objects::add));
    return objects;
  }

  /**
   * Those to announce: said first when the route stands, then for as long as an endpoint has them
   * and is here.
   */
  List<IpPrefix> announced(ForwardingPlan plan, Collection<NetworkInstance> here) {
    var announced = new ArrayList<IpPrefix>();
    for (var prefix : hops.keySet()) {
      if (plan.isRealized(EndpointRoute.key(namespace, prefix))) {
        said.add(prefix);
      }
      if (said.contains(prefix) && isHere(prefix, here)) {
        announced.add(prefix);
      }
    }
    return announced;
  }

  private static boolean isHere(IpPrefix prefix, Collection<NetworkInstance> here) {
    return here.stream()
        .anyMatch(
            network ->
                network.endpoints().stream()
                    .filter(endpoint -> endpoint.prefixes().contains(prefix))
                    .anyMatch(endpoint -> network.isHere(endpoint)));
  }
}
