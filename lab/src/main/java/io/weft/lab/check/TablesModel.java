package io.weft.lab.check;

import io.weft.lab.fabric.FabricPlan;
import io.weft.lab.process.Attached;
import io.weft.lab.process.FrrGateway;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology.EndpointPlace;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.Ipv6Address;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What the tables of a network on a node must hold, from the plan and the attach answers. */
final class TablesModel {
  private TablesModel() {}

  static NavigableSet<String> of(RunningLab lab, FabricPlan plan, String network, String node) {
    var lines = new TreeSet<String>();
    for (var endpoint : lab.attached(network)) {
      int vni = endpoint.vni().value();
      if (endpoint.node().equals(node)) {
        lines.add(TenantTables.local(vni, endpoint.mac()));
        local(endpoint, lines);
      } else {
        remote(plan, lab, node, endpoint, lines);
      }
    }
    if (lab.isEverywhere(network)) {
      everywhere(lab, plan, network, node, lines);
    }
    if (Routing.isRouted(lab, network)) {
      routed(lab, plan, network, node, lines);
      behind(lab, plan, network, node, lines);
    }
    return lines;
  }

  /** The nodes without an endpoint have the network too. */
  private static void everywhere(
      RunningLab lab, FabricPlan plan, String network, String node, NavigableSet<String> lines) {
    for (var endpoint : lab.attached(network).stream().limit(1).toList()) {
      for (var other : lab.nodesOf(network)) {
        plan.vtep(node, other.thing())
            .filter(_ -> !other.thing().equals(node))
            .ifPresent(
                vtep ->
                    lines.add(TenantTables.flood(port(lab, endpoint.vni().value(), vtep), vtep)));
      }
    }
  }

  /** Questions about who is attached here do not leave the node. */
  private static void local(Attached endpoint, NavigableSet<String> lines) {
    for (var address : endpoint.addresses()) {
      lines.add(TenantTables.neighbour(endpoint.vni().value(), address, endpoint.mac()));
    }
  }

  /** Every other node that routes for the tenant, its hosts, and the subnets that are not here. */
  private static void routed(
      RunningLab lab, FabricPlan plan, String network, String node, NavigableSet<String> lines) {
    int vni = Routing.l3Vni(lab, network);
    for (var other : Routing.neighbours(lab, network)) {
      boolean here = lab.nodesOf(other).stream().anyMatch(n -> n.thing().equals(node));
      var vteps = new TreeSet<IpAddress>();
      for (var endpoint : lab.attached(other)) {
        if (!endpoint.node().equals(node)) {
          routers(lab, plan, network, node, endpoint.node(), lines);
          var vtep = plan.vtep(node, endpoint.node());
          vtep.ifPresent(vteps::add);
          var addresses = new ArrayList<IpAddress>(endpoint.addresses());
          addresses.addAll(endpoint.cluster());
          for (var address : vtep.isPresent() ? addresses : List.<IpAddress>of()) {
            lines.add(TenantTables.route(vni, address + "/" + address.bits(), List.of(vtep.get())));
          }
        }
      }
      if (!here && !vteps.isEmpty()) {
        for (var subnet : lab.topology().network(other).spec().subnets()) {
          lines.add(TenantTables.route(vni, subnet, vteps));
        }
      }
    }
    if (lab.topology().isOfCluster(Routing.tenant(lab, network))) {
      nodes(lab, plan, network, node, lines);
    }
    gateways(lab, plan, Routing.tenant(lab, network), vni, lines);
  }

  /** Every other node that its connections into the tenant begin on. */
  private static void nodes(
      RunningLab lab, FabricPlan plan, String network, String node, NavigableSet<String> lines) {
    int vni = Routing.l3Vni(lab, network);
    for (var neighbour : Routing.neighbours(lab, network)) {
      for (var other : lab.nodesOf(neighbour)) {
        var vtep = plan.vtep(node, other.thing());
        if (!other.thing().equals(node) && vtep.isPresent()) {
          routers(lab, plan, network, node, other.thing(), lines);
          var host = vtep.get() + "/" + vtep.get().bits();
          lines.add(TenantTables.route(vni, host, List.of(vtep.get())));
        }
      }
    }
  }

