package io.weft.lab.topology;

import io.weft.kubernetes.intent.VniAllocation;
import io.weft.kubernetes.resource.Fabric;
import io.weft.kubernetes.resource.FabricSpec.VtepFamily;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.resource.Tenant;
import io.weft.kubernetes.resource.TenantConnection;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.util.List;
import java.util.Optional;

/**
 * What a topology file says, free of contradictions. The racks hang on one spine.
 *
 * @param name of the lab; at most {@link #MAX_NAME} characters, as are those of the hosts, because
 *     a path to a Unix socket is made of them
 * @param mtu of the links of the fabric, octets of an IP packet
 * @param nodes hosts of endpoints, each a VTEP
 * @param reflectors BGP route reflectors without a data plane; none: the nodes are fully meshed
 * @param gateways routers of tenants that lead out of the fabric: FRR, started by the lab
 * @param machines that the lab moves between nodes
 */
public record Topology(
    String name,
    int mtu,
    List<String> racks,
    List<Host> nodes,
    List<Host> reflectors,
    List<Gateway> gateways,
    List<EndpointPlace> endpoints,
    Fabric fabric,
    List<Tenant> tenants,
    List<Network> networks,
    List<TenantConnection> connections,
    List<Machine> machines) {
  public static final int MAX_NAME = 32;
  public static final int MAX_RACKS = 64;
  public static final int MAX_NODES = 128;
  public static final int MAX_REFLECTORS = 16;
  public static final int MAX_GATEWAYS = 16;
  public static final int MAX_ENDPOINTS = 512;
  public static final int MAX_MACHINES = 16;
  public static final int MIN_MTU = 1280;
  public static final int MAX_MTU = 9216;
  public static final int DEFAULT_MTU = 1500;

  /** Where the links of a lab have their addresses: shared address space (RFC 6598). */
  public static final IpPrefix LINKS = IpPrefix.parse("100.64.0.0/16");

  /** The same of an underlay of IPv6: unique local addresses (RFC 4193). */
  public static final IpPrefix LINKS_IPV6 = IpPrefix.parse("fd00:6464::/64");

  public Topology {
    racks = List.copyOf(racks);
    nodes = List.copyOf(nodes);
    reflectors = List.copyOf(reflectors);
    gateways = List.copyOf(gateways);
    endpoints = List.copyOf(endpoints);
    tenants = List.copyOf(tenants);
    networks = List.copyOf(networks);
    connections = List.copyOf(connections);
    machines = List.copyOf(machines);
  }

  /** One in which no machine moves. */
  public Topology(
      String name,
      int mtu,
      List<String> racks,
      List<Host> nodes,
      List<Host> reflectors,
      List<Gateway> gateways,
      List<EndpointPlace> endpoints,
      Fabric fabric,
      List<Tenant> tenants,
      List<Network> networks,
      List<TenantConnection> connections) {
    this(
        name,
        mtu,
        racks,
        nodes,
        reflectors,
        gateways,
        endpoints,
        fabric,
        tenants,
        networks,
        connections,
        List.of());
  }

  /**
   * A virtual machine behind a link of each of its nodes, at one of them at a time.
   *
   * @param nodes two or more, each with an agent of ours
   * @param address of its interface, IPv4
   */
  public record Machine(
      String name, String network, List<String> nodes, IpAddress address, MacAddress mac) {
    public Machine {
      nodes = List.copyOf(nodes);
    }
  }

  /** Who speaks BGP on a host. */
  public enum Speaker {
    /** {@code weft node} or {@code weft reflector}, started by the lab. */
    WEFT,
    /** Another implementation, which whoever runs the lab starts in the host's namespace. */
    EXTERNAL
  }

  /**
   * A machine in a rack: a node or a reflector.
   *
   * @param families of the underlay that it has of those of the fabric; empty: all
   */
  public record Host(String name, String rack, Speaker speaker, List<VtepFamily> families) {
    public Host {
      families = List.copyOf(families);
    }

    /** True for an address that it may have in the underlay. */
    public boolean has(IpAddress address) {
      return families.isEmpty() || families.stream().anyMatch(family -> family.has(address));
    }

    public boolean isWeft() {
      return speaker == Speaker.WEFT;
    }
  }

  /**
   * An external gateway of a tenant.
   *
   * @param announces prefixes that it says lead to it, by routes of Type 5
   * @param outside the world behind it: each of these addresses answers
   */
  public record Gateway(
      String name, String rack, String tenant, List<IpPrefix> announces, IpPrefix outside) {
    /** Of the range for documentation (RFC 5737). */
    public static final IpPrefix OUTSIDE = IpPrefix.parse("198.51.100.0/24");

    public Gateway {
      announces = List.copyOf(announces);
    }

    /** The machine that it is. */
    public Host host() {
      return new Host(name, rack, Speaker.EXTERNAL, List.of());
    }
  }

  /**
   * An endpoint, in a network namespace of its own as a pod is.
   *
   * @param addresses none: whatever the agent gives
   * @param mac empty: the agent chooses
   * @param prefixes what is reached through it, a router
   * @param as of the BGP daemon, FRR, that says so, started by the lab; empty: it is said when the
   *     endpoint is attached
   */
  public record EndpointPlace(
      String name,
      String node,
      String network,
      List<IpAddress> addresses,
      Optional<MacAddress> mac,
      List<IpPrefix> prefixes,
      Optional<AutonomousSystem> as) {
    public EndpointPlace {
      addresses = List.copyOf(addresses);
      prefixes = List.copyOf(prefixes);
    }

    /** One with nothing behind it. */
    public EndpointPlace(
        String name,
        String node,
        String network,
        List<IpAddress> addresses,
        Optional<MacAddress> mac) {
      this(name, node, network, addresses, mac, List.of(), Optional.empty());
    }

    /** What it says when it is attached. */
    public List<IpPrefix> given() {
      return as.isPresent() ? List.of() : prefixes;
    }
  }

  /** Addresses of links, of the family of the VTEPs. */
  public static IpPrefix links(IpPrefix vteps) {
    return vteps.address().isIpv4() ? LINKS : LINKS_IPV6;
  }

  /** The network of this name, which is there when an endpoint names it. */
  public Network network(String name) {
    return networks.stream().filter(n -> n.name().equals(name)).findFirst().orElseThrow();
  }

  /** The nodes reach the tenant's pods, and these them. */
  public boolean isOfCluster(String tenant) {
    return tenants.stream()
        .anyMatch(t -> t.name().equals(tenant) && t.spec().egress() == Tenant.Egress.CLUSTER);
  }

  /** What a tenant's routed packets travel in, as the agents choose it. */
  public Vni l3Vni(String tenant) {
    return tenants.stream()
        .filter(t -> t.name().equals(tenant))
        .flatMap(t -> t.spec().l3vni().stream())
        .findFirst()
        .orElseGet(() -> VniAllocation.automatic(tenant, fabric.spec().vniPools().tenants()));
  }

  /** Endpoints with a BGP daemon in them. */
  public List<EndpointPlace> speaking() {
    return endpoints.stream().filter(e -> e.as().isPresent()).toList();
  }

  public Host node(String name) {
    return nodes.stream().filter(n -> n.name().equals(name)).findFirst().orElseThrow();
  }

  public List<EndpointPlace> endpointsOf(String network) {
    return endpoints.stream().filter(e -> e.network().equals(network)).toList();
  }
}
