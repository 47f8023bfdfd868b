package io.weft.overlay.node;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.evpn.RemotePrefixes;
import io.weft.overlay.evpn.RemotePrefixes.Router;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * The IP-VRF of one tenant on one node, while a routed network of the tenant has endpoints here:
 * symmetric IRB (RFC 9135 §5.2, §6). It owns the devices of the L3 VNI and the routes in the
 * tenant's table; the gateways themselves are of the networks.
 */
final class TenantInstance implements Importer {
  private final String namespace;
  private final ForwardingPlan plan;
  private final Supplier<List<NetworkInstance>> networks;
  private final RemotePrefixes remote = new RemotePrefixes();
  private final OwnedObjects owned;
  private TenantIntent intent;
  private Underlay underlay;
  private RouteDistinguisher rd;
  private Optional<Routed> said = Optional.empty();

  /** What the routes of a network say of the tenant's routing, besides their own. */
  record Routed(Vni l3Vni, IpAddress vtep, MacAddress routerMac, List<RouteTarget> targets) {}

  /** {@code networks} gives the tenant's routed networks on this node, at any time. */
  TenantInstance(
      String namespace,
      ForwardingPlan plan,
      TenantIntent intent,
      Underlay underlay,
      RouteDistinguisher rd,
      Supplier<List<NetworkInstance>> networks) {
    this.namespace = namespace;
    this.plan = plan;
    this.owned = new OwnedObjects(plan);
    this.intent = intent;
    this.underlay = underlay;
    this.rd = rd;
    this.networks = networks;
  }

  String namespace() {
    return namespace;
  }

  TenantIntent intent() {
    return intent;
  }

  RouteDistinguisher rd() {
    return rd;
  }

  RemotePrefixes remote() {
    return remote;
  }

  MacAddress routerMac() {
    return AddressPlan.routerMac(underlay.vtep());
  }

  @Override
  public IpAddress vtep() {
    return underlay.vtep();
  }

  @Override
  public List<RouteTarget> importTargets() {
    return intent.importTargets();
  }

  /** Leaves the keys that are no longer its own; {@link #plan} must follow. */
  void change(TenantIntent newIntent, Underlay newUnderlay, RouteDistinguisher newRd) {
    intent = newIntent;
    underlay = newUnderlay;
    rd = newRd;
    owned.retain(objects());
  }

  /** Wants all that follows from what it is now. */
  void plan() {
    objects().forEach(owned::want);
  }

  /** Everything of this tenant's routing leaves the plan. */
  void close() {
    owned.clear();
  }

  private List<ForwardingObject> objects() {
    var objects = new ArrayList<ForwardingObject>();
    objects.add(
        new ForwardingObject.Bridge(
            namespace, intent.l3Vni(), routerMac(), underlay.overlayMtu(), true));
    objects.add(vxlanPort());
    for (var vtep : remote.vteps()) {
      objects.addAll(routerObjects(vtep));
    }
    for (var prefix : remote.prefixes()) {
      route(prefix).ifPresent(objects::add);
    }
    return objects;
  }

  private ForwardingObject.VxlanPort vxlanPort() {
    // Frames to the bridge's own address stay on the bridge: the port has another.
    var mac = new MacAddress(routerMac().value() ^ 0x0004_0000_0000L);
    return new ForwardingObject.VxlanPort(
        namespace, intent.l3Vni(), underlay.vtep(), mac, underlay.overlayMtu());
  }

  // ---- routes of other nodes --------------------------------------------------------------

  @Override
  public void learn(Route key, Optional<Path> path) {
    var before = remote.find(key);
    var routers = new TreeMap<IpAddress, Optional<Router>>();
    before.ifPresent(old -> routers.put(old.vtep(), remote.router(old.vtep())));
    path.map(next -> next.attributes().nextHop())
        .ifPresent(vtep -> routers.put(vtep, remote.router(vtep)));
    remote.remove(key);
    var after = path.flatMap(remote::put);
    routers.forEach(
        (vtep, router) -> {
          if (!router.equals(remote.router(vtep))) {
            refreshRouter(vtep, router);
          }
        });
    before.ifPresent(old -> refresh(old.prefix()));
    after
        .filter(next -> before.filter(old -> old.prefix().equals(next.prefix())).isEmpty())
        .ifPresent(next -> refresh(next.prefix()));
  }

  /** Two VTEPs should not have one MAC; where they do, the lower has it. */
  private void refreshRouter(IpAddress vtep, Optional<Router> before) {
    var macs = new TreeSet<MacAddress>();
    before.ifPresent(router -> macs.add(router.mac()));
    remote.router(vtep).ifPresent(router -> macs.add(router.mac()));
    var keys = new ArrayList<ForwardingKey>();
    keys.add(key(ForwardingKey.Kind.NEIGHBOUR, vtep.toString()));
    for (var mac : macs) {
      keys.add(key(ForwardingKey.Kind.VXLAN_FDB, mac.toString()));
      keys.add(key(ForwardingKey.Kind.BRIDGE_FDB, mac.toString()));
    }
    var objects = new ArrayList<ForwardingObject>();
    for (var other : remote.vteps()) {
      if (remote.router(other).filter(router -> macs.contains(router.mac())).isPresent()) {
        objects.addAll(routerObjects(other));
      }
    }
    owned.replace(keys, objects);
  }

