package io.weft.lab.topology;

import io.weft.kubernetes.resource.Fabric;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.resource.Tenant;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
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
 */
public record Topology(
    String name,
    int mtu,
    List<String> racks,
    List<Host> nodes,
    List<Host> reflectors,
    List<EndpointPlace> endpoints,
    Fabric fabric,
    List<Tenant> tenants,
    List<Network> networks) {
  public static final int MAX_NAME = 32;
  public static final int MAX_RACKS = 64;
  public static final int MAX_NODES = 128;
  public static final int MAX_REFLECTORS = 16;
  public static final int MAX_ENDPOINTS = 512;
  public static final int MIN_MTU = 1280;
  public static final int MAX_MTU = 9216;
  public static final int DEFAULT_MTU = 1500;

  /** Where the links of a lab have their addresses: shared address space (RFC 6598). */
  public static final IpPrefix LINKS = IpPrefix.parse("100.64.0.0/16");

  public Topology {
    racks = List.copyOf(racks);
    nodes = List.copyOf(nodes);
    reflectors = List.copyOf(reflectors);
    endpoints = List.copyOf(endpoints);
    tenants = List.copyOf(tenants);
    networks = List.copyOf(networks);
  }

  /** Who speaks BGP on a host. */
  public enum Speaker {
    /** {@code weft node} or {@code weft reflector}, started by the lab. */
    WEFT,
    /** Another implementation, which whoever runs the lab starts in the host's namespace. */
    EXTERNAL
  }

  /** A machine in a rack: a node or a reflector. */
  public record Host(String name, String rack, Speaker speaker) {
    public boolean isWeft() {
      return speaker == Speaker.WEFT;
    }
  }

  /**
   * An endpoint, in a network namespace of its own as a pod is.
   *
   * @param addresses none: whatever the agent gives
   * @param mac empty: the agent chooses
   * @param prefixes what is reached through it, a router
   */
  public record EndpointPlace(
      String name,
      String node,
      String network,
      List<IpAddress> addresses,
      Optional<MacAddress> mac,
      List<IpPrefix> prefixes) {
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
      this(name, node, network, addresses, mac, List.of());
    }
  }

  /** The network of this name, which is there when an endpoint names it. */
  public Network network(String name) {
    return networks.stream().filter(n -> n.name().equals(name)).findFirst().orElseThrow();
  }

  public Host node(String name) {
    return nodes.stream().filter(n -> n.name().equals(name)).findFirst().orElseThrow();
  }

  public List<EndpointPlace> endpointsOf(String network) {
    return endpoints.stream().filter(e -> e.network().equals(network)).toList();
  }
}
