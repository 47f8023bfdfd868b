package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.Ipv6Address;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.Ipv6Routing;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.PodInterface;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Nodes of the real kernel on one Layer 2 underlay, with the objects of a tenant that routes: what
 * the brain wants there, written by hand. VTEPs are 10.0.0.1, 10.0.0.2 and so on, or fd00:ffff::1
 * and so on.
 */
final class RoutedNodes {
  static final Vni L3 = new Vni(5001);

  private final TestNamespaces namespaces;
  private final Rtnetlink fabric;
  private final int bridge;
  private final String vteps;
  private final boolean routesByLinks;
  private int nodes;

  RoutedNodes(TestNamespaces namespaces) {
    this(namespaces, "10.0.0.", Ipv6Forwarding.isByLinks());
  }

  /** As on kernels before 6.17, which do not route IPv6 by single links. */
  static RoutedNodes older(TestNamespaces namespaces) {
    return new RoutedNodes(namespaces, "10.0.0.", false);
  }

  static RoutedNodes overIpv6(TestNamespaces namespaces) {
    return new RoutedNodes(namespaces, "fd00:ffff::", Ipv6Forwarding.isByLinks());
  }

  private RoutedNodes(TestNamespaces namespaces, String vteps, boolean routesByLinks) {
    this.routesByLinks = routesByLinks;
    this.vteps = vteps;
    this.namespaces = namespaces;
    this.fabric = namespaces.links(namespaces.create("fabric"));
    this.bridge = fabric.createBridge("fabric", LinkSettings.UP).index();
  }

  /** A network of the tenant: {@code 192.168.<subnet>.0/24}, its gateway the first address. */
  record Segment(int vni, int subnet, int mtu) {
    IpAddress address(int last) {
      return IpAddress.parse("192.168." + subnet + "." + last);
    }

    IpAddress address6(int last) {
      return IpAddress.parse("fd00:" + subnet + "::" + last);
    }

    MacAddress mac(int last) {
      return MacAddress.parse("02:00:00:00:%02x:%02x".formatted(subnet, last));
    }

    Vni id() {
      return new Vni(vni);
    }
  }

  /** A new node without a network. */
  Node node() throws Exception {
    int number = ++nodes;
    var underlay = namespaces.create("node" + number);
    var links = namespaces.links(underlay);
    var up = LinkSettings.UP;
    var wire = links.createVeth("eth0", up, "n" + number, up.withMaster(bridge), fabric);
    var vtep = IpAddress.parse(vteps + number);
    int length = vtep.isIpv4() ? 24 : 64;
    links.execute(new Request.AddAddress(Address.of(wire.link().index(), vtep, length)));
    var prefix = namespaces.prefix() + number + "-";
    var tables =
        namespaces.closing(
            NetworkNamespaces.callIn(underlay, () -> new KernelTables(prefix, routesByLinks)));
    return new Node(number, underlay, vtep, prefix + "red", tables);
  }

  /** One node and its tenant. */
  final class Node {
    final String underlay;
    final IpAddress vtep;
    final String tenant;
    private final int number;
    private final KernelTables tables;

    Node(int number, String underlay, IpAddress vtep, String tenant, KernelTables tables) {
      this.number = number;
      this.underlay = underlay;
      this.vtep = vtep;
      this.tenant = tenant;
      this.tables = tables;
    }

    void put(ForwardingObject... objects) {
      put(List.of(objects));
    }

    void put(List<ForwardingObject> objects) {
      assertThat(tables.apply(objects.stream().<KernelChange>map(KernelChange.Put::new).toList()))
          .isEmpty();
    }

    /** Its agent's part that owns the kernel's tables. */
    KernelTables agent() {
      return tables;
    }

    MacAddress router() {
      return AddressPlan.routerMac(vtep);
    }

