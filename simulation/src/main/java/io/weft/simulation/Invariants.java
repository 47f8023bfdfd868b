package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.Ipv6Address;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.MovedMac;
import io.weft.overlay.forwarding.TenantHop;
import io.weft.overlay.forwarding.UnknownUnicast;
import io.weft.overlay.node.NodeEffect;
import io.weft.overlay.node.NodeEvent;
import io.weft.overlay.node.NodeIntent;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Supplier;

/**
 * What must hold at every moment, whatever happens; a breach ends the run. Kernels are looked at
 * when they were written to, because nothing else changes them for the worse.
 */
final class Invariants {
  private static final String TO_ITSELF = "points to the node itself";

  /** An endpoint was, or was to be, at this node at some time, whatever VTEPs the node had. */
  private record Local(String namespace, MacAddress mac, String node) {}

  /** An endpoint that was attached here at some time. */
  private record Place(String namespace, MacAddress mac, IpAddress vtep) {}

  /** A tenant, by its namespace, was here at some time. */
  private record Site(String namespace, IpAddress vtep) {}

  private final HashSet<Site> sites = new HashSet<>(); // these are only asked
  private final Reasons reasons;
  private final BiPredicate<Vni, Vni> oneSegment;
  private final Hearsay hearsay;
  private final Circles circles = new Circles();
  private final HashSet<Place> places = new HashSet<>(); // only asked, never walked through
  private final HashSet<Local> locals = new HashSet<>(); // likewise

  /**
   * Of one world.
   *
   * @param oneSegment whether two VNIs are of one
   * @param hearsay what follows from it only who said it knows
   */
  Invariants(BiPredicate<Vni, Vni> oneSegment, Hearsay hearsay) {
    this.oneSegment = oneSegment;
    this.hearsay = hearsay;
    this.reasons = new Reasons(hearsay);
  }

  /** There is a node with this kernel. */
  void add(String node, Supplier<SimulatedKernel> kernel) {
    circles.add(node, kernel);
  }

  /** What a stranger has said, and BGP believes. */
  private boolean isHearsay(ForwardingObject object) {
    return switch (object) {
      case VxlanFdbEntry row -> hearsay.isBehind(row.mac(), row.vtep());
      case FloodEntry row -> hearsay.takesCopies(row.vtep(), row.destinationVni());
      case ForwardingObject.MulticastEntry row ->
          row.destinationVni().isPresent() && hearsay.mayGet(row.vtep(), row.group());
      case ForwardingObject.NeighbourEntry row -> hearsay.has(row.mac(), row.ip());
      default -> false;
    };
  }

  void attached(NodeMachine machine, String namespace, MacAddress mac) {
    here(machine.name, namespace, mac);
    machine.vteps().forEach(vtep -> attached(vtep, namespace, mac));
  }

  void attached(IpAddress vtep, String namespace, MacAddress mac) {
    places.add(new Place(namespace, mac, vtep));
    sites.add(new Site(namespace, vtep));
  }

  /** An endpoint is, or shall be, at the node of this name. */
  void here(String node, String namespace, MacAddress mac) {
    locals.add(new Local(namespace, mac, node));
  }

  /** A tenant is at a node without an endpoint: the node itself is reached in it. */
  void present(NodeMachine machine, String namespace) {
    machine.vteps().forEach(vtep -> sites.add(new Site(namespace, vtep)));
  }

  /** A network of such a tenant is at a node, perhaps without an endpoint. */
  void present(NodeMachine machine, ForwardingObject.VxlanPort port) {
    machine.vteps().forEach(vtep -> reasons.present(port, vtep));
  }

  /** A node is told this; its namespaces have this prefix. */
  void intended(String prefix, NodeIntent intent) {
    reasons.intended(prefix, intent);
  }

  /** An endpoint is there, or shall be. */
  void present(NodeMachine machine, ForwardingObject.EndpointPort port) {
    here(machine.name, port.namespace(), port.mac());
    for (var vtep : machine.vteps()) {
      reasons.present(port, vtep);
      sites.add(new Site(port.namespace(), vtep));
    }
  }

  /** Hosts of a node have joined these groups. */
  void joined(NodeMachine machine, NodeEvent.GroupsSeen groups) {
    machine.vteps().forEach(vtep -> reasons.joined(groups, vtep));
  }

  /** Somebody was heard in a network who has this address. */
  void bound(String network, MacAddress mac, IpAddress ip) {
    reasons.bound(network, mac, ip);
  }

  /** What a node believes to stand, where nothing that it was not told yet has happened. */
  void believed(
      NodeMachine machine,
      ForwardingKey key,
      Optional<ForwardingObject> belief,
      Optional<ForwardingObject> standing) {
    if (!belief.map(ForwardingObject::observable).equals(standing)) {
      throw broken(machine, "%s: believed %s, stands %s".formatted(key, belief, standing));
    }
  }

  /** At most one batch is in flight, and it is no larger than it may be. */
  void begins(
      NodeMachine machine,
      NodeEffect.ApplyChanges batch,
      Optional<NodeEffect.ApplyChanges> inFlight) {
    if (inFlight.isPresent()) {
      throw broken(machine, "batch " + batch.batch() + " begins while another is in flight");
    }
    if (batch.changes().size() > ForwardingPlan.MAX_BATCH) {
      throw broken(machine, "a batch of " + batch.changes().size() + " changes");
    }
  }

  /** Whether a look at what is just written goes into the kernels of other nodes. */
  boolean concernOthers(List<KernelChange> changes) {
    return circles.mayBe(changes);
  }

