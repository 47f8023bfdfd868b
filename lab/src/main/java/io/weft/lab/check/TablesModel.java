package io.weft.lab.check;

import io.weft.lab.process.Attached;
import io.weft.lab.process.FrrGateway;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology.EndpointPlace;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.Ipv6Address;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What the tables of a network on a node must hold, from the topology and the attach answers. */
final class TablesModel {
  private TablesModel() {}

  static NavigableSet<String> of(RunningLab lab, String network, String node) {
    var lines = new TreeSet<String>();
    for (var endpoint : lab.attached(network)) {
      int vni = endpoint.vni().value();
      if (endpoint.node().equals(node)) {
        lines.add(TenantTables.local(vni, endpoint.mac()));
        local(endpoint, lines);
      } else {
        remote(lab, endpoint, lines);
      }
    }
    if (Routing.isRouted(lab, network)) {
      routed(lab, network, node, lines);
      behind(lab, network, node, lines);
    }
    return lines;
  }

  /** Questions about who is attached here do not leave the node. */
  private static void local(Attached endpoint, NavigableSet<String> lines) {
    for (var address : endpoint.addresses()) {
      lines.add(TenantTables.neighbour(endpoint.vni().value(), address, endpoint.mac()));
    }
  }

  /** Every other node that routes for the tenant, its hosts, and the subnets that are not here. */
  private static void routed(
      RunningLab lab, String network, String node, NavigableSet<String> lines) {
    int vni = Routing.l3Vni(lab, network);
    for (var other : Routing.neighbours(lab, network)) {
      boolean here = lab.nodesOf(other).stream().anyMatch(n -> n.thing().equals(node));
      var vteps = new TreeSet<IpAddress>();
      for (var endpoint : lab.attached(other)) {
        if (!endpoint.node().equals(node)) {
          var vtep = lab.plan().loopback(endpoint.node());
          var mac = Routing.routerMac(vtep);
          vteps.add(vtep);
          lines.add(TenantTables.remote(vni, mac, vtep));
          lines.add(TenantTables.tunnelled(vni, mac));
          lines.add(TenantTables.neighbour(vni, vtep, mac));
          if (vtep instanceof Ipv4Address v4 && Routing.isIpv6(lab, network)) {
            lines.add(TenantTables.neighbour(vni, Ipv6Address.mapped(v4), mac));
          }
          for (var address : endpoint.addresses()) {
            lines.add(TenantTables.route(vni, address + "/" + address.bits(), List.of(vtep)));
          }
        }
      }
      if (!here && !vteps.isEmpty()) {
        for (var subnet : lab.topology().network(other).spec().subnets()) {
          lines.add(TenantTables.route(vni, subnet, vteps));
        }
      }
    }
    gateways(lab, Routing.tenant(lab, network), vni, lines);
  }

  /** The tenant's external gateways, and what they say leads to them. */
  private static void gateways(RunningLab lab, String tenant, int vni, NavigableSet<String> lines) {
    var ways = new TreeMap<IpPrefix, TreeSet<IpAddress>>();
    for (var gateway : lab.topology().gateways()) {
      if (gateway.tenant().equals(tenant)) {
        var vtep = lab.plan().loopback(gateway.name());
        var mac = FrrGateway.routerMac(vtep);
        lines.add(TenantTables.remote(vni, mac, vtep));
        lines.add(TenantTables.tunnelled(vni, mac));
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
      RunningLab lab, String network, String node, NavigableSet<String> lines) {
    var ways = new TreeMap<IpPrefix, TreeSet<IpAddress>>();
    var here = new TreeSet<IpPrefix>();
    for (var other : Routing.neighbours(lab, network)) {
      for (var place : lab.topology().endpointsOf(other)) {
        for (var prefix : place.prefixes()) {
          if (place.node().equals(node)) {
            here.add(prefix);
            learned(lab, place, prefix, lines);
          }
          var vtep = lab.plan().loopback(place.node());
          ways.computeIfAbsent(prefix, _ -> new TreeSet<>()).add(vtep);
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

  private static void remote(RunningLab lab, Attached endpoint, NavigableSet<String> lines) {
    int vni = endpoint.vni().value();
    var vtep = lab.plan().loopback(endpoint.node());
    lines.add(TenantTables.remote(vni, endpoint.mac(), vtep));
    lines.add(TenantTables.tunnelled(vni, endpoint.mac()));
    lines.add(TenantTables.flood(vni, vtep));
    for (var address : endpoint.addresses()) {
      lines.add(TenantTables.neighbour(vni, address, endpoint.mac()));
    }
  }
}
