package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.TenantHop;
import io.weft.overlay.forwarding.UnknownUnicast;
import io.weft.overlay.node.Multicast;
import io.weft.overlay.node.NetworkIntent;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Looks into all kernels for what a node has because of itself: namespaces, VXLAN devices, ports
 * with their MACs, gateways, each exactly as it follows from the node's pods; that a device sends
 * frames to unknown MACs only where a port of another node learns; and whether what stands for
 * other nodes leads on: each MAC of a VXLAN device is the bridge's too, and each next hop of a
 * tenant is a neighbour with a MAC that the device leads to it.
 */
final class Contents extends Look {
  private static final Set<Kind> OWN =
      EnumSet.of(
          Kind.NAMESPACE,
          Kind.VXLAN,
          Kind.PORT,
          Kind.LOCAL_FDB,
          Kind.GATEWAY,
          Kind.MOVED_MAC,
          Kind.UNKNOWN_UNICAST);

  private final FabricSize size;
  private final FabricIntent intent;
  private final World world;
  private final Pods pods;
  private final List<NetworkIntent> networks;
  private final TreeMap<Integer, List<Pods.Pod>> byNode = new TreeMap<>();

  /** By network: the pods whose ports learn. */
  private final TreeMap<Integer, List<Pods.Pod>> learning = new TreeMap<>();

  private final SortedMap<String, List<Pods.Pod>> hosts;

  Contents(FabricSize size, FabricIntent intent, World world, Pods pods) {
    this.size = size;
    this.intent = intent;
    this.world = world;
    this.pods = pods;
    this.networks = intent.networks();
    this.hosts = pods.hosts().byPod();
    for (var pod : pods.all()) {
      byNode.computeIfAbsent(pod.node(), _ -> new ArrayList<>()).add(pod);
      if (pods.learns(pod)) {
        learning.computeIfAbsent(pod.network(), _ -> new ArrayList<>()).add(pod);
      }
    }
  }

  @Override
  void node(int node, Standing standing, Findings found) {
    own(node, standing, found);
    ways(node, standing, found);
  }

  private void own(int node, Standing standing, Findings found) {
    var missing = wanted(node);
    for (var object : standing.wrong(OWN, row -> missing.remove(words(row.object())))) {
      found.say(node, "nobody wants " + object);
    }
    missing.forEach(words -> found.say(node, "there is no " + words));
  }

  private Set<String> wanted(int node) {
    var wanted = new TreeSet<String>();
    for (var pod : byNode.getOrDefault(node, List.of())) {
      var network = networks.get(pod.network());
      var space = "weft-" + network.namespaceSuffix();
      var port = AddressPlan.portName(pod.name());
      wanted.add("namespace " + space);
      wanted.add("%s of %s %s in %s".formatted(port, pod.mac(), List.of(pod.ip()), network.vni()));
      wanted.add(pod.mac() + " at " + port + " in " + network.vni());
      for (var host : hosts.getOrDefault(pod.name(), List.of())) {
        wanted.add(host.mac() + " at " + port + " in " + network.vni());
      }
      wantsUnknown(node, pod.network())
          .forEach(vtep -> wanted.add(unknown(space, network.vni(), vtep)));
      var vnis = new ArrayList<>(List.of(network.vni()));
      if (size.routed()) {
        var l3Vni = intent.tenantVni(pods.tenantOf(pod.network()));
        vnis.add(l3Vni);
        var router = AddressPlan.ROUTER_ADDRESS;
        wanted.add("gateway %s/%d of %s".formatted(router, router.bits(), l3Vni));
      }
      for (var vtep : world.vteps().of(node, node)) {
        vnis.forEach(vni -> wanted.add("VXLAN " + space + " " + vni + " from " + vtep));
      }
      if (network.multicast() == Multicast.SELECTIVE) {
        wanted.add("link-local address of " + network.vni()); // its bridge asks who has joined what
      }
      for (var gateway : network.gateways()) {
        wanted.add(
            "gateway %s/%d of %s"
                .formatted(gateway.address(), gateway.prefixLength(), network.vni()));
      }
    }
    return wanted;
  }

