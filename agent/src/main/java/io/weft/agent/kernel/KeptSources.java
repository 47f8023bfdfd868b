package io.weft.agent.kernel;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject.DeadEnd;
import io.weft.overlay.forwarding.EgressObject.EgressRoute;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.KernelChange;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Which packets from outside may keep their source on the way to a pod, because answers come back
 * by the way out of the pod's tenant: those to pods of this node, from where the tenant has no
 * other route to. Of IPv4 alone ({@link EgressRules}). It is looked at when there is time: no pod
 * waits for it. One thread owns it.
 */
final class KeptSources {
  /** Prefixes of one tenant at most; with more of them it keeps no source. */
  static final int MOST_PREFIXES = 64;

  private static final List<IpPrefix> EVERYWHERE = List.of(IpPrefix.parse("0.0.0.0/0"));

  /**
   * What is known.
   *
   * @param pods addresses by which the cluster knows the pods of this node, others among them
   * @param inside to where a tenant has other routes than its way out, by the name of its link; no
   *     prefix is within another
   */
  record Picture(Set<IpAddress> pods, SortedMap<String, List<IpPrefix>> inside) {
    static final Picture NONE = new Picture(Set.of(), Collections.emptySortedMap());
  }

  private boolean stale = true;
  private Picture picture = Picture.NONE;

  /** As of the last look. */
  Picture picture() {
    return picture;
  }

  void suspect(List<KernelChange> changes) {
    stale |= changes.stream().anyMatch(KeptSources::matters);
  }

  /** Single addresses come and go with other nodes' pods, within subnets; each sweep sees them. */
  private static boolean matters(KernelChange change) {
    return switch (change.key().kind()) {
      case PORT, ENDPOINT_ROUTE, DEAD_END, GATEWAY, EGRESS_ROUTE -> true;
      case TENANT_ROUTE ->
          !(object(change) instanceof TenantRoute route && isSingle(route.prefix()));
      default -> false;
    };
  }

  private static ForwardingObject object(KernelChange change) {
    return switch (change) {
      case KernelChange.Put(var object) -> object;
      case KernelChange.Remove(var object) -> object;
    };
  }

  /** Looks where something has changed since the last time. */
  <T> void lookIfStale(
      SortedMap<String, T> tenants,
      Function<T, Collection<ForwardingObject>> standing,
      Collection<ForwardingObject> host) {
    if (stale) {
      look(tenants, standing, host);
    }
  }

  /**
   * Looks at everything.
   *
   * @param tenants by namespace
   * @param standing what stands in one
   * @param host what stands in the namespace of the underlay
   */
  <T> void look(
      SortedMap<String, T> tenants,
      Function<T, Collection<ForwardingObject>> standing,
      Collection<ForwardingObject> host) {
    var cluster = new TreeMap<IpAddress, IpPrefix>();
    for (var object : host) {
      if (object instanceof EgressRoute route && !isSingle(route.prefix())) {
        cluster.put(route.prefix().address(), route.prefix());
      }
    }
    var pods = new HashSet<IpAddress>();
    var inside = new TreeMap<String, List<IpPrefix>>();
    tenants.forEach(
        (namespace, tenant) -> {
          var objects = standing.apply(tenant);
          addPods(objects, pods);
          inside.put(AddressPlan.clusterPortName(namespace), inside(objects, cluster));
        });
    var next = new Picture(pods, inside);
    if (!next.equals(picture)) {
      picture = next;
    }
    stale = false;
  }

  private static void addPods(Collection<ForwardingObject> objects, Set<IpAddress> pods) {
    for (var object : objects) {
      switch (object) {
        case EndpointPort port -> pods.addAll(port.addresses());
        case EndpointRoute route when isSingle(route.prefix()) ->
            pods.add(route.prefix().address());
        default -> {}
      }
    }
  }

  private static List<IpPrefix> inside(
      Collection<ForwardingObject> objects, NavigableMap<IpAddress, IpPrefix> cluster) {
    var wide = new TreeSet<IpPrefix>();
    for (var object : objects) {
      switch (object) {
        case GatewayAddress gateway ->
            wide.add(
                new IpPrefix(
                    gateway.address().masked(gateway.prefixLength()), gateway.prefixLength()));
        case DeadEnd end -> wide.add(end.prefix());
        case TenantRoute route when !isSingle(route.prefix()) -> wide.add(route.prefix());
        case EndpointRoute route when !isIn(route.prefix(), cluster) -> wide.add(route.prefix());
        default -> {}
      }
    }
    var disjoint = new TreeMap<IpAddress, IpPrefix>();
    wide.stream()
        .sorted((one, other) -> Integer.compare(one.length(), other.length()))
        .forEach(prefix -> add(prefix, disjoint));
    // There may be tens of thousands of these, nearly all of them in the subnets.
    for (var object : objects) {
      if (object instanceof TenantRoute route
          && isSingle(route.prefix())
          && !isNode(route)
          && !isIn(route.prefix(), cluster)) {
        add(route.prefix(), disjoint);
      }
    }
    return disjoint.size() > MOST_PREFIXES ? EVERYWHERE : List.copyOf(disjoint.values());
  }

  private static void add(IpPrefix prefix, NavigableMap<IpAddress, IpPrefix> disjoint) {
    if (prefix.address().isIpv4() && disjoint.size() <= MOST_PREFIXES && !isIn(prefix, disjoint)) {
      disjoint.put(prefix.address(), prefix);
    }
  }

  /** What other nodes begin is known by its source already. */
  private static boolean isNode(TenantRoute route) {
    return route.hops().stream().allMatch(hop -> hop.via().equals(route.prefix().address()));
  }

  private static boolean isIn(IpPrefix prefix, NavigableMap<IpAddress, IpPrefix> disjoint) {
    Map.Entry<IpAddress, IpPrefix> before = disjoint.floorEntry(prefix.address());
    return before != null && before.getValue().contains(prefix);
  }

  private static boolean isSingle(IpPrefix prefix) {
    return prefix.length() == prefix.address().bits();
  }
}
