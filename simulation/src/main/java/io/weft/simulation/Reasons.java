package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.MulticastEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.MulticastChannel;
import io.weft.overlay.node.Multicast;
import io.weft.overlay.node.NodeEvent;
import io.weft.overlay.node.NodeIntent;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * What entries of a kernel may be there for: VNIs that a tenant or its networks have or had,
 * endpoints that are or were somewhere. All is only asked, never walked through.
 */
final class Reasons {
  private static final String NOBODY_THERE = "nobody of the network was ever there";

  /** A tenant, by its namespace, has or had this VNI. */
  private record Owned(String namespace, Vni vni) {}

  private record Gateway(Owned network, IpAddress address) {}

  private record Binding(String network, MacAddress mac, IpAddress ip) {}

  private record Wish(String network, MulticastChannel channel, IpAddress vtep) {}

  private record Member(String network, IpAddress vtep) {}

  private final HashSet<Owned> l3Vnis = new HashSet<>();
  private final HashMap<Owned, String> networks = new HashMap<>();
  private final HashSet<Gateway> gateways = new HashSet<>();
  private final HashSet<Binding> bindings = new HashSet<>();
  private final HashSet<Member> members = new HashSet<>();
  private final HashSet<Wish> wishes = new HashSet<>();

  /** What somebody of a network has joined. */
  private record Wanted(String network, MulticastChannel channel) {}

  private final HashSet<Wanted> wanted = new HashSet<>();

  /** Networks whose groups go only where somebody has joined them (RFC 9251). */
  private final HashSet<String> selective = new HashSet<>();

  /** Those that some node takes for others: it does not ask, and gets every group. */
  private final HashSet<String> unasking = new HashSet<>();

  private final Hearsay hearsay;

  /** Those of one world, in which strangers say this. */
  Reasons(Hearsay hearsay) {
    this.hearsay = hearsay;
  }

  /** A node is told this; its namespaces have this prefix. */
  void intended(String prefix, NodeIntent intent) {
    for (var tenant : intent.tenants()) {
      l3Vnis.add(new Owned(prefix + tenant.name(), tenant.l3Vni()));
    }
    for (var network : intent.networks()) {
      var owned = new Owned(prefix + network.namespaceSuffix(), network.vni());
      networks.put(owned, network.name());
      (network.multicast() == Multicast.SELECTIVE ? selective : unasking).add(network.name());
      network.gateways().forEach(each -> gateways.add(new Gateway(owned, each.address())));
    }
  }

  boolean isOfTenant(String namespace, Vni vni) {
    return l3Vnis.contains(new Owned(namespace, vni));
  }

  boolean isOfNetwork(String namespace, Vni vni) {
    return networks.containsKey(new Owned(namespace, vni));
  }

  /** An endpoint is, or shall be, at a node with this VTEP. */
  void present(EndpointPort port, IpAddress vtep) {
    members.add(new Member(port.network(), vtep));
    port.addresses().forEach(ip -> bound(port.network(), port.mac(), ip));
  }

  /** A network is, or shall be, at a node with this VTEP, perhaps without an endpoint. */
  void present(VxlanPort port, IpAddress vtep) {
    var name = networks.get(new Owned(port.namespace(), port.vni()));
    if (name != null) {
      members.add(new Member(name, vtep));
    }
  }

  /** Hosts behind this VTEP have joined these groups. */
  void joined(NodeEvent.GroupsSeen groups, IpAddress vtep) {
    var segment = groups.segment();
    var name = networks.get(new Owned(segment.namespace(), new Vni(segment.vni())));
    if (name != null) {
      for (var channel : groups.ports().keySet()) {
        wishes.add(new Wish(name, channel, vtep));
        wanted.add(new Wanted(name, channel));
      }
    }
  }

  /** Somebody with this MAC has this address in a network, whosever tenant's it is. */
  void bound(String network, MacAddress mac, IpAddress ip) {
    bindings.add(new Binding(network, mac, ip));
  }

  /**
   * What is wrong with an object that a node writes, if something is.
   *
   * @param self the node's own VTEPs
   */
  Optional<String> breach(ForwardingObject object, List<IpAddress> self) {
    return switch (object) {
      case Bridge bridge -> unless(isOwned(bridge.namespace(), bridge.vni()), "of no network");
      case VxlanPort port when !self.contains(port.local()) ->
          Optional.of("sends from another node's VTEP");
      case VxlanPort port -> unless(isOwned(port.namespace(), port.vni()), "of no network");
      case EndpointPort port -> unless(isOfNetwork(port.namespace(), port.vni()), "of no network");
      case FloodEntry entry ->
          unless(isMember(entry.namespace(), entry.vni(), entry.vtep()), NOBODY_THERE);
      case MulticastEntry entry when entry.destinationVni().isPresent() ->
          unless(isMember(entry.namespace(), entry.vni(), entry.vtep()), NOBODY_THERE)
              .or(() -> unless(isWished(entry), "nobody there has ever joined it"));
      case NeighbourEntry entry -> unless(isKnown(entry), "nobody ever had the address");
      case GatewayAddress gateway -> unless(isGateway(gateway), "no gateway of the network");
      default -> Optional.empty();
    };
  }

  private static Optional<String> unless(boolean right, String wrong) {
    return right ? Optional.empty() : Optional.of(wrong);
  }

  private boolean isOwned(String namespace, Vni vni) {
    return isOfTenant(namespace, vni) || isOfNetwork(namespace, vni);
  }

  private boolean isMember(String namespace, Vni vni, IpAddress vtep) {
    var name = networks.get(new Owned(namespace, vni));
    return name != null && members.contains(new Member(name, vtep));
  }

  /**
   * A group of all sources is wanted with each of them; who does not ask gets what anybody wants,
   * and what nobody does.
   */
  private boolean isWished(MulticastEntry row) {
    var name = networks.get(new Owned(row.namespace(), row.vni()));
    var channel = new MulticastChannel(row.group(), row.source());
    return name != null
        && selective.contains(name)
        && (unasking.contains(name)
                && (row.group().isUnspecified()
                    || wanted.contains(new Wanted(name, channel))
                    || hearsay.isWanted(channel))
            || wishes.contains(new Wish(name, channel, row.vtep()))
            || wishes.contains(new Wish(name, channel.fromAnywhere(), row.vtep())));
  }

  /** In an L3 VNI it is a router, by its VTEP. */
  private boolean isKnown(NeighbourEntry entry) {
    var name = networks.get(new Owned(entry.namespace(), entry.vni()));
    return name != null
        ? bindings.contains(new Binding(name, entry.mac(), entry.ip()))
        : entry.mac().equals(AddressPlan.routerMac(Invariants.unmapped(entry.ip())));
  }

  private boolean isGateway(GatewayAddress gateway) {
    var owned = new Owned(gateway.namespace(), gateway.vni());
    return gateway.address().isLinkLocal()
        || l3Vnis.contains(owned)
        || gateways.contains(new Gateway(owned, gateway.address()));
  }
}
