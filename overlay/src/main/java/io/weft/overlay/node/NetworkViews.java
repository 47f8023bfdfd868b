package io.weft.overlay.node;

import io.weft.overlay.node.NodeView.NetworkView;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Pictures of the networks that the intent names, and of those that it no longer does. */
final class NetworkViews {
  private NetworkViews() {}

  static List<NetworkView> of(
      SortedMap<String, NetworkIntent> networks, Instances instances, Optional<Underlay> underlay) {
    var all = new TreeMap<String, NetworkIntent>(networks);
    for (var instance : instances.all()) {
      all.put(instance.intent().name(), instance.intent());
    }
    return all.values().stream()
        .map(network -> view(network, networks.containsKey(network.name()), instances, underlay))
        .toList();
  }

  private static NetworkView view(
      NetworkIntent network, boolean intended, Instances instances, Optional<Underlay> underlay) {
    var instance = instances.find(network.name());
    return new NetworkView(
        network,
        instance.map(NetworkInstance::namespace).orElse(instances.namespaceOf(network)),
        instance.isPresent(),
        !intended,
        instance.map(NetworkInstance::rd),
        instance.map(NetworkInstance::mtu).orElse(underlay.map(Underlay::overlayMtu).orElse(0)),
        instance.map(i -> i.endpoints().size()).orElse(0),
        instance.map(i -> i.remote().macCount()).orElse(0),
        instance.map(i -> i.remote().floodList(i::isReachable).size()).orElse(0));
  }
}
