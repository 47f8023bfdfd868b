package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.Ipv6Address;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.EgressObject.DeadEnd;
import io.weft.overlay.forwarding.EgressObject.EgressAddress;
import io.weft.overlay.forwarding.EgressObject.EgressFilter;
import io.weft.overlay.forwarding.EgressObject.EgressLink;
import io.weft.overlay.forwarding.EgressObject.EgressPort;
import io.weft.overlay.forwarding.EgressObject.EgressRoute;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.SendingFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.SendingPort;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.TenantHop;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What frames and packets meet in the kernel of one node. */
final class KernelSight {
  /** A route, with its metric: the connected network's before all others (docs/egress.md). */
  private record Way(int metric, ForwardingObject object) {}

  /** One namespace's table, in which the longest prefix wins. */
  private static final class Table {
    private final TreeMap<IpPrefix, Way> ways = new TreeMap<>();
    private final TreeSet<Integer> lengths = new TreeSet<>(Comparator.reverseOrder());

    void add(IpPrefix prefix, int metric, ForwardingObject object) {
      var way = new Way(metric, object);
      ways.merge(prefix, way, (old, next) -> old.metric() <= next.metric() ? old : next);
      lengths.add(prefix.length());
    }

    Optional<ForwardingObject> find(IpAddress ip) {
      for (int length : lengths) {
        if (length <= ip.bits()) {
          var way = ways.get(new IpPrefix(ip.masked(length), length));
          if (way != null) {
            return Optional.of(way.object());
          }
        }
      }
      return Optional.empty();
    }
  }

  /** What is behind endpoints: a prefix of the tenant that has this namespace. */
  record Behind(String namespace, IpPrefix prefix) implements Comparable<Behind> {
    @Override
    public int compareTo(Behind other) {
      int order = namespace.compareTo(other.namespace);
      return order != 0 ? order : prefix.compareTo(other.prefix);
    }
  }

  private static final Set<Kind> MET =
      EnumSet.of(
          Kind.EGRESS_FILTER,
          Kind.EGRESS_LINK,
          Kind.EGRESS_PORT,
          Kind.EGRESS_ADDRESS,
          Kind.EGRESS_ROUTE,
          Kind.DEAD_END,
          Kind.GATEWAY,
          Kind.VXLAN,
          Kind.PORT,
          Kind.ENDPOINT_ROUTE,
          Kind.VXLAN_FDB,
          Kind.FLOOD,
          Kind.SENDING_PORT,
          Kind.SENDING_FDB,
          Kind.TENANT_ROUTE);

  /** By namespace, in the order of a dump. */
  private static final class Objects {
    private final TreeMap<String, List<ForwardingObject>> all = new TreeMap<>();

    void add(ForwardingObject object) {
      all.computeIfAbsent(object.namespace(), _ -> new ArrayList<>()).add(object);
    }

    SortedSet<String> namespaces(Objects other) {
      var namespaces = new TreeSet<>(all.keySet());
      namespaces.addAll(other.all.keySet());
      return namespaces;
    }

    boolean areEqual(Objects other, String namespace) {
      return all.getOrDefault(namespace, List.of())
          .equals(other.all.getOrDefault(namespace, List.of()));
    }

    SortedSet<String> unequal(Objects other) {
      var unequal = namespaces(other);
      unequal.removeIf(namespace -> areEqual(other, namespace));
      return unequal;
    }
  }

  private final String name;

  /** What is sent to these by VXLAN comes here. */
  private final SortedSet<IpAddress> addresses;

  /** Whose VXLAN packets are let in: who is led to; the guard's 30 s of grace do not count. */
  private final TreeSet<IpAddress> admitted = new TreeSet<>();

  /** What frames and packets meet that come from here. */
  private final Objects met = new Objects();

  /** What those meet that come from elsewhere. */
  private final Objects visible = new Objects();

  private final TreeSet<ForwardingKey> vxlans = new TreeSet<>();

  /** Where packets of a VXLAN device, which may be one that only sends, come from. */
  private final TreeMap<ForwardingKey, IpAddress> sources = new TreeMap<>();

  private final List<EndpointPort> ports = new ArrayList<>();
  private final List<GatewayAddress> gateways = new ArrayList<>();
  private final TreeMap<ForwardingKey, VxlanFdbEntry> rows = new TreeMap<>();
  private final TreeMap<String, Table> tables = new TreeMap<>();
  private final TreeSet<Behind> behind = new TreeSet<>();
  private final TreeMap<String, EgressFilter> filters = new TreeMap<>();
  private final TreeSet<String> linked = new TreeSet<>();
  private final TreeSet<String> led = new TreeSet<>();