  /**
   * What was just written; all else was looked at before.
   *
   * @param self the node's own VTEPs, as it knew them when it wanted this
   */
  void check(NodeMachine machine, List<IpAddress> self, List<KernelChange> changes) {
    for (var change : changes) {
      if (change instanceof KernelChange.Put(var object)) {
        if (!isHearsay(object)) {
          check(machine, self, object);
          reason(machine, self, object);
        }
      }
    }
    circles
        .check(machine.name, changes)
        .ifPresent(
            circle -> {
              throw broken(machine, circle);
            });
  }

  private void check(NodeMachine machine, List<IpAddress> self, ForwardingObject object) {
    switch (object) {
      case ForwardingObject.LocalFdbEntry entry ->
          wasHere(machine, entry, entry.namespace(), entry.mac());
      case MovedMac moved -> wasHere(machine, moved, moved.namespace(), moved.mac());
      case VxlanFdbEntry entry -> {
        notToItself(machine, self, entry, entry.vtep());
        // Remote MACs of the tenant only: another tenant's are behind other VTEPs.
        boolean router = entry.mac().equals(AddressPlan.routerMac(entry.vtep()));
        if (!router && !places.contains(new Place(entry.namespace(), entry.mac(), entry.vtep()))) {
          throw broken(machine, "nobody was ever attached there: " + entry);
        }
        sameSegment(machine, entry, entry.vni(), entry.destinationVni());
      }
      case FloodEntry entry -> {
        notToItself(machine, self, entry, entry.vtep());
        sameSegment(machine, entry, entry.vni(), entry.destinationVni());
      }
      case ForwardingObject.MulticastEntry entry ->
          entry
              .destinationVni()
              .ifPresent(
                  there -> {
                    notToItself(machine, self, entry, entry.vtep());
                    sameSegment(machine, entry, entry.vni(), there);
                  });
      case TenantRoute route ->
          breach(self, route)
              .ifPresent(
                  what -> {
                    throw broken(machine, what + ": " + route);
                  });
      case ForwardingObject.TenantNamespace _,
          EgressObject.EgressFilter _,
          EgressObject.EgressLink _,
          EgressObject.EgressPort _,
          ForwardingObject.TapPort _,
          EgressObject.EgressAddress _,
          EgressObject.EgressRoute _,
          EgressObject.DeadEnd _,
          ForwardingObject.EndpointRoute _,
          ForwardingObject.Bridge _,
          ForwardingObject.Ipv6Routing _,
          ForwardingObject.GatewayAddress _,
          ForwardingObject.VxlanPort _,
          ForwardingObject.EndpointPort _,
          ForwardingObject.UnderlayRoute _,
          ForwardingObject.BridgeFdbEntry _,
          UnknownUnicast _,
          ForwardingObject.NeighbourEntry _,
          ForwardingObject.SendingPort _,
          ForwardingObject.TransitGuard _,
          ForwardingObject.SendingFdbEntry _,
          ForwardingObject.SendingNeighbour _ -> {}
    }
  }

  private void reason(NodeMachine machine, List<IpAddress> self, ForwardingObject object) {
    reasons
        .breach(object, self)
        .ifPresent(
            what -> {
              throw broken(machine, what + ": " + object);
            });
  }

  private void wasHere(
      NodeMachine machine, ForwardingObject object, String namespace, MacAddress mac) {
    if (!isLocal(machine.name, namespace, mac)) {
      throw broken(machine, "it was never here: " + object);
    }
  }

  /**
   * Whether a node may have a row for an endpoint of its own, or send on what is for one that has
   * moved away: only where that endpoint is, was or was to be at this very node. Its VTEPs say
   * nothing of it: a process that stands still has others than it knows, and another node may have
   * the same for a while.
   */
  boolean isLocal(String node, String namespace, MacAddress mac) {
    return locals.contains(new Local(namespace, mac, node));
  }

  /**
   * What is wrong with a route of a tenant, if something is. It leads to VTEPs where the tenant is
   * or was, in the tenant's L3 VNI, or to addresses in the tenant's networks; where a connection
   * leads to another tenant, only that one knows.
   */
  Optional<String> breach(List<IpAddress> self, TenantRoute route) {
    return route.hops().stream()
        .filter(hop -> !hop.foreign())
        .flatMap(hop -> breach(self, route, hop).stream())
        .findFirst();
  }

  private Optional<String> breach(List<IpAddress> self, TenantRoute route, TenantHop hop) {
    var via = unmapped(hop.via());
    var namespace = route.namespace();
    if (self.contains(via)) {
      return Optional.of(TO_ITSELF);
    }
    if (reasons.isOfNetwork(namespace, hop.vni())) {
      return Optional.empty();
    }
    if (!reasons.isOfTenant(namespace, hop.vni())) {
      return Optional.of("leads out of the tenant");
    }
    return hearsay.leads(route.prefix(), via) || sites.contains(new Site(namespace, via))
        ? Optional.empty()
        : Optional.of("the tenant was never there");
  }

  /** A VTEP of IPv4 that is the next hop of a route of IPv6 is mapped. */
  static IpAddress unmapped(IpAddress via) {
    return via instanceof Ipv6Address ipv6 && ipv6.isMapped()
        ? new Ipv4Address((int) ipv6.low())
        : via;
  }

  private static void notToItself(
      NodeMachine machine, List<IpAddress> self, ForwardingObject object, IpAddress vtep) {
    if (self.contains(vtep)) {
      throw broken(machine, TO_ITSELF + ": " + object);
    }
  }

  /** A VNI that the network never had is another tenant's. */
  private void sameSegment(NodeMachine machine, ForwardingObject object, Vni here, Vni there) {
    if (!oneSegment.test(here, there)) {
      throw broken(machine, "leads into another network: " + object);
    }
  }

  private static IllegalStateException broken(NodeMachine machine, String what) {
    return new IllegalStateException(machine.name + ": " + what);
  }
}
