package io.weft.overlay.node;

import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.TenantHop;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What of a tenant is behind endpoints of this node: routers, and what they were given, or say by
 * BGP. Where one was given a prefix, what is said of it does not count.
 */
final class EndpointPrefixes {
  private final String namespace;
  private final EndpointSpeakers speakers;
  private final TreeMap<IpPrefix, TreeSet<TenantHop>> given = new TreeMap<>();
  private final TreeMap<IpPrefix, TreeSet<TenantHop>> learned = new TreeMap<>();

  /** Those whose route has stood since it is wanted. */
  private final TreeSet<IpPrefix> said = new TreeSet<>();

  EndpointPrefixes(String namespace, EndpointSpeakers speakers) {
    this.namespace = namespace;
    this.speakers = speakers;
  }

  /**
   * Reads all anew.
   *
   * @param here the tenant's routed networks on this node
   * @return the prefixes that are reached otherwise than before
   */
  Collection<IpPrefix> read(Collection<NetworkInstance> here) {
    var before = routes();
    given.clear();
    learned.clear();
    for (var network : here) {
      for (var endpoint : network.endpoints()) {
        for (var prefix : endpoint.routed()) {
          hop(network.intent(), endpoint, prefix)
              .ifPresent(hop -> given.computeIfAbsent(prefix, _ -> new TreeSet<>()).add(hop));
        }
      }
      for (var prefix : speakers.prefixes(network.intent().name())) {
        readLearned(prefix, network);
      }
    }
    var after = routes();
    said.retainAll(after.keySet());
    var changed = new TreeSet<>(before.keySet());
    changed.addAll(after.keySet());
    changed.removeIf(
        prefix ->
            Optional.ofNullable(before.get(prefix)).equals(Optional.ofNullable(after.get(prefix))));
    return changed;
  }

  /** Reads again what endpoints say of one prefix. */
  void readLearned(IpPrefix prefix, Collection<NetworkInstance> here) {
    learned.remove(prefix);
    here.forEach(network -> readLearned(prefix, network));
    if (!has(prefix)) {
      said.remove(prefix);
    }
  }

  private void readLearned(IpPrefix prefix, NetworkInstance network) {
    for (var endpoint : speakers.behind(network.intent().name(), prefix)) {
      learned
          .computeIfAbsent(prefix, _ -> new TreeSet<>())
          .add(TenantHop.over(network.intent().vni(), endpoint));
    }
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
    return given.containsKey(prefix) || learned.containsKey(prefix);
  }

  Optional<ForwardingObject> object(IpPrefix prefix) {
    return route(prefix).map(route -> route);
  }

  private Optional<EndpointRoute> route(IpPrefix prefix) {
    return Optional.ofNullable(given.get(prefix))
        .map(ways -> new EndpointRoute(namespace, prefix, List.copyOf(ways), false))
        .or(
            () ->
                Optional.ofNullable(learned.get(prefix))
                    .map(ways -> new EndpointRoute(namespace, prefix, List.copyOf(ways), true)));
  }

  private SortedMap<IpPrefix, EndpointRoute> routes() {
    var routes = new TreeMap<IpPrefix, EndpointRoute>();
    given.keySet().forEach(prefix -> route(prefix).ifPresent(r -> routes.put(prefix, r)));
    learned.keySet().forEach(prefix -> route(prefix).ifPresent(r -> routes.put(prefix, r)));
    return routes;
  }

  List<EndpointRoute> objects() {
    return List.copyOf(routes().values());
  }

  /**
   * Those to announce: said first when the route stands, then for as long as an endpoint has them
   * and is here.
   */
  List<IpPrefix> announced(ForwardingPlan plan, Collection<NetworkInstance> here) {
    var announced = new ArrayList<IpPrefix>();
    var behind = new TreeMap<>(learned);
    behind.putAll(given);
    var present = behind.isEmpty() ? Collections.<TenantHop>emptySet() : present(here);
    behind.forEach(
        (prefix, ways) -> {
          if (plan.isRealized(EndpointRoute.key(namespace, prefix))) {
            said.add(prefix);
          }
          if (said.contains(prefix) && ways.stream().anyMatch(present::contains)) {
            announced.add(prefix);
          }
        });
    return announced;
  }

  /** The addresses of all endpoints that are here, and not elsewhere meanwhile. */
  private static Set<TenantHop> present(Collection<NetworkInstance> here) {
    var present = new TreeSet<TenantHop>();
    for (var network : here) {
      for (var endpoint : network.endpoints()) {
        if (network.isHere(endpoint)) {
          endpoint
              .addresses()
              .forEach(host -> present.add(TenantHop.over(network.intent().vni(), host.address())));
        }
      }
    }
    return present;
  }
}