  /** The tenants' ends of their ways out, by their addresses. */
  private final TreeMap<IpAddress, String> ends = new TreeMap<>();

  /**
   * As it is now.
   *
   * @param name as people know the node
   * @param addresses its VTEPs, and those that it had
   */
  KernelSight(String name, SortedSet<IpAddress> addresses, SimulatedKernel kernel) {
    this.name = name;
    this.addresses = Collections.unmodifiableSortedSet(new TreeSet<>(addresses));
    kernel.objects(MET).forEach(this::add);
  }

  private void add(ForwardingObject object) {
    switch (object) {
      case FloodEntry row -> admitted.add(row.vtep());
      case SendingFdbEntry row -> admitted.add(row.vtep());
      default -> meet(object);
    }
  }

  private void meet(ForwardingObject object) {
    met.add(object);
    switch (object) {
      case VxlanPort vxlan -> {
        vxlans.add(vxlan.key());
        sources.put(vxlan.key(), vxlan.local());
        visible.add(vxlan);
      }
      case SendingPort port -> sources.put(port.key(), port.local());
      case EndpointPort port -> {
        ports.add(port);
        visible.add(port);
      }
      case VxlanFdbEntry row -> {
        rows.put(row.key(), row);
        admitted.add(row.vtep());
      }
      case GatewayAddress gateway -> {
        gateways.add(gateway);
        route(subnet(gateway), 0, gateway);
      }
      case EndpointRoute route -> {
        behind.add(new Behind(route.namespace(), route.prefix()));
        visible.add(route);
        route(route.prefix(), 10, route);
      }
      case TenantRoute route -> route(route.prefix(), 20, route);
      case EgressRoute route -> route(route.prefix(), 1_000, route);
      case DeadEnd end -> route(end.prefix(), 2_000, end);
      case EgressFilter filter -> filters.put(filter.namespace(), filter);
      case EgressLink link -> linked.add(link.namespace());
      case EgressPort port -> led.add(port.tenant());
      case EgressAddress address when !address.namespace().isEmpty() ->
          ends.put(address.address(), address.namespace());
      default -> {}
    }
  }

  private void route(IpPrefix prefix, int metric, ForwardingObject object) {
    tables.computeIfAbsent(object.namespace(), _ -> new Table()).add(prefix, metric, object);
  }

  private static IpPrefix subnet(GatewayAddress gateway) {
    int length = gateway.prefixLength();
    return new IpPrefix(gateway.address().masked(length), length);
  }

  String name() {
    return name;
  }

  /** Namespaces in which other ways may begin than when the node looked like that. */
  SortedSet<String> otherWaysFrom(KernelSight former) {
    // What is in none is part of each tenant's way out.
    return met.areEqual(former.met, "") ? met.unequal(former.met) : met.namespaces(former.met);
  }

  /** Namespaces to which other ways may lead than when the node looked like that. */
  SortedSet<String> otherWaysTo(KernelSight former) {
    return addresses.equals(former.addresses) && admitted.equals(former.admitted)
        ? visible.unequal(former.visible)
        : visible.namespaces(former.visible);
  }

  SortedSet<IpAddress> addresses() {
    return addresses;
  }

  List<EndpointPort> ports() {
    return ports;
  }

  SortedSet<Behind> behind() {
    return behind;
  }

  private Optional<ForwardingObject> find(String namespace, IpAddress ip) {
    return Optional.ofNullable(tables.get(namespace)).flatMap(table -> table.find(ip));
  }

  /** What is sent to an address by VXLAN with a VNI comes into a namespace of this node. */
  private boolean takes(IpAddress address, String namespace, Vni vni) {
    return addresses.contains(address)
        && vxlans.contains(ForwardingKey.vxlanPort(namespace, vni, address));
  }

  /** Packets of a VXLAN device of this node are let in at that one. */
  private boolean isAdmitted(ForwardingKey device, KernelSight at) {
    return Optional.ofNullable(sources.get(device)).filter(at.admitted::contains).isPresent();
  }

  /** Packets of a port's family leave its segment by a gateway of this node. */
  boolean hasGateway(EndpointPort port, boolean ipv4) {
    return port.addresses().stream().anyMatch(ip -> ip.isIpv4() == ipv4)
        && gateways.stream()
            .anyMatch(
                g ->
                    g.namespace().equals(port.namespace())
                        && g.vni().equals(port.vni())
                        && g.address().isIpv4() == ipv4);
  }

  /** Those of a port's segment that it is in: its host asks the segment for what is in them. */
  List<IpPrefix> subnets(EndpointPort port) {
    return gateways.stream()
        .filter(g -> g.namespace().equals(port.namespace()) && g.vni().equals(port.vni()))
        .map(KernelSight::subnet)
        .filter(subnet -> port.addresses().stream().anyMatch(subnet::contains))
        .toList();
  }

