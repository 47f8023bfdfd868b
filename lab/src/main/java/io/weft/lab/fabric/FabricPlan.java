package io.weft.lab.fabric;

import io.weft.kubernetes.resource.Tenant;
import io.weft.lab.topology.Topology;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.util.List;
import java.util.Optional;

/**
 * What the kernel is to hold so that a topology stands: a pure function of it. Nothing of the
 * overlay is in it; that is the agents' work.
 *
 * @param namespaces in the order in which they are made
 * @param routes each after the links that it needs
 */
public record FabricPlan(
    Topology topology, List<Namespace> namespaces, List<Cable> cables, List<StaticRoute> routes) {

  public FabricPlan {
    namespaces = List.copyOf(namespaces);
    cables = List.copyOf(cables);
    routes = List.copyOf(routes);
  }

  public enum Role {
    SPINE,
    TOR,
    NODE,
    REFLECTOR,
    GATEWAY,
    ENDPOINT,
    /** Empty until a check attaches it. */
    CHECK
  }

  /**
   * A network namespace.
   *
   * @param thing as the topology calls it
   * @param name of the network namespace
   * @param rack empty for the spine
   * @param loopbacks on {@code lo}, of nodes, reflectors and gateways: VTEPs and BGP addresses,
   *     one, or one of each family
   */
  public record Namespace(
      Role role, String thing, String name, String rack, List<IpAddress> loopbacks) {
    public Namespace {
      loopbacks = List.copyOf(loopbacks);
    }

    /** The only one, or that of IPv4. */
    public Optional<IpAddress> loopback() {
      return loopbacks.stream().findFirst();
    }

    /** Forwards packets that are not its own. */
    public boolean routes() {
      return role == Role.SPINE || role == Role.TOR || role == Role.GATEWAY;
    }
  }

  /**
   * A link between two routers, or a router and a host, with a subnet of its own of two addresses:
   * a /31 (RFC 3021), or a /127 (RFC 6164), or both.
   */
  public record Cable(End upper, End lower, int mtu) {}

  public record End(String namespace, String link, List<IpAddress> addresses) {
    public End {
      addresses = List.copyOf(addresses);
    }

    /** Of the IP version of another. */
    Optional<IpAddress> like(IpAddress other) {
      return addresses.stream().filter(address -> address.bits() == other.bits()).findFirst();
    }
  }

  /** One static route; {@code source} is what packets without another source get. */
  public record StaticRoute(
      String namespace, IpPrefix prefix, IpAddress via, Optional<IpAddress> source) {}

  public String lab() {
    return topology.name();
  }

  /** True when the underlay has IPv6, alone or beside IPv4. */
  public boolean hasIpv6() {
    return FabricPlanner.vteps(topology).stream().anyMatch(vteps -> !vteps.address().isIpv4());
  }

  /**
   * The VTEP of {@code to} that packets from the node {@code from} go to: that of IPv4 where both
   * have one, else that of IPv6 (decisions/0023). Empty where they have no family in common.
   */
  public Optional<IpAddress> vtep(String from, String to) {
    return namespace(to).loopbacks().stream().filter(vtep -> has(from, vtep)).findFirst();
  }

  /** The same where a host has lost one of its addresses. */
  public FabricPlan without(IpAddress loopback) {
    var others =
        namespaces.stream()
            .map(
                n ->
                    new Namespace(
                        n.role(),
                        n.thing(),
                        n.name(),
                        n.rack(),
                        n.loopbacks().stream().filter(a -> !a.equals(loopback)).toList()))
            .toList();
    return new FabricPlan(topology, others, cables, routes);
  }

  /** True when the node has an address of the VTEP's family. */
  public boolean has(String node, IpAddress vtep) {
    return namespace(node).loopbacks().stream().anyMatch(own -> own.bits() == vtep.bits());
  }

  /** True when endpoints of the two nodes, which may be one, share a segment. */
  public boolean meet(String one, String other) {
    return one.equals(other) || vtep(one, other).isPresent();
  }

  /**
   * Octets that a tunnel adds to a packet at most: outer IP, UDP, VXLAN and inner Ethernet headers.
   */
  public int overhead() {
    return overhead(hasIpv6());
  }

  /** As {@link #overhead()}, of one tunnel. */
  public static int overhead(boolean ipv6) {
    return (ipv6 ? 40 : 20) + 8 + 8 + 14;
  }

  public List<Namespace> namespaces(Role role) {
    return namespaces.stream().filter(namespace -> namespace.role() == role).toList();
  }

  /** True for a node's link that answers to tenants come in by: the node must route them on. */
  public boolean isWayOut(Cable cable) {
    return topology.tenants().stream().anyMatch(t -> t.spec().egress() != Tenant.Egress.NONE)
        && namespaces(Role.NODE).stream()
            .anyMatch(node -> node.name().equals(cable.lower().namespace()));
  }

  /** The namespace of a node, reflector, router or endpoint by its name in the topology. */
  public Namespace namespace(String thing) {
    return namespaces.stream().filter(n -> n.thing().equals(thing)).findFirst().orElseThrow();
  }

  /** Of a node or a reflector. */
  public IpAddress loopback(String host) {
    return namespace(host).loopback().orElseThrow();
  }

  /** How names of the tenant namespaces begin that an agent makes on its node. */
  public String tenantNamespacePrefix(String node) {
    return lab() + "-" + node + "-weft-";
  }

  /** The namespace that a check attaches where it needs one more endpoint of a network. */
  public String checkNamespace(String network) {
    return lab() + "-check-" + network;
  }
}
