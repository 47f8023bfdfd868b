package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.StableHash;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject.DeadEnd;
import io.weft.overlay.forwarding.EgressObject.EgressAddress;
import io.weft.overlay.forwarding.EgressObject.EgressFilter;
import io.weft.overlay.forwarding.EgressObject.EgressLink;
import io.weft.overlay.forwarding.EgressObject.EgressPort;
import io.weft.overlay.forwarding.EgressObject.EgressRoute;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Ipv6Routing;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The ways out of tenants through this node: for each a link between its namespace and that of the
 * underlay. Its number on this node gives the link's addresses, the only ones of the tenant that
 * the underlay sees; two tenants may so have the same subnets.
 */
final class WaysOut {
  /** Farther from where its name begins hardly anybody comes to stand; if so it is renumbered. */
  private static final int STANDING_PROBES = 64;

  private final ForwardingPlan plan;
  private final OwnedObjects owned;

  /** By namespace. */
  private final TreeMap<String, Integer> numbers = new TreeMap<>();

  /**
   * Pods that the node reaches by addresses of the cluster's, each with the namespaces that have
   * one: the first has it, on all nodes the same one.
   */
  private final TreeMap<IpPrefix, TreeSet<String>> pods = new TreeMap<>();

  /** The default network's subnets: their routes are none of a single pod's. */
  private final TreeSet<IpPrefix> subnets = new TreeSet<>();

  WaysOut(ForwardingPlan plan) {
    this.plan = plan;
    this.owned = new OwnedObjects(plan);
  }

  /** From now on these, by namespace; what no longer belongs to one goes. */
  void change(SortedMap<String, EgressIntent> wanted, Underlay underlay) {
    numbers.keySet().retainAll(wanted.keySet());
    number(wanted.keySet());
    var objects = new ArrayList<ForwardingObject>();
    if (!numbers.isEmpty()) {
      objects.add(new EgressFilter("", true, underlay.vteps(), shared(wanted)));
    }
    subnets.clear();
    wanted.values().stream().filter(WaysOut::isMember).forEach(way -> subnets.addAll(way.inside()));
    pods.values().forEach(having -> having.removeIf(namespace -> !reaches(wanted, namespace)));
    pods.values().removeIf(TreeSet::isEmpty);
    pods.keySet().forEach(address -> into(address).ifPresent(objects::add));
    numbers.forEach(
        (namespace, number) ->
            Optional.ofNullable(wanted.get(namespace))
                .ifPresent(way -> add(objects, namespace, number, way, underlay)));
    owned.retain(objects);
    objects.forEach(owned::want);
  }

  private List<EgressFilter.Shared> shared(SortedMap<String, EgressIntent> wanted) {
    var shared = new ArrayList<EgressFilter.Shared>();
    for (var namespace : numbers.keySet()) {
      var port = AddressPlan.clusterPortName(namespace);
      Optional.ofNullable(wanted.get(namespace)).flatMap(EgressIntent::cluster).stream()
          .flatMap(cluster -> cluster.shared().stream())
          .map(service -> new EgressFilter.Shared(port, service.udp(), service.number()))
          .distinct()
          .forEach(shared::add);
    }
    return shared;
  }

  private boolean reaches(SortedMap<String, EgressIntent> wanted, String namespace) {
    return numbers.containsKey(namespace)
        && Optional.ofNullable(wanted.get(namespace)).flatMap(EgressIntent::cluster).isPresent();
  }

  private static boolean isMember(EgressIntent way) {
    return way.cluster().filter(ClusterIntent::member).isPresent();
  }

  /** The namespace has a pod with the address, or no longer; the next that has one gets it then. */
  void reach(String namespace, IpPrefix address, boolean there) {
    var having = pods.getOrDefault(address, new TreeSet<>());
    boolean changed =
        there ? numbers.containsKey(namespace) && having.add(namespace) : having.remove(namespace);
    if (!changed) {
      return;
    }
    if (having.isEmpty()) {
      pods.remove(address);
    } else {
      pods.put(address, having);
    }
    if (!subnets.contains(address)) {
      into(address).ifPresentOrElse(owned::want, () -> owned.unwant(EgressRoute.key("", address)));
    }
  }

  /** The route to the pod of the first that has one, unless it is a whole network's. */
  private Optional<EgressRoute> into(IpPrefix address) {
    return subnets.contains(address)
        ? Optional.empty()
        : pods.getOrDefault(address, new TreeSet<>()).stream()
            .findFirst()
            .flatMap(namespace -> Optional.ofNullable(numbers.get(namespace)))
            .map(number -> AddressPlan.egressAddress(number, address.address().isIpv4()))
            .map(outside -> new EgressRoute("", address, outside.plus(1)));
  }