  /** Frames to the port's MAC in a segment of this node get to the port, at a node. */
  boolean switches(String namespace, Vni vni, EndpointPort to, KernelSight at) {
    if (at == this) {
      return namespace.equals(to.namespace()) && vni.equals(to.vni());
    }
    for (var address : at.addresses) {
      var row = rows.get(ForwardingKey.vxlanRow(namespace, vni, to.mac(), address));
      if (row != null
          && row.vtep().equals(address)
          && row.destinationVni().equals(to.vni())
          && at.takes(address, to.namespace(), to.vni())) {
        return isAdmitted(ForwardingKey.vxlanPort(namespace, vni, address), at);
      }
    }
    return false;
  }

  /** A packet in a namespace of this node gets to an address of a port, at a node. */
  boolean routes(String namespace, IpAddress ip, EndpointPort to, KernelSight at) {
    return switch (find(namespace, ip).orElse(null)) {
      case GatewayAddress gateway -> switches(namespace, gateway.vni(), to, at);
      case TenantRoute route -> leads(route, to.namespace(), at);
      case null, default -> false;
    };
  }

  /** A packet in a namespace of this node gets to what is behind endpoints of a node. */
  boolean routes(String namespace, Behind to, KernelSight at) {
    return switch (find(namespace, to.prefix().address()).orElse(null)) {
      case EndpointRoute route ->
          at == this && namespace.equals(to.namespace()) && route.prefix().equals(to.prefix());
      case TenantRoute route -> leads(route, to.namespace(), at);
      case null, default -> false;
    };
  }

  /** The way of a connected tenant ends in the VNI that the other tenant has at that node. */
  private boolean leads(TenantRoute route, String namespace, KernelSight at) {
    return route.hops().stream()
        .anyMatch(
            hop ->
                at.takes(vtep(hop), namespace, hop.vni())
                    && isAdmitted(device(route.namespace(), hop), at));
  }

  /** By which a route leaves. */
  private static ForwardingKey device(String namespace, TenantHop hop) {
    return hop.foreign()
        ? ForwardingKey.sendingPort(namespace, hop.vni(), hop.via())
        : ForwardingKey.vxlanPort(namespace, hop.vni(), hop.via());
  }

  /** A VTEP of IPv4 that is the next hop of a route of IPv6 is mapped. */
  private static IpAddress vtep(TenantHop hop) {
    return hop.via() instanceof Ipv6Address ipv6 && ipv6.isMapped()
        ? new Ipv4Address((int) ipv6.low())
        : hop.via();
  }

  /** A packet to the world leaves a namespace through this node, with its address. */
  boolean leaves(String namespace, boolean ipv4) {
    var everywhere = Optional.ofNullable(tables.get(namespace));
    return everywhere
            .flatMap(
                table ->
                    table.ways.entrySet().stream()
                        .filter(way -> isDefault(way.getKey(), ipv4))
                        .findFirst())
            .filter(way -> way.getValue().object() instanceof EgressRoute)
            .isPresent()
        && isOpen(namespace);
  }

  static boolean isDefault(IpPrefix prefix, boolean ipv4) {
    return prefix.length() == 0 && prefix.address().isIpv4() == ipv4;
  }

  /** Both ends of its way out are there, and what filters and translates. */
  private boolean isOpen(String namespace) {
    return linked.contains(namespace)
        && led.contains(namespace)
        && filters.containsKey(namespace)
        && filters.containsKey("");
  }

  /** Pods of a namespace and this node reach each other: the tenant's way out is the cluster's. */
  private boolean isOfCluster(String namespace) {
    var filter = filters.get(namespace);
    return filter != null && !filter.node().isEmpty() && isOpen(namespace);
  }

  /** A packet of a namespace gets to this node's own address. */
  boolean reachesNode(String namespace, boolean ipv4) {
    return isOfCluster(namespace)
        && Optional.ofNullable(filters.get(namespace)).orElseThrow().node().stream()
            .filter(ip -> ip.isIpv4() == ipv4)
            .anyMatch(ip -> find(namespace, ip).orElse(null) instanceof EgressRoute);
  }

  /** A packet of this node's own, as of its kubelet, gets to an address of a port, at a node. */
  boolean nodeReaches(IpAddress ip, EndpointPort to, KernelSight at) {
    return find("", ip).orElse(null) instanceof EgressRoute route
        && Optional.ofNullable(ends.get(route.via()))
            .filter(this::isOfCluster)
            .filter(namespace -> routes(namespace, ip, to, at))
            .isPresent();
  }
}
