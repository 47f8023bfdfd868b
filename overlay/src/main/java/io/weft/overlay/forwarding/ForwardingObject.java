package io.weft.overlay.forwarding;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import java.util.List;
import java.util.Optional;

/**
 * One object in the kernel's tables that Weft owns, in one tenant's namespace or the underlay's.
 * Objects are values: two are the same row when their {@link #key keys} are equal, and need no
 * write when they are equal as a whole.
 *
 * <p>Device names follow from the VNI: bridge {@code br<vni>}, vxlan {@code vx<vni>}; where nodes
 * have VTEPs of both families, {@code vy<vni>} for IPv6 (decisions/0023).
 */
public sealed interface ForwardingObject
    permits EgressObject,
        MovedMac,
        UnknownUnicast,
        ForwardingObject.UnderlayRoute,
        ForwardingObject.TenantNamespace,
        ForwardingObject.Bridge,
        ForwardingObject.Ipv6Routing,
        ForwardingObject.GatewayAddress,
        ForwardingObject.VxlanPort,
        ForwardingObject.EndpointPort,
        ForwardingObject.TapPort,
        ForwardingObject.LocalFdbEntry,
        ForwardingObject.EndpointRoute,
        ForwardingObject.VxlanFdbEntry,
        ForwardingObject.BridgeFdbEntry,
        ForwardingObject.FloodEntry,
        ForwardingObject.MulticastEntry,
        ForwardingObject.NeighbourEntry,
        ForwardingObject.SendingPort,
        ForwardingObject.SendingFdbEntry,
        ForwardingObject.SendingNeighbour,
        ForwardingObject.TransitGuard,
        ForwardingObject.TenantRoute {
  /** The tenant's network namespace, by name; empty: the namespace of the underlay. */
  String namespace();

  ForwardingKey key();

  /** The object as a dump of the kernel would show it: without what only its making needs. */
  default ForwardingObject observable() {
    return this;
  }

  /**
   * A route of the underlay's main table, learned by BGP.
   *
   * @param nextHops one or more, sorted, each once, all weighing the same; a link-local one has its
   *     link as zone, others are on the link where the kernel finds them
   */
  record UnderlayRoute(IpPrefix prefix, List<IpAddress> nextHops) implements ForwardingObject {
    public UnderlayRoute {
      nextHops = nextHops.stream().sorted().distinct().toList();
      if (nextHops.isEmpty()) {
        throw new IllegalArgumentException("the route to " + prefix + " leads nowhere");
      }
    }

    @Override
    public String namespace() {
      return "";
    }

    @Override
    public ForwardingKey key() {
      return key(prefix);
    }

    /** The key of the route to a prefix. */
    public static ForwardingKey key(IpPrefix prefix) {
      return ForwardingKey.of(Kind.UNDERLAY_ROUTE, "", prefix);
    }
  }

  /** A tenant's network namespace. */
  record TenantNamespace(String namespace) implements ForwardingObject {
    @Override
    public ForwardingKey key() {
      return new ForwardingKey(Kind.NAMESPACE, namespace, 0, "");
    }
  }

  /**
   * The bridge of one network, or of a tenant's L3 VNI. Its MAC is given, not inherited from a
   * port: a bridge that changes its MAC flushes its neighbours.
   *
   * @param routed IPv4 packets to the bridge's own MAC are routed within the namespace
   * @param snooping it hears which ports have joined which multicast group, and asks them (RFC
   *     4541); what other nodes ask does not come in, nor does it ask their hosts
   */
  record Bridge(
      String namespace, Vni vni, MacAddress mac, int mtu, boolean routed, boolean snooping)
      implements ForwardingObject {
    /** One that floods. */
    public Bridge(String namespace, Vni vni, MacAddress mac, int mtu, boolean routed) {
      this(namespace, vni, mac, mtu, routed, false);
    }

    public Bridge withSnooping(boolean other) {
      return new Bridge(namespace, vni, mac, mtu, routed, other);
    }

    @Override
    public ForwardingKey key() {
      return new ForwardingKey(Kind.BRIDGE, namespace, vni.value(), "");
    }
  }

  /**
   * IPv6 packets that come in by a device are routed within the namespace. An object of its own,
   * because a kernel may refuse it where all else works.
   *
   * @param device name of a bridge, or of an {@link EgressLink}
   */
  record Ipv6Routing(String namespace, String device) implements ForwardingObject {
    /** That of the bridge of a VNI. */
    public static Ipv6Routing of(String namespace, Vni vni) {
      return new Ipv6Routing(namespace, "br" + vni);
    }

    @Override
    public ForwardingKey key() {
      return new ForwardingKey(Kind.IPV6_ROUTING, namespace, 0, device);
    }
  }

  /**
   * The address of a network's gateway, on its bridge, or that from which the bridge asks for
   * groups of IPv6; the connected route comes with it.
   */
  record GatewayAddress(String namespace, Vni vni, IpAddress address, int prefixLength)
      implements ForwardingObject {
    @Override
    public ForwardingKey key() {
      return new ForwardingKey(Kind.GATEWAY, namespace, vni.value(), address + "/" + prefixLength);
    }
  }

  /**
   * The vxlan device and bridge port of one network (RFC 7348), one for each family of the node's
   * VTEPs: no learning on either, neighbour suppression on, nothing to unknown MACs ({@link
   * UnknownUnicast}); its UDP socket is in the namespace of the underlay.
   *
   * @param dual the nodes have VTEPs of both families: what came in by one port leaves by no other
   */
  record VxlanPort(
      String namespace, Vni vni, IpAddress local, MacAddress mac, int mtu, boolean dual)
      implements ForwardingObject {
    /** The only one of its network. */
    public VxlanPort(String namespace, Vni vni, IpAddress local, MacAddress mac, int mtu) {
      this(namespace, vni, local, mac, mtu, false);
    }

    @Override
    public ForwardingKey key() {
      return ForwardingKey.vxlanPort(namespace, vni, local);
    }
  }

  /**
   * The port of an endpoint, a locked port of the bridge: the host end of a pod's veth, or what
   * leads to a link of the node.
   *
   * @param port interface name, at most 15 characters
   * @param sticky what the routes of the MAC say (RFC 7432 §15.2), kept here over a restart
   * @param gateways where the default routes that we gave the pod lead, at most one of each family
   * @param pod where the other end goes; needed to make the pair, unknown for an adopted one
   * @param link of the node that it leads to; empty for a pod's
   * @param declared by a resource, and not by a call: goes when the resource goes
   */
  record EndpointPort(
      String namespace,
      String port,
      Vni vni,
      String endpoint,
      String network,
      MacAddress mac,
      List<IpAddress> addresses,
      boolean sticky,
      int mtu,
      List<IpAddress> gateways,
      Optional<PodInterface> pod,
      Optional<NodeLink> link,
      boolean declared,
      boolean learn)
      implements ForwardingObject {
    public EndpointPort {
      addresses = List.copyOf(addresses);
      gateways = List.copyOf(gateways);
    }

    /** One of a pod, whose gateways are those of its interface. */
    public EndpointPort(
        String namespace,
        String port,
        Vni vni,
        String endpoint,
        String network,
        MacAddress mac,
        List<IpAddress> addresses,
        boolean sticky,
        int mtu,
        Optional<PodInterface> pod) {
      this(
          namespace,
          port,
          vni,
          endpoint,
          network,
          mac,
          addresses,
          sticky,
          mtu,
          pod.map(PodInterface::gateways).orElse(List.of()),
          pod,
          Optional.empty(),
          false,
          false);
    }

    @Override
    public ForwardingKey key() {
      return new ForwardingKey(Kind.PORT, namespace, 0, port);
    }

    /** True when both are the port of one endpoint, wherever it is. */
    public boolean isOf(EndpointPort other) {
      return endpoint.equals(other.endpoint)
          && network.equals(other.network)
          && mac.equals(other.mac)
          && addresses.equals(other.addresses);
    }

    @Override
    public EndpointPort observable() {
      return pod.isEmpty() ? this : with(namespace, Optional.empty());
    }

    /** The same in another namespace. */
    public EndpointPort in(String other) {
      return with(other, pod);
    }

    private EndpointPort with(String space, Optional<PodInterface> inside) {
      return new EndpointPort(
          space, port, vni, endpoint, network, mac, addresses, sticky, mtu, gateways, inside, link,
          declared, learn);
    }
  }

  /**
   * A tap device in the underlay's namespace, and a veth to the tenant's that exchanges all frames.
   *
   * @param tap name of the tap
   * @param port the tenant's end of the veth: an {@link EndpointPort}
   */
  record TapPort(String tap, String port, int mtu) implements ForwardingObject {
    @Override
    public String namespace() {
      return "";
    }

    @Override
    public ForwardingKey key() {
      return key(tap);
    }

    /** The key of a tap's way into a tenant. */
    public static ForwardingKey key(String tap) {
      return new ForwardingKey(Kind.TAP, "", 0, tap);
    }
  }

  /**
   * Static bridge entry that lets the one MAC through a locked port.
   *
   * @param fixed frames of the MAC that come in by another port, which learns, do not move it
   */
  record LocalFdbEntry(String namespace, Vni vni, MacAddress mac, String port, boolean fixed)
      implements ForwardingObject {
    /** That of a MAC that was announced. */
    public LocalFdbEntry(String namespace, Vni vni, MacAddress mac, String port) {
      this(namespace, vni, mac, port, true);
    }

    @Override
    public ForwardingKey key() {
      return ForwardingKey.of(Kind.LOCAL_FDB, namespace, vni, mac);
    }
  }

  /**
   * A route of the tenant's table to what is behind endpoints of this node; it comes before a
   * {@link TenantRoute} to the same prefix. It also keeps over a restart what is behind whom.
   *
   * @param hops one or more addresses of endpoints, each over the bridge of its network; sorted
   * @param learned they said so by BGP; else it was said when they were attached
   */
  record EndpointRoute(String namespace, IpPrefix prefix, List<TenantHop> hops, boolean learned)
      implements ForwardingObject {
    /** One that was given. */
    public EndpointRoute(String namespace, IpPrefix prefix, List<TenantHop> hops) {
      this(namespace, prefix, hops, false);
    }

    public EndpointRoute {
      hops = hops.stream().sorted().distinct().toList();
      if (hops.isEmpty()) {
        throw new IllegalArgumentException("the route to " + prefix + " leads nowhere");
      }
    }

    @Override
    public ForwardingKey key() {
      return key(namespace, prefix);
    }

    /** The key of the route to a prefix. */
    public static ForwardingKey key(String namespace, IpPrefix prefix) {
      return ForwardingKey.of(Kind.ENDPOINT_ROUTE, namespace, prefix);
    }
  }

  /** Row of the vxlan device: a remote MAC is behind this VTEP, in this VNI. */
  record VxlanFdbEntry(
      String namespace, Vni vni, MacAddress mac, IpAddress vtep, Vni destinationVni)
      implements ForwardingObject {
    @Override
    public ForwardingKey key() {
      return ForwardingKey.vxlanRow(namespace, vni, mac, vtep);
    }
  }

  /**
   * Row of the bridge: a remote MAC is behind the vxlan port.
   *
   * @param ipv6 the one of the IPv6 VTEP
   * @param fixed it is sticky there (RFC 7432 §15.2): frames of the MAC that come in by a port
   *     here, which learns, do not move it
   */
  record BridgeFdbEntry(String namespace, Vni vni, MacAddress mac, boolean ipv6, boolean fixed)
      implements ForwardingObject {
    /** One that may move. */
    public BridgeFdbEntry(String namespace, Vni vni, MacAddress mac, boolean ipv6) {
      this(namespace, vni, mac, ipv6, false);
    }

    /** Behind the port of the IPv4 VTEP. */
    public BridgeFdbEntry(String namespace, Vni vni, MacAddress mac) {
      this(namespace, vni, mac, false);
    }

    @Override
    public ForwardingKey key() {
      return ForwardingKey.of(Kind.BRIDGE_FDB, namespace, vni, mac);
    }
  }

  /** Entry of the flood list: a copy of each broadcast frame goes to this VTEP, in this VNI. */
  record FloodEntry(String namespace, Vni vni, IpAddress vtep, Vni destinationVni)
      implements ForwardingObject {
    @Override
    public ForwardingKey key() {
      return ForwardingKey.of(Kind.FLOOD, namespace, vni, vtep);
    }
  }

  /**
   * Row of the vxlan device's multicast database: this VTEP gets a copy of the group's frames.
   * Where a group has rows the flood list does not count for it.
   *
   * @param group the unspecified address: all of its family that have no rows, but link-local ones
   * @param source frames from there alone, for which rows without a source do not count then
   * @param destinationVni empty: {@code vtep} is our own, and nobody gets a copy
   */
  record MulticastEntry(
      String namespace,
      Vni vni,
      IpAddress group,
      Optional<IpAddress> source,
      IpAddress vtep,
      Optional<Vni> destinationVni)
      implements ForwardingObject {
    /** One for a group's frames, whoever sends them. */
    public MulticastEntry(
        String namespace, Vni vni, IpAddress group, IpAddress vtep, Optional<Vni> destinationVni) {
      this(namespace, vni, group, Optional.empty(), vtep, destinationVni);
    }

    @Override
    public ForwardingKey key() {
      var text = group + " " + vtep + source.map(from -> " from " + from).orElse("");
      return new ForwardingKey(Kind.MULTICAST, namespace, vni.value(), text);
    }
  }

  /**
   * Neighbour of the bridge: answers ARP and neighbour solicitation for an address, and tells the
   * tenant's routing its MAC.
   */
  record NeighbourEntry(String namespace, Vni vni, IpAddress ip, MacAddress mac)
      implements ForwardingObject {
    @Override
    public ForwardingKey key() {
      return ForwardingKey.of(Kind.NEIGHBOUR, namespace, vni, ip);
    }
  }

  /**
   * A VXLAN device that only sends, into a foreign VNI: what another tenant's routes, or those of a
   * VTEP with numbers of its own, ask for (RFC 8365 §5.1.3). Rows are keyed by the router's MAC,
   * one for all VNIs of a VTEP, so each foreign VNI needs a device. Answers come in the VNI of this
   * tenant; this device routes nothing that arrives.
   *
   * @param vni the foreign one, which its rows carry
   * @param id what the kernel knows it by: unique on a node; no packet of ours carries it
   * @param second the one for IPv6 where nodes have VTEPs of both families
   */
  record SendingPort(
      String namespace, Vni vni, Vni id, IpAddress local, MacAddress mac, int mtu, boolean second)
      implements ForwardingObject {
    /** The only one of its VNI, or the first. */
    public SendingPort(
        String namespace, Vni vni, Vni id, IpAddress local, MacAddress mac, int mtu) {
      this(namespace, vni, id, local, mac, mtu, false);
    }

    @Override
    public ForwardingKey key() {
      return ForwardingKey.sendingPort(namespace, vni, local);
    }
  }

  /** Row of a {@link SendingPort}: the router with this MAC is behind this VTEP. */
  record SendingFdbEntry(String namespace, Vni vni, MacAddress mac, IpAddress vtep)
      implements ForwardingObject {
    @Override
    public ForwardingKey key() {
      return ForwardingKey.of(Kind.SENDING_FDB, namespace, vni, mac);
    }
  }

  /** Neighbour of a {@link SendingPort}: a VTEP, by its address in the underlay. */
  record SendingNeighbour(String namespace, Vni vni, IpAddress vtep, MacAddress mac)
      implements ForwardingObject {
    @Override
    public ForwardingKey key() {
      return ForwardingKey.of(Kind.SENDING_NEIGHBOUR, namespace, vni, vtep);
    }
  }

  /**
   * Packets that came in the tenant's L3 VNI do not leave by a {@link SendingPort}: who may reach
   * this tenant does not reach by it what it may reach itself. They are answered "unreachable".
   */
  record TransitGuard(String namespace, Vni vni) implements ForwardingObject {
    @Override
    public ForwardingKey key() {
      return new ForwardingKey(Kind.TRANSIT_GUARD, namespace, vni.value(), "");
    }
  }

  /**
   * A route of the tenant's table, with all that is equally good: the kernel spreads flows.
   *
   * @param hops one or more, sorted, each once
   */
  record TenantRoute(String namespace, IpPrefix prefix, List<TenantHop> hops)
      implements ForwardingObject {
    public TenantRoute {
      hops = hops.size() == 1 ? List.copyOf(hops) : hops.stream().sorted().distinct().toList();
      if (hops.isEmpty()) {
        throw new IllegalArgumentException("the route to " + prefix + " leads nowhere");
      }
    }

    /** The only way is a VTEP of the tenant. */
    public TenantRoute(String namespace, IpPrefix prefix, Vni vni, IpAddress vtep) {
      this(namespace, prefix, List.of(TenantHop.over(vni, vtep)));
    }

    @Override
    public ForwardingKey key() {
      return key(namespace, prefix);
    }

    /** The key of the route to a prefix: a tenant has one table, so it has no VNI. */
    public static ForwardingKey key(String namespace, IpPrefix prefix) {
      return ForwardingKey.of(Kind.TENANT_ROUTE, namespace, prefix);
    }
  }
}