  /** Those behind each VTEP of the other node that this one has the family of. */
  private static void routers(
      RunningLab lab,
      FabricPlan plan,
      String network,
      String node,
      String other,
      NavigableSet<String> lines) {
    int vni = Routing.l3Vni(lab, network);
    for (var vtep : plan.namespace(other).loopbacks()) {
      if (plan.has(node, vtep)) {
        var mac = Routing.routerMac(vtep);
        var port = port(lab, vni, vtep);
        lines.add(TenantTables.remote(port, mac, vtep));
        lines.add(TenantTables.tunnelled(vni, port, mac));
        lines.add(TenantTables.neighbour(vni, vtep, mac));
        if (vtep instanceof Ipv4Address v4 && Routing.isIpv6(lab, network)) {
          lines.add(TenantTables.neighbour(vni, Ipv6Address.mapped(v4), mac));
        }
      }
    }
  }

  /** The vxlan device whose packets go to the VTEP. */
  private static String port(RunningLab lab, int vni, IpAddress vtep) {
    boolean second = lab.topology().fabric().spec().isDual() && !vtep.isIpv4();
    return (second ? "vy" : "vx") + vni;
  }

  /** The tenant's external gateways, and what they say leads to them. */
  private static void gateways(
      RunningLab lab, FabricPlan plan, String tenant, int vni, NavigableSet<String> lines) {
    var ways = new TreeMap<IpPrefix, TreeSet<IpAddress>>();
    for (var gateway : lab.topology().gateways()) {
      if (gateway.tenant().equals(tenant)) {
        var vtep = plan.loopback(gateway.name());
        var mac = FrrGateway.routerMac(vtep);
        var port = port(lab, vni, vtep);
        lines.add(TenantTables.remote(port, mac, vtep));
        lines.add(TenantTables.tunnelled(vni, port, mac));
        lines.add(TenantTables.neighbour(vni, vtep, mac));
        for (var prefix : gateway.announces()) {
          ways.computeIfAbsent(prefix, _ -> new TreeSet<>()).add(vtep);
        }
      }
    }
    ways.forEach((prefix, vteps) -> lines.add(TenantTables.route(vni, prefix, vteps)));
  }

  /** What is behind endpoints of other nodes, unless one of this node has the same behind it. */
  private static void behind(
      RunningLab lab, FabricPlan plan, String network, String node, NavigableSet<String> lines) {
    var ways = new TreeMap<IpPrefix, TreeSet<IpAddress>>();
    var here = new TreeSet<IpPrefix>();
    for (var other : Routing.neighbours(lab, network)) {
      for (var place : lab.topology().endpointsOf(other)) {
        for (var prefix : place.prefixes()) {
          if (place.node().equals(node)) {
            here.add(prefix);
            learned(lab, place, prefix, lines);
          }
          plan.vtep(node, place.node())
              .ifPresent(vtep -> ways.computeIfAbsent(prefix, _ -> new TreeSet<>()).add(vtep));
        }
      }
    }
    here.forEach(ways::remove);
    int vni = Routing.l3Vni(lab, network);
    ways.forEach((prefix, vteps) -> lines.add(TenantTables.route(vni, prefix, vteps)));
  }

  /** What an endpoint of the node says by BGP leads to it; what it was given is no route of BGP. */
  private static void learned(
      RunningLab lab, EndpointPlace place, IpPrefix prefix, NavigableSet<String> lines) {
    if (place.as().isPresent()) {
      for (var endpoint : lab.attached(place.network())) {
        if (endpoint.name().equals(place.name())) {
          endpoint.addresses().stream()
              .filter(address -> address.isIpv4() == prefix.address().isIpv4())
              .findFirst()
              .ifPresent(
                  via ->
                      lines.add(TenantTables.route(endpoint.vni().value(), prefix, List.of(via))));
        }
      }
    }
  }

  private static void remote(
      FabricPlan plan, RunningLab lab, String node, Attached endpoint, NavigableSet<String> lines) {
    int vni = endpoint.vni().value();
    var found = plan.vtep(node, endpoint.node());
    if (found.isEmpty()) {
      return;
    }
    var vtep = found.get();
    var port = port(lab, vni, vtep);
    lines.add(TenantTables.remote(port, endpoint.mac(), vtep));
    lines.add(TenantTables.tunnelled(vni, port, endpoint.mac()));
    lines.add(TenantTables.flood(port, vtep));
    for (var address : endpoint.addresses()) {
      lines.add(TenantTables.neighbour(vni, address, endpoint.mac()));
    }
  }
}
