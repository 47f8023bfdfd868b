package io.weft.agent.kernel;

import io.weft.net.IpPrefix;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.TenantHop;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which prefixes are behind which port of a tenant: those whose route leads to one of its
 * addresses, whether the endpoint was given them or says so itself ({@link EndpointRoute}), or
 * another BGP speaker says that they are behind its address (RFC 9136 §4.4.2).
 */
final class PrefixesBehind {
  private final String namespace;
  private final NavigableMap<ForwardingKey, ForwardingObject> believed;

  /**
   * The routes of other speakers that lead into a network of this node: few among those that lead
   * to other nodes.
   */
  private final TreeSet<ForwardingKey> inward = new TreeSet<>();

  /**
   * @param believed what stands in the namespace, kept up to date by its owner
   */
  PrefixesBehind(String namespace, NavigableMap<ForwardingKey, ForwardingObject> believed) {
    this.namespace = namespace;
    this.believed = believed;
  }

  /**
   * A route comes or goes, and is believed after this.
   *
   * @return the ports of which {@link #of} or {@link #hostsOfOthers} may change
   */
  Collection<EndpointPort> note(KernelChange change) {
    var hops = new TreeSet<>(hops(believed.get(change.key())));
    if (change instanceof KernelChange.Put(TenantRoute route) && !hops(route).isEmpty()) {
      inward.add(route.key());
    } else {
      inward.remove(change.key());
    }
    if (change instanceof KernelChange.Put(var route)) {
      hops.addAll(hops(route));
    }
    switch (change) {
      case KernelChange.Put(EndpointRoute route) -> hops.addAll(around(route.prefix()));
      case KernelChange.Remove(EndpointRoute route) -> hops.addAll(around(route.prefix()));
      default -> {} // it is no endpoint's own
    }
    return hops.isEmpty()
        ? List.of()
        : ports().stream().filter(port -> leadsTo(hops, port)).toList();
  }

  /** The addresses of endpoints that prefixes are behind in which the host lies. */
  private Collection<TenantHop> around(IpPrefix host) {
    return isHost(host)
        ? routes().stream()
            .filter(route -> route.prefix().contains(host))
            .flatMap(route -> route.hops().stream())
            .toList()
        : List.of();
  }

  /** Everything was read anew. */
  void noteAll() {
    inward.clear();
    for (var route : of(Kind.TENANT_ROUTE, 0, TenantRoute.class)) {
      if (!hops(route).isEmpty()) {
        inward.add(route.key());
      }
    }
  }

  /** What is behind a port now. */
  Set<IpPrefix> of(EndpointPort port) {
    var behind = new TreeSet<IpPrefix>();
    for (var route : routes()) {
      if (leadsTo(route.hops(), port)) {
        behind.add(route.prefix());
      }
    }
    return behind;
  }

  /**
   * Single addresses that are other endpoints' own, on no link: those by which the cluster knows
   * them, and what they were given. They are in no prefix behind this port.
   */
  Set<IpPrefix> hostsOfOthers(EndpointPort port) {
    var hosts = new TreeSet<IpPrefix>();
    for (var route : of(Kind.ENDPOINT_ROUTE, 0, EndpointRoute.class)) {
      if (isHost(route.prefix()) && !leadsTo(route.hops(), port)) {
        hosts.add(route.prefix());
      }
    }
    return hosts;
  }

  private static boolean isHost(IpPrefix prefix) {
    return prefix.length() == prefix.address().bits();
  }

  /** A prefix, and the addresses of endpoints that it may be behind. */
  private record Route(IpPrefix prefix, List<TenantHop> hops) {}

  private List<Route> routes() {
    var routes = new ArrayList<Route>();
    for (var route : of(Kind.ENDPOINT_ROUTE, 0, EndpointRoute.class)) {
      routes.add(new Route(route.prefix(), route.hops()));
    }
    for (var key : inward) {
      if (believed.get(key) instanceof TenantRoute route) {
        routes.add(new Route(route.prefix(), route.hops()));
      }
    }
    return routes;
  }

  /** The addresses in networks of this node that a route leads to. */
  private List<TenantHop> hops(@Nullable ForwardingObject object) {
    return switch (object) {
      case EndpointRoute route -> route.hops();
      case TenantRoute route -> route.hops().stream().filter(this::isOnLink).toList();
      case null, default -> List.of();
    };
  }

  private boolean isOnLink(TenantHop hop) {
    return !hop.foreign()
        && of(Kind.GATEWAY, hop.vni().value(), GatewayAddress.class).stream()
            .anyMatch(gateway -> link(gateway).contains(hop.via()));
  }

  /** The prefix that a gateway's address makes a link of. */
  static IpPrefix link(GatewayAddress gateway) {
    int length = gateway.prefixLength();
    return new IpPrefix(gateway.address().masked(length), length);
  }

  private static boolean leadsTo(Collection<TenantHop> hops, EndpointPort port) {
    return hops.stream()
        .filter(hop -> !hop.foreign() && hop.vni().equals(port.vni()))
        .anyMatch(hop -> port.addresses().contains(hop.via()));
  }

  private List<EndpointPort> ports() {
    return of(Kind.PORT, 0, EndpointPort.class);
  }

  private <T extends ForwardingObject> List<T> of(Kind kind, int vni, Class<T> type) {
    var first = new ForwardingKey(kind, namespace, vni, "");
    var end = new ForwardingKey(kind, namespace, vni + 1, "");
    var objects = new ArrayList<T>();
    believed.subMap(first, end).values().forEach(object -> objects.add(type.cast(object)));
    return objects;
  }
}