  /** The VTEPs of others behind which there may be somebody whom nobody has heard. */
  private List<IpAddress> wantsUnknown(int from, int network) {
    return learning.getOrDefault(network, List.of()).stream()
        .filter(pod -> pod.node() != from)
        .flatMap(pod -> world.vteps().towards(from, pod.node()).stream())
        .toList();
  }

  private static String unknown(String namespace, Vni vni, IpAddress vtep) {
    return new UnknownUnicast(namespace, vni, !vtep.isIpv4()).toString();
  }

  /** An object of {@link #OWN} as {@link #wanted} has it. */
  private static String words(ForwardingObject object) {
    return switch (object) {
      case TenantNamespace space -> "namespace " + space.namespace();
      case EndpointPort port ->
          "%s of %s %s in %s".formatted(port.port(), port.mac(), port.addresses(), port.vni());
      case LocalFdbEntry row -> row.mac() + " at " + row.port() + " in " + row.vni();
      case VxlanPort port ->
          "VXLAN " + port.namespace() + " " + port.vni() + " from " + port.local();
      case GatewayAddress own when isOfQuerier(own) -> "link-local address of " + own.vni();
      case GatewayAddress gateway ->
          "gateway %s/%d of %s".formatted(gateway.address(), gateway.prefixLength(), gateway.vni());
      default -> object.toString();
    };
  }

  private static boolean isOfQuerier(GatewayAddress own) {
    return own.address().isLinkLocal() && FabricIntent.isOfNetwork(own.vni());
  }

  private void ways(int node, Standing standing, Findings found) {
    var kernel = world.kernel("n" + node);
    for (var object : standing.wrong(Kind.VXLAN_FDB, each -> isOfBridge(kernel, each))) {
      found.say(node, "the bridge does not know the MAC of " + object);
    }
    for (var object : standing.wrong(Kind.BRIDGE_FDB, each -> isOfDevice(kernel, each))) {
      found.say(node, "the VXLAN device does not know the MAC of " + object);
    }
    for (var object : standing.wrong(Kind.TENANT_ROUTE, each -> leadsOn(kernel, each))) {
      found.say(node, "a next hop is no neighbour, or the MAC is not there: " + object);
    }
  }

  private static boolean isOfBridge(SimulatedKernel kernel, ForwardingObject object) {
    return !(object instanceof VxlanFdbEntry row)
        || kernel
                    .observe(
                        ForwardingKey.of(Kind.BRIDGE_FDB, row.namespace(), row.vni(), row.mac()))
                    .object()
                    .orElse(null)
                instanceof BridgeFdbEntry other
            && other.ipv6() != row.vtep().isIpv4();
  }

  private static boolean isOfDevice(SimulatedKernel kernel, ForwardingObject object) {
    return !(object instanceof BridgeFdbEntry row)
        || kernel.has(ForwardingKey.vxlanRow(row.namespace(), row.vni(), row.mac(), row.ipv6()));
  }

  private static boolean leadsOn(SimulatedKernel kernel, ForwardingObject object) {
    return !(object instanceof TenantRoute route)
        || route.hops().stream().allMatch(hop -> leadsOn(kernel, route.namespace(), hop));
  }

  private static boolean leadsOn(SimulatedKernel kernel, String namespace, TenantHop hop) {
    var vtep = Invariants.unmapped(hop.via());
    return kernel
                .observe(ForwardingKey.of(Kind.NEIGHBOUR, namespace, hop.vni(), hop.via()))
                .object()
                .orElse(null)
            instanceof NeighbourEntry neighbour
        && (FabricIntent.isOfNetwork(hop.vni()) || leads(kernel, neighbour, vtep));
  }

  private static boolean leads(SimulatedKernel kernel, NeighbourEntry router, IpAddress vtep) {
    var key = ForwardingKey.vxlanRow(router.namespace(), router.vni(), router.mac(), vtep);
    return kernel.observe(key).object().orElse(null) instanceof VxlanFdbEntry row
        && row.vtep().equals(vtep);
  }
}
