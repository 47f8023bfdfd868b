package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.simulation.WhatIf.Pair;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Which pod's frames get to which, by what stands in the kernels alone. */
final class PodPairs {
  /** A kernel as frames see it. */
  private static final class Tables {
    final IpAddress vtep;
    final List<EndpointPort> ports = new ArrayList<>();
    final List<GatewayAddress> gateways = new ArrayList<>();
    final TreeMap<ForwardingKey, VxlanFdbEntry> rows = new TreeMap<>();
    final List<TenantRoute> routes = new ArrayList<>();
    final SimulatedKernel kernel;

    Tables(IpAddress vtep, SimulatedKernel kernel) {
      this.vtep = vtep;
      this.kernel = kernel;
      for (var object : kernel.objects()) {
        switch (object) {
          case EndpointPort port -> ports.add(port);
          case GatewayAddress gateway -> gateways.add(gateway);
          case VxlanFdbEntry row -> rows.put(row.key(), row);
          case TenantRoute route -> routes.add(route);
          default -> {}
        }
      }
      routes.sort(Comparator.comparingInt(route -> -route.prefix().length()));
    }

    boolean has(Kind kind, String namespace, Vni vni) {
      return kernel.has(new ForwardingKey(kind, namespace, vni.value(), ""));
    }
  }

  private record Pod(EndpointPort port, Tables at) {}

  private PodPairs() {}

  /** All pairs that get there. */
  static SortedSet<Pair> reached(World world) {
    var pods = new ArrayList<Pod>();
    for (var node : world.nodes()) {
      var tables = new Tables(world.vtepOf(node), world.kernel(node));
      tables.ports.forEach(port -> pods.add(new Pod(port, tables)));
    }
    var pairs = new TreeSet<Pair>();
    for (var from : pods) {
      for (var to : pods) {
        if (!from.port.equals(to.port) && (isSwitched(from, to) || isRouted(from, to))) {
          pairs.add(new Pair(from.port.endpoint(), to.port.endpoint()));
        }
      }
    }
    return pairs;
  }

  static SortedSet<Pair> without(SortedSet<Pair> some, SortedSet<Pair> others) {
    var left = new TreeSet<>(some);
    left.removeAll(others);
    return left;
  }

  private static boolean isSwitched(Pod from, Pod to) {
    return from.port.network().equals(to.port.network())
        && leads(from.at, from.port.namespace(), from.port.vni(), to);
  }

  /** Frames to the pod's MAC in a segment of a node get to it. */
  private static boolean leads(Tables at, String namespace, Vni vni, Pod to) {
    if (at == to.at) {
      return namespace.equals(to.port.namespace()) && vni.equals(to.port.vni());
    }
    return Optional.ofNullable(at.rows.get(row(namespace, vni, to.port.mac(), to.at.vtep)))
        .filter(
            row ->
                row.vtep().equals(to.at.vtep)
                    && row.destinationVni().equals(to.port.vni())
                    && to.at.has(Kind.VXLAN, to.port.namespace(), to.port.vni()))
        .isPresent();
  }

  private static ForwardingKey row(String namespace, Vni vni, MacAddress mac, IpAddress vtep) {
    return ForwardingKey.vxlanRow(namespace, vni, mac, vtep);
  }

  /** By the gateway of its network: over a network that is here too, or by a route. */
  private static boolean isRouted(Pod from, Pod to) {
    var namespace = from.port.namespace();
    boolean gateway =
        from.at.gateways.stream()
            .anyMatch(g -> g.namespace().equals(namespace) && g.vni().equals(from.port.vni()));
    return gateway
        && to.port.addresses().stream().anyMatch(ip -> isRouted(from.at, namespace, ip, to));
  }

  private static boolean isRouted(Tables at, String namespace, IpAddress ip, Pod to) {
    for (var route : at.routes) { // a host's comes before the connected network's
      if (route.namespace().equals(namespace) && route.prefix().contains(ip)) {
        return route.hops().stream()
            .anyMatch(
                hop ->
                    hop.via().equals(to.at.vtep)
                        && to.at.has(Kind.VXLAN, to.port.namespace(), hop.vni()));
      }
    }
    return at.gateways.stream()
        .filter(g -> g.namespace().equals(namespace) && isIn(g, ip))
        .anyMatch(g -> leads(at, namespace, g.vni(), to));
  }

  private static boolean isIn(GatewayAddress gateway, IpAddress ip) {
    var network = gateway.address().masked(gateway.prefixLength());
    return new IpPrefix(network, gateway.prefixLength()).contains(ip);
  }
}