    /** The devices of the L3 VNI, and the other node's router. */
    void routed(Node... others) {
      var objects = new ArrayList<ForwardingObject>();
      objects.add(new TenantNamespace(tenant));
      objects.add(new Bridge(tenant, L3, router(), 1450, true));
      objects.add(new GatewayAddress(tenant, L3, AddressPlan.ROUTER_ADDRESS, 32));
      objects.add(new VxlanPort(tenant, L3, vtep, device(L3), 1450));
      for (var other : others) {
        objects.add(new VxlanFdbEntry(tenant, L3, other.router(), other.vtep, L3));
        objects.add(new BridgeFdbEntry(tenant, L3, other.router(), !other.vtep.isIpv4()));
        objects.add(new NeighbourEntry(tenant, L3, other.vtep, other.router()));
      }
      put(objects);
    }

    /** The same for IPv6, after {@link #routed}. */
    void routedIpv6(Node... others) {
      put(Ipv6Routing.of(tenant, L3));
      for (var other : others) {
        put(new NeighbourEntry(tenant, L3, other.ipv6Via(), other.router()));
      }
    }

    private IpAddress ipv6Via() {
      return vtep instanceof Ipv4Address v4 ? Ipv6Address.mapped(v4) : vtep;
    }

    private MacAddress device(Vni vni) {
      return MacAddress.parse(
          "02:de:00:%02x:%02x:%02x".formatted(vni.value() >> 8 & 0xff, vni.value() & 0xff, number));
    }

    /** A network with its gateway. */
    void network(Segment segment, Node... others) {
      put(
          new TenantNamespace(tenant),
          new Bridge(tenant, segment.id(), AddressPlan.GATEWAY_MAC, segment.mtu(), true),
          new GatewayAddress(tenant, segment.id(), segment.address(1), 24),
          new VxlanPort(tenant, segment.id(), vtep, device(segment.id()), segment.mtu()));
      for (var other : others) {
        put(new FloodEntry(tenant, segment.id(), other.vtep, segment.id()));
      }
    }

    /** The network's gateway for IPv6, after {@link #network}. */
    void networkIpv6(Segment segment) {
      put(
          Ipv6Routing.of(tenant, segment.id()),
          new GatewayAddress(tenant, segment.id(), segment.address6(1), 64),
          new GatewayAddress(tenant, segment.id(), AddressPlan.GATEWAY_LINK_LOCAL, 64));
    }

    /** An endpoint in a namespace of its own, whose name is returned. */
    String attach(Segment segment, int last) {
      var pod = namespaces.create("pod" + segment.subnet() + "-" + last);
      var port = "ep%04d%08d".formatted(segment.subnet(), last);
      put(
          new EndpointPort(
              tenant,
              port,
              segment.id(),
              pod,
              "net" + segment.subnet(),
              segment.mac(last),
              List.of(segment.address(last), segment.address6(last)),
              false,
              segment.mtu(),
              Optional.of(
                  new PodInterface(
                      pod,
                      "eth0",
                      List.of(24, 64),
                      List.of(segment.address(1), segment.address6(1))))),
          new LocalFdbEntry(tenant, segment.id(), segment.mac(last), port),
          new NeighbourEntry(tenant, segment.id(), segment.address(last), segment.mac(last)),
          new NeighbourEntry(tenant, segment.id(), segment.address6(last), segment.mac(last)));
      return pod;
    }

    /** A host of another node: where its frames go, who answers for it, and its route. */
    void remote(Segment segment, int last, Node other) {
      put(
          new VxlanFdbEntry(tenant, segment.id(), segment.mac(last), other.vtep, segment.id()),
          new BridgeFdbEntry(tenant, segment.id(), segment.mac(last), !other.vtep.isIpv4()),
          new NeighbourEntry(tenant, segment.id(), segment.address(last), segment.mac(last)),
          new NeighbourEntry(tenant, segment.id(), segment.address6(last), segment.mac(last)));
    }

    /** The way to an address or subnet behind another node's router. */
    void route(String prefix, Node other) {
      var destination = IpPrefix.parse(prefix);
      var via = destination.address().isIpv4() ? other.vtep : other.ipv6Via();
      put(new TenantRoute(tenant, destination, L3, via));
    }

    /** For those who look into the tenant's namespace. */
    Rtnetlink links() {
      return namespaces.links(tenant);
    }
  }
}