  /** Those that stand keep theirs, before anybody takes a new one. */
  private void number(Iterable<String> namespaces) {
    var taken = new TreeSet<>(numbers.values());
    for (var namespace : namespaces) {
      if (!numbers.containsKey(namespace)) {
        standing(namespace).filter(taken::add).ifPresent(number -> numbers.put(namespace, number));
      }
    }
    for (var namespace : namespaces) {
      if (!numbers.containsKey(namespace)) {
        free(namespace, taken)
            .filter(taken::add)
            .ifPresent(number -> numbers.put(namespace, number));
      }
    }
  }

  private Optional<Integer> standing(String namespace) {
    for (int probe = 0; probe < STANDING_PROBES; probe++) {
      int number = candidate(namespace, probe);
      for (var family : List.of(true, false)) {
        if (plan.realized(inside(namespace, number, family).key()).isPresent()) {
          return Optional.of(number);
        }
      }
    }
    return Optional.empty();
  }

  /** From a place that the name gives: mostly the same, whoever came first. */
  private static Optional<Integer> free(String namespace, Set<Integer> taken) {
    for (int probe = 0; probe < AddressPlan.EGRESS_LINKS; probe++) {
      int number = candidate(namespace, probe);
      if (!taken.contains(number)) {
        return Optional.of(number);
      }
    }
    return Optional.empty(); // there are more than a node may have endpoints
  }

  private static int candidate(String namespace, int probe) {
    long hash = StableHash.of(namespace);
    return (int) Long.remainderUnsigned(hash + probe, AddressPlan.EGRESS_LINKS);
  }

  private static EgressAddress inside(String namespace, int number, boolean ipv4) {
    var outside = AddressPlan.egressAddress(number, ipv4);
    return new EgressAddress(namespace, EgressLink.NAME, outside.plus(1), outside.bits() - 1);
  }

  private static void add(
      List<ForwardingObject> objects,
      String namespace,
      int number,
      EgressIntent way,
      Underlay underlay) {
    int mtu = underlay.overlayMtu();
    var port =
        way.cluster().isPresent()
            ? AddressPlan.clusterPortName(namespace)
            : AddressPlan.egressPortName(namespace);
    var node = way.cluster().map(_ -> underlay.nodeAddresses()).orElse(List.of());
    objects.add(new EgressFilter(namespace, true, node));
    objects.add(new EgressLink(namespace, mtu, port));
    objects.add(new EgressPort(port, namespace, mtu));
    if (way.has(false)) {
      objects.add(new Ipv6Routing(namespace, EgressLink.NAME)); // answers come in by it
    }
    for (boolean ipv4 : new boolean[] {true, false}) {
      if (way.has(ipv4)) {
        IpAddress outside = AddressPlan.egressAddress(number, ipv4);
        objects.add(new EgressAddress("", port, outside, outside.bits() - 1));
        objects.add(inside(namespace, number, ipv4));
        objects.add(new EgressRoute(namespace, new IpPrefix(outside.masked(0), 0), outside));
        way.cluster()
            .ifPresent(cluster -> reach(objects, namespace, outside, cluster, way.inside(), node));
      }
    }
    for (var subnet : new TreeSet<>(way.inside())) {
      if (way.has(subnet.address().isIpv4())) {
        objects.add(new DeadEnd(namespace, subnet));
      }
    }
  }

  /**
   * Both ways: what the node reaches inside, and itself by the addresses that it has there, and
   * services, which a default route by Type 5 does not lead to.
   */
  private static void reach(
      List<ForwardingObject> objects,
      String namespace,
      IpAddress outside,
      ClusterIntent cluster,
      List<IpPrefix> inside,
      List<IpAddress> node) {
    for (var prefix : cluster.member() ? new TreeSet<>(inside) : new TreeSet<IpPrefix>()) {
      if (prefix.address().isIpv4() == outside.isIpv4()) {
        objects.add(new EgressRoute("", prefix, outside.plus(1)));
      }
    }
    for (var prefix : cluster.services()) {
      if (prefix.address().isIpv4() == outside.isIpv4()) {
        objects.add(new EgressRoute(namespace, prefix, outside));
      }
    }
    for (var address : node) {
      if (address.isIpv4() == outside.isIpv4()) {
        objects.add(new EgressRoute(namespace, new IpPrefix(address, address.bits()), outside));
      }
    }
  }
}
