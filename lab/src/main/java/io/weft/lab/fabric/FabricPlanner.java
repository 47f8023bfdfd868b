package io.weft.lab.fabric;

import io.weft.kubernetes.resource.FabricSpec.Vtep;
import io.weft.lab.fabric.FabricPlan.Cable;
import io.weft.lab.fabric.FabricPlan.End;
import io.weft.lab.fabric.FabricPlan.Namespace;
import io.weft.lab.fabric.FabricPlan.Role;
import io.weft.lab.fabric.FabricPlan.StaticRoute;
import io.weft.lab.topology.Topology;
import io.weft.lab.topology.Topology.Host;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Plans a fabric: a spine, a ToR router in each rack, hosts behind it. Every link has a subnet of
 * its own, so that nothing crosses a rack, or reaches a neighbour in it, without being routed. All
 * addresses are of the families that the VTEPs have.
 */
public final class FabricPlanner {
  /** VTEPs when the Fabric gives no {@code vtep.cidr}. */
  public static final IpPrefix DEFAULT_VTEPS = IpPrefix.parse("10.255.0.0/16");

  /** As {@link #DEFAULT_VTEPS}, where the Fabric wants VTEPs of IPv6. */
  public static final IpPrefix DEFAULT_VTEPS_IPV6 = IpPrefix.parse("fd00:255::/64");

  private final Topology topology;
  private final List<IpPrefix> vteps;
  private final List<Namespace> namespaces = new ArrayList<>();
  private final List<Cable> cables = new ArrayList<>();
  private final List<StaticRoute> routes = new ArrayList<>();
  private long hosts;

  private FabricPlanner(Topology topology) {
    this.topology = topology;
    this.vteps = vteps(topology);
  }

  public static FabricPlan plan(Topology topology) {
    var planner = new FabricPlanner(topology);
    planner.add(Role.SPINE, "spine", "", List.of());
    topology.racks().forEach(planner::rack);
    topology.nodes().forEach(node -> planner.host(Role.NODE, node));
    topology.reflectors().forEach(reflector -> planner.host(Role.REFLECTOR, reflector));
    topology.gateways().forEach(gateway -> planner.host(Role.GATEWAY, gateway.host()));
    topology.endpoints().forEach(e -> planner.add(Role.ENDPOINT, e.name(), "", List.of()));
    topology.machines().forEach(m -> planner.add(Role.CHECK, m.name(), "", List.of()));
    topology.networks().forEach(n -> planner.add(Role.CHECK, "check-" + n.name(), "", List.of()));
    return new FabricPlan(topology, planner.namespaces, planner.cables, planner.routes);
  }

  /** Where VTEP and BGP addresses come from: a prefix of each family, that of IPv4 first. */
  public static List<IpPrefix> vteps(Topology topology) {
    var spec = topology.fabric().spec();
    var prefixes =
        switch (spec.vtep()) {
          case Vtep.OfCidrs(var cidrs) -> cidrs;
          case Vtep.OfInterface _, Vtep.OfDefaultRoute _ ->
              spec.families().isEmpty()
                  ? List.of(DEFAULT_VTEPS)
                  : List.of(DEFAULT_VTEPS, DEFAULT_VTEPS_IPV6);
        };
    return prefixes.stream().filter(prefix -> spec.mayBeVtep(prefix.address())).sorted().toList();
  }

  private void rack(String rack) {
    var tor = add(Role.TOR, "tor-" + rack, rack, List.of());
    var cable = cable(name("spine"), "p" + (cables.size() + 1), tor.name(), "uplink", vteps);
    for (var upper : cable.upper().addresses()) {
      routes.add(new StaticRoute(tor.name(), everywhere(upper), upper, Optional.empty()));
    }
  }

  private static IpPrefix everywhere(IpAddress address) {
    return new IpPrefix(address.masked(0), 0);
  }

  /** Packets to the loopbacks: spine to ToR to host; all others: host to ToR. */
  private void host(Role role, Host host) {
    long number = ++hosts;
    var own = vteps.stream().filter(prefix -> host.has(prefix.address())).toList();
    var loopbacks = own.stream().map(prefix -> prefix.address().plus(number)).toList();
    var namespace = add(role, host.name(), host.rack(), loopbacks);
    var tor = name("tor-" + host.rack());
    var cable = cable(tor, "p" + number, namespace.name(), "eth0", own);
    var rack = cables.get(topology.racks().indexOf(host.rack()));
    for (var loopback : loopbacks) {
      var to = new IpPrefix(loopback, loopback.bits());
      var up = cable.upper().like(loopback).orElseThrow();
      routes.add(new StaticRoute(namespace.name(), everywhere(up), up, Optional.of(loopback)));
      var down = cable.lower().like(loopback).orElseThrow();
      routes.add(new StaticRoute(tor, to, down, Optional.empty()));
      var across = rack.lower().like(loopback).orElseThrow();
      routes.add(new StaticRoute(name("spine"), to, across, Optional.empty()));
    }
  }

  private Cable cable(
      String upper, String upperLink, String lower, String lowerLink, List<IpPrefix> families) {
    var first =
        families.stream()
            .map(family -> Topology.links(family).address().plus(2L * cables.size()))
            .toList();
    var cable =
        new Cable(
            new End(upper, upperLink, first),
            new End(lower, lowerLink, first.stream().map(address -> address.plus(1)).toList()),
            topology.mtu());
    cables.add(cable);
    return cable;
  }

  private Namespace add(Role role, String thing, String rack, List<IpAddress> loopbacks) {
    var namespace = new Namespace(role, thing, name(thing), rack, loopbacks);
    namespaces.add(namespace);
    return namespace;
  }

  private String name(String thing) {
    return topology.name() + "-" + thing;
  }
}