  /** An address came to an endpoint of this node, or left it. */
  void refreshHost(IpAddress address) {
    refresh(new IpPrefix(address, address.bits()));
  }

  /** A subnet or a host is here now, or no longer. */
  void refresh(IpPrefix prefix) {
    var route = route(prefix);
    if (route.isPresent()) {
      owned.want(route.get());
    } else {
      owned.unwant(key(ForwardingKey.Kind.TENANT_ROUTE, prefix.toString()));
    }
  }

  private ForwardingKey key(ForwardingKey.Kind kind, String discriminator) {
    return new ForwardingKey(kind, namespace, intent.l3Vni().value(), discriminator);
  }

  private List<ForwardingObject> routerObjects(IpAddress vtep) {
    var router = remote.router(vtep).filter(r -> isReachable(vtep) && !r.mac().equals(routerMac()));
    if (router.isEmpty()) {
      return List.of();
    }
    var mac = router.get().mac();
    var objects = new ArrayList<ForwardingObject>();
    objects.add(new ForwardingObject.NeighbourEntry(namespace, intent.l3Vni(), vtep, mac));
    if (isLowestWith(mac, vtep)) {
      objects.add(
          new ForwardingObject.VxlanFdbEntry(
              namespace, intent.l3Vni(), mac, vtep, router.get().vni()));
      objects.add(new ForwardingObject.BridgeFdbEntry(namespace, intent.l3Vni(), mac));
    }
    return objects;
  }

  private boolean isLowestWith(MacAddress mac, IpAddress vtep) {
    for (var other : remote.vteps()) {
      if (remote.router(other).filter(r -> r.mac().equals(mac)).isPresent() && isReachable(other)) {
        return other.equals(vtep);
      }
    }
    return false;
  }

  /** What is attached here is reached over the connected routes, whatever others say of it. */
  private Optional<ForwardingObject> route(IpPrefix prefix) {
    return remote
        .best(prefix)
        .filter(best -> isReachable(best.vtep()) && !best.routerMac().equals(routerMac()))
        .filter(_ -> prefix.address().isIpv4() && !isHere(prefix))
        .map(
            best ->
                new ForwardingObject.TenantRoute(namespace, intent.l3Vni(), prefix, best.vtep()));
  }

  private boolean isHere(IpPrefix prefix) {
    boolean host = prefix.length() == prefix.address().bits();
    for (var network : networks.get()) {
      for (var gateway : network.intent().gateways()) {
        if (gateway.prefix().equals(prefix) || host && gateway.address().equals(prefix.address())) {
          return true;
        }
      }
      if (host && network.localOwner(prefix.address()).isPresent()) {
        return true;
      }
    }
    return false;
  }

  // ---- what this node says ----------------------------------------------------------------

  /** Said first when the L3 VNI stands in the kernel, then for as long as it leads here. */
  Optional<Routed> routed() {
    var now = new Routed(intent.l3Vni(), underlay.vtep(), routerMac(), intent.exportTargets());
    if (plan.isRealized(vxlanPort().key())) {
      said = Optional.of(now);
    } else if (!said.equals(Optional.of(now))) {
      said = Optional.empty();
    }
    return said;
  }

  /** The connected subnets, each as a route of Type 5 (RFC 9136 §4.4.1). */
  List<OriginatedRoute> routes() {
    var routes = new ArrayList<OriginatedRoute>();
    var routed = routed();
    if (routed.isEmpty()) {
      return routes;
    }
    var communities = new ArrayList<ExtendedCommunity>();
    communities.add(ExtendedCommunity.ENCAPSULATION_VXLAN);
    communities.addAll(communities(routed.get()));
    var attributes = PathAttributes.originated(routed.get().vtep(), communities, Optional.empty());
    for (var network : networks.get()) {
      for (HostAddress gateway : network.intent().gateways()) {
        routes.add(
            new OriginatedRoute(
                new IpPrefixRoute(
                    rd,
                    Esi.ZERO,
                    0,
                    gateway.prefix(),
                    gateway.address().masked(0),
                    routed.get().l3Vni().value()),
                attributes));
      }
    }
    return routes;
  }

  /** The tenant's targets and the router's MAC. */
  static List<ExtendedCommunity> communities(Routed routed) {
    var communities = new ArrayList<ExtendedCommunity>();
    routed.targets().forEach(target -> communities.add(ExtendedCommunity.of(target)));
    communities.add(ExtendedCommunity.routersMac(routed.routerMac()));
    return communities;
  }
}
