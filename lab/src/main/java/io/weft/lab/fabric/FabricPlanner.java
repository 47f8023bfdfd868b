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
 * addresses are of the family that the VTEPs have.
 */
public final class FabricPlanner {
  /** VTEPs when the Fabric gives no {@code vtep.cidr}. */
  public static final IpPrefix DEFAULT_VTEPS = IpPrefix.parse("10.255.0.0/16");

  private final Topology topology;
  private final IpPrefix vteps;
  private final IpPrefix everywhere;
  private final List<Namespace> namespaces = new ArrayList<>();
  private final List<Cable> cables = new ArrayList<>();
  private final List<StaticRoute> routes = new ArrayList<>();
  private long hosts;

  private FabricPlanner(Topology topology) {
    this.topology = topology;
    this.vteps = vteps(topology);
    this.everywhere = new IpPrefix(vteps.address().masked(0), 0);
  }

  public static FabricPlan plan(Topology topology) {
    var planner = new FabricPlanner(topology);
    planner.add(Role.SPINE, "spine", "", Optional.empty());
    topology.racks().forEach(planner::rack);
    topology.nodes().forEach(node -> planner.host(Role.NODE, node));
    topology.reflectors().forEach(reflector -> planner.host(Role.REFLECTOR, reflector));
    topology.gateways().forEach(gateway -> planner.host(Role.GATEWAY, gateway.host()));
    topology.endpoints().forEach(e -> planner.add(Role.ENDPOINT, e.name(), "", Optional.empty()));
    topology
        .networks()
        .forEach(n -> planner.add(Role.CHECK, "check-" + n.name(), "", Optional.empty()));
    return new FabricPlan(topology, planner.namespaces, planner.cables, planner.routes);
  }

  /** Where VTEP and BGP addresses come from. */
  public static IpPrefix vteps(Topology topology) {
    return switch (topology.fabric().spec().vtep()) {
      case Vtep.OfCidr(var cidr) -> cidr;
      case Vtep.OfInterface _, Vtep.OfDefaultRoute _ -> DEFAULT_VTEPS;
    };
  }

  private void rack(String rack) {
    var tor = add(Role.TOR, "tor-" + rack, rack, Optional.empty());
    var cable = cable(name("spine"), "p" + (cables.size() + 1), tor.name(), "uplink");
    routes.add(new StaticRoute(tor.name(), everywhere, cable.upper().address(), Optional.empty()));
  }

  /** Packets to the loopback: spine to ToR to host; all others: host to ToR. */
  private void host(Role role, Host host) {
    var loopback = vteps.address().plus(++hosts);
    var namespace = add(role, host.name(), host.rack(), Optional.of(loopback));
    var tor = name("tor-" + host.rack());
    var cable = cable(tor, "p" + hosts, namespace.name(), "eth0");
    var to = new IpPrefix(loopback, loopback.bits());
    var rack = cables.get(topology.racks().indexOf(host.rack()));
    routes.add(
        new StaticRoute(
            namespace.name(), everywhere, cable.upper().address(), Optional.of(loopback)));
    routes.add(new StaticRoute(tor, to, cable.lower().address(), Optional.empty()));
    routes.add(new StaticRoute(name("spine"), to, rack.lower().address(), Optional.empty()));
  }

  private Cable cable(String upper, String upperLink, String lower, String lowerLink) {
    var first = Topology.links(vteps).address().plus(2L * cables.size());
    var cable =
        new Cable(
            new End(upper, upperLink, first),
            new End(lower, lowerLink, first.plus(1)),
            topology.mtu());
    cables.add(cable);
    return cable;
  }

  private Namespace add(Role role, String thing, String rack, Optional<IpAddress> loopback) {
    var namespace = new Namespace(role, thing, name(thing), rack, loopback);
    namespaces.add(namespace);
    return namespace;
  }

  private String name(String thing) {
    return topology.name() + "-" + thing;
  }
}
