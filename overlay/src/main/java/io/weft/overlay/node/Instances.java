package io.weft.overlay.node;

import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The networks that have endpoints on this node, each in its tenant's namespace. A namespace stands
 * as long as one network needs it.
 */
final class Instances {
  private final NodeConfig config;
  private final ForwardingPlan plan;
  private final TreeMap<String, NetworkInstance> byNetwork = new TreeMap<>();

  Instances(NodeConfig config, ForwardingPlan plan) {
    this.config = config;
    this.plan = plan;
  }

  Collection<NetworkInstance> all() {
    return Collections.unmodifiableCollection(byNetwork.values());
  }

  Optional<NetworkInstance> find(String network) {
    return Optional.ofNullable(byNetwork.get(network));
  }

  /** The instance that an endpoint of ours is in: there always is one. */
  NetworkInstance of(Endpoint endpoint) {
    return find(endpoint.network()).orElseThrow();
  }

  /** Name of the namespace that the network belongs into. */
  String namespaceOf(NetworkIntent network) {
    return config.namespacePrefix() + network.namespaceSuffix();
  }

  NetworkInstance open(NetworkIntent network, String namespace, Underlay underlay) {
    var rd = freeRd(network, underlay);
    var created = new NetworkInstance(namespace, config, plan, network, underlay, rd);
    byNetwork.put(network.name(), created);
    plan.desire(new TenantNamespace(namespace));
    return created;
  }

  void closeIfEmpty(NetworkInstance instance) {
    if (!instance.endpoints().isEmpty()) {
      return;
    }
    instance.close();
    byNetwork.remove(instance.intent().name());
    boolean shared =
        byNetwork.values().stream()
            .anyMatch(other -> other.namespace().equals(instance.namespace()));
    if (!shared) {
      plan.undesire(new TenantNamespace(instance.namespace()).key());
    }
  }

  void change(NetworkInstance instance, NetworkIntent wanted, Underlay underlay) {
    boolean sameVni = wanted.vni().equals(instance.intent().vni());
    var rd =
        sameVni
            ? RouteDistinguisher.of(underlay.routerId(), (int) (instance.rd().value() & 0xffff))
            : freeRd(wanted, underlay);
    instance.change(wanted, underlay, rd);
  }

  /** RFC 7432 §7.9: router id and a number of the network's: from its VNI, the next if taken. */
  private RouteDistinguisher freeRd(NetworkIntent network, Underlay underlay) {
    int number = network.vni().value() & 0xffff;
    while (true) {
      var rd = RouteDistinguisher.of(underlay.routerId(), number);
      if (byNetwork.values().stream().noneMatch(instance -> instance.rd().equals(rd))) {
        return rd;
      }
      number = (number + 1) & 0xffff;
    }
  }

  /** What all of them import, sorted. */
  List<RouteTarget> importTargets() {
    var targets = new TreeSet<RouteTarget>();
    for (var instance : byNetwork.values()) {
      targets.addAll(instance.intent().importTargets());
    }
    return List.copyOf(targets);
  }
}
