package io.weft.overlay.node;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.Route;
import io.weft.net.ImportTarget;
import io.weft.overlay.evpn.PrefixReading;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Routes for one tenant that lead nowhere on this node, and why: for people. */
final class UnusedRoutes {
  /** Remembered routes; of more nothing is said. */
  static final int MAX = 1_024;

  private final TreeMap<ImportTarget, NetworkIntent> networks = new TreeMap<>();
  private final Map<Route, String> unreadable = new LinkedHashMap<>();
  private final Map<Route, Asymmetric> asymmetric = new LinkedHashMap<>();

  private record Asymmetric(Path path, NetworkIntent network) {}

  /** {@code intended}: the tenant's routed networks, here or not. */
  void change(Collection<NetworkIntent> intended) {
    networks.clear();
    for (var network : intended) {
      if (network.isRouted()) {
        network.importTargets().forEach(target -> networks.putIfAbsent(target, network));
      }
    }
  }

  /** The targets of the tenant's routed networks. */
  Collection<ImportTarget> targets() {
    return Collections.unmodifiableCollection(networks.keySet());
  }

  /** The keys of the routes that are remembered. */
  Collection<Route> routes() {
    var routes = new ArrayList<Route>(unreadable.keySet());
    routes.addAll(asymmetric.keySet());
    return routes;
  }

  /** The tenant imports the route and has no way by it, or no longer. */
  void imported(Route key, Optional<Path> path) {
    var obstacle = path.map(imported -> PrefixReading.of(imported).obstacle()).orElse("");
    unreadable.remove(key);
    if (!obstacle.isEmpty() && unreadable.size() < MAX) {
      unreadable.put(key, obstacle);
    }
  }

  /**
   * A route that a network may import: one of a host without L3 VNI is that of a node which routes
   * asymmetrically (RFC 9135 §6), and of use only where the network is. Elsewhere it is not even
   * heard of, unless it carries a target of the tenant's too.
   */
  void heard(Route key, Optional<Path> path) {
    if (!(key instanceof MacIpAdvertisement host) || host.ip().isEmpty()) {
      return;
    }
    asymmetric.remove(key);
    if (path.isPresent()
        && asymmetric.size() < MAX
        && path.get().route() instanceof MacIpAdvertisement route
        && route.label2().isEmpty()) {
      network(path.get())
          .ifPresent(network -> asymmetric.put(key, new Asymmetric(path.get(), network)));
    }
  }

  private Optional<NetworkIntent> network(Path path) {
    for (var target : path.attributes().routeTargets()) {
      var network =
          Optional.ofNullable(networks.get(target))
              .or(
                  () ->
                      ImportTarget.anyAsOf(target)
                          .flatMap(any -> Optional.ofNullable(networks.get(any))));
      if (network.isPresent()) {
        return network;
      }
    }
    return Optional.empty();
  }

  /** Each route with the reason, in the order in which they were heard. */
  List<String> reasons(Predicate<String> isHere) {
    var reasons = new ArrayList<String>();
    unreadable.forEach((route, why) -> reasons.add(route + ": " + why));
    asymmetric.forEach(
        (route, heard) -> {
          var network = heard.network();
          boolean reachable =
              ((MacIpAdvertisement) route).ip().flatMap(network::gatewayOf).isPresent();
          if (reachable && !isHere.test(network.name())) {
            reasons.add(
                "%s: VTEP %s routes asymmetrically (RFC 9135 §6): it says no L3 VNI, so its hosts are reached from nodes with an endpoint of network '%s' only, and none is here"
                    .formatted(route, heard.path().attributes().nextHop(), network.name()));
          }
        });
    return reasons;
  }
}
