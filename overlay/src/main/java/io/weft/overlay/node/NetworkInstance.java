package io.weft.overlay.node;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.Route;
import io.weft.net.ImportTarget;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.StableHash;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.evpn.MacMobility;
import io.weft.overlay.evpn.RemoteRoutes;
import io.weft.overlay.evpn.RemoteRoutes.RemoteMac;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One network on one node, while it has endpoints here: what it wants in the kernel and what it
 * announces. It owns its keys in the plan, and no other instance touches them: a bad network never
 * hurts another.
 */
final class NetworkInstance implements Importer {
  private final String namespace;
  private final NodeConfig config;
  private final ForwardingPlan plan;
  private final RemoteRoutes remote = new RemoteRoutes();
  private final TreeMap<String, Endpoint> endpoints = new TreeMap<>();
  private final TreeMap<IpAddress, Endpoint> owners = new TreeMap<>();

  /** Endpoints that hold a claim beside another's that is active: they neither get nor send. */
  private final TreeSet<String> standby = new TreeSet<>();

  private final OwnedObjects owned;
  private final MacMobility mobility;
  private final Announcement announcement;
  private final Supplier<Optional<TenantAnnouncement.Routed>> routing;
  private NetworkIntent intent;
  private Underlay underlay;
  private RouteDistinguisher rd;

  NetworkInstance(
      String namespace,
      NodeConfig config,
      ForwardingPlan plan,
      NetworkIntent intent,
      Underlay underlay,
      RouteDistinguisher rd,
      Function<Consumer<String>, MacMobility> mobility,
      Consumer<String> report,
      Supplier<Optional<TenantAnnouncement.Routed>> routing) {
    this.routing = routing;
    this.namespace = namespace;
    this.config = config;
    this.plan = plan;
    this.owned = new OwnedObjects(plan);
    this.intent = intent;
    this.underlay = underlay;
    this.rd = rd;
    this.mobility = mobility.apply(report);
    this.announcement = new Announcement(this.mobility, remote, report);
  }

  String namespace() {
    return namespace;
  }

  NetworkIntent intent() {
    return intent;
  }

  RouteDistinguisher rd() {
    return rd;
  }

  /** That of what is said by one of our VTEPs. */
  RouteDistinguisher rd(IpAddress vtep) {
    return Distinguishers.of(rd, underlay, vtep);
  }

  @Override
  public Underlay underlay() {
    return underlay;
  }

  private SegmentRows rows() {
    return new SegmentRows(namespace, intent.vni(), underlay);
  }

  @Override
  public List<ImportTarget> importTargets() {
    return intent.importTargets();
  }

  @Override
  public Collection<Route> held() {
    return remote.routes();
  }

  /** What the tenant's routing adds to this network's routes, once it can carry packets. */
  Optional<TenantAnnouncement.Routed> routed() {
    return intent.isRouted() ? routing.get() : Optional.empty();
  }

  Collection<Endpoint> endpoints() {
    return Collections.unmodifiableCollection(endpoints.values());
  }

  RemoteRoutes remote() {
    return remote;
  }

  /** MTU of the segment's interfaces: what was asked for, never more than the underlay carries. */
  int mtu() {
    int possible = underlay.overlayMtu();
    return Math.min(possible, intent.mtu().orElse(possible));
  }

  /** Leaves the keys that are no longer its own; {@link #plan} must follow. */
  void change(NetworkIntent newIntent, Underlay newUnderlay, RouteDistinguisher newRd) {
    intent = newIntent;
    underlay = newUnderlay;
    rd = newRd;
    announcement.mayHaveChanged();
    owned.retain(objects());
  }

  /** Wants all that follows from what it is now. */
  void plan() {
    objects().forEach(owned::want);
  }

  void add(Endpoint endpoint) {
    endpoints.put(endpoint.name(), endpoint);
    if (!isStandby(endpoint)) {
      own(endpoint);
    }
    owned.want(bridge());
    ipv6Routing().ifPresent(owned::want);
    gateways().forEach(owned::want);
    vxlanPorts().forEach(owned::want);
    endpointObjects(endpoint).forEach(owned::want);
    refreshRemote(endpoint);
  }

  private void own(Endpoint endpoint) {
    announcement.mayHaveChanged();
    endpoint.addresses().forEach(host -> owners.putIfAbsent(host.address(), endpoint));
    mobility.claim(endpoint.name(), endpoint.mac(), endpoint.sticky(), elsewhere(endpoint.mac()));
  }

  private void disown(Endpoint endpoint) {
    endpoint.addresses().forEach(host -> disown(host.address(), endpoint));
    mobility.release(endpoint.mac());
    announcement.forget(endpoint);
    announcement.mayHaveChanged();
  }

  void remove(Endpoint endpoint) {
    endpointObjects(endpoint).forEach(object -> owned.unwant(object.key()));
    endpoints.remove(endpoint.name());
    if (!standby.remove(endpoint.name())) {
      disown(endpoint);
    }
    refreshRemote(endpoint);
  }

  boolean isStandby(Endpoint endpoint) {
    return standby.contains(endpoint.name());
  }

  /** The endpoint, which may be one that is yet to be added, is a claim's second holder. */
  void stand(Endpoint endpoint, boolean by) {
    if (isStandby(endpoint) == by) {
      return;
    }
    boolean here = endpoints.containsKey(endpoint.name());
    if (by) {
      if (here) {
        endpointObjects(endpoint).stream()
            .filter(object -> object.key().kind() == ForwardingKey.Kind.LOCAL_FDB)
            .forEach(object -> owned.unwant(object.key()));
        disown(endpoint);
      }
      standby.add(endpoint.name());
    } else {
      standby.remove(endpoint.name());
      if (here) {
        own(endpoint);
        endpointObjects(endpoint).forEach(owned::want);
      }
    }
    if (here) {
      refreshRemote(endpoint);
    }
  }

  /** An address that two had is now the other's. */
  private void disown(IpAddress address, Endpoint endpoint) {
    if (owners.remove(address, endpoint)) {
      endpoints.values().stream()
          .filter(other -> !isStandby(other) && !other.equals(endpoint))
          .filter(other -> other.addresses().stream().anyMatch(h -> h.address().equals(address)))
          .findFirst()
          .ifPresent(other -> owners.put(address, other));
    }
  }

  /** A MAC that is attached here is not looked for elsewhere, and the other way round. */
  private void refreshRemote(Endpoint endpoint) {
    owned.replace(rows().keys(endpoint.mac()), macObjects(endpoint.mac()));
    for (var host : endpoint.addresses()) {
      refreshNeighbour(host.address());
    }
  }

  private void refreshNeighbour(IpAddress ip) {
    owned.replace(List.of(rows().neighbour(ip)), neighbourObject(ip).stream().toList());
  }

  /** Everything of this network leaves the plan. */
  void close() {
    endpoints.values().forEach(endpoint -> mobility.release(endpoint.mac()));
    endpoints.clear();
    owners.clear();
    standby.clear();
    owned.clear();
  }

  /** True when this node announces the endpoint's MAC. */
  boolean isHere(Endpoint endpoint) {
    return mobility.isHere(endpoint.mac());
  }

  boolean hasLocalMac(MacAddress mac) {
    for (var endpoint : endpoints.values()) {
      if (endpoint.mac().equals(mac) && !isStandby(endpoint)) {
        return true;
      }
    }
    return false;
  }

  private List<ForwardingObject> objects() {
    var objects = new ArrayList<ForwardingObject>(localObjects());
    for (var mac : remote.macs()) {
      objects.addAll(macObjects(mac));
    }
    for (var ip : neighbours()) {
      neighbourObject(ip).ifPresent(objects::add);
    }
    objects.addAll(floodObjects());
    return objects;
  }

  private SortedSet<IpAddress> neighbours() {
    var addresses = new TreeSet<IpAddress>();
    remote.addresses().forEach(addresses::add);
    for (var endpoint : endpoints.values()) {
      endpoint.addresses().forEach(host -> addresses.add(host.address()));
    }
    return addresses;
  }

  private List<ForwardingObject> localObjects() {
    var objects = new ArrayList<ForwardingObject>();
    objects.add(bridge());
    ipv6Routing().ifPresent(objects::add);
    objects.addAll(gateways());
    objects.addAll(vxlanPorts());
    for (var endpoint : endpoints.values()) {
      objects.addAll(endpointObjects(endpoint));
    }
    return objects;
  }

  private List<ForwardingObject> endpointObjects(Endpoint endpoint) {
    return EndpointObjects.of(port(endpoint), isStandby(endpoint));
  }

  private ForwardingObject.Bridge bridge() {
    boolean routed = intent.isRouted();
    var mac = routed ? AddressPlan.GATEWAY_MAC : deviceMac("bridge");
    return new ForwardingObject.Bridge(namespace, intent.vni(), mac, mtu(), intent.isRouted(true));
  }

  private Optional<ForwardingObject> ipv6Routing() {
    return intent.isRouted(false)
        ? Optional.of(ForwardingObject.Ipv6Routing.of(namespace, intent.vni()))
        : Optional.empty();
  }

  /**
   * What its gateways say of themselves, and to whom; empty where nothing is to be said, or nothing
   * true could be: a router that does not route yet takes the way of those who have another.
   */
  Optional<AdvertisedNetwork> advertised() {
    if (intent.advertisements() == Advertisements.NONE
        || !ipv6Routing().map(routing -> plan.isRealized(routing.key())).orElse(false)) {
      return Optional.empty();
    }
    var ports = new TreeMap<MacAddress, String>();
    for (var endpoint : endpoints.values()) {
      if (plan.isRealized(port(endpoint).key())) {
        ports.put(endpoint.mac(), endpoint.port());
      }
    }
    return Optional.of(AdvertisedNetwork.of(intent, namespace, mtu(), ports));
  }

  private List<ForwardingObject> gateways() {
    var objects = new ArrayList<ForwardingObject>();
    for (var gateway : intent.gateways()) {
      objects.add(
          new ForwardingObject.GatewayAddress(
              namespace, intent.vni(), gateway.address(), gateway.prefixLength()));
    }
    if (intent.isRouted(false)) {
      objects.add(
          new ForwardingObject.GatewayAddress(
              namespace, intent.vni(), AddressPlan.GATEWAY_LINK_LOCAL, 64));
    }
    return objects;
  }

  private List<ForwardingObject.VxlanPort> vxlanPorts() {
    return rows().ports(vtep -> deviceMac(isSecond(vtep) ? "vxlan ipv6" : "vxlan"), mtu());
  }

  /** Beside a port of IPv4, or where there may be one. */
  private boolean isSecond(IpAddress vtep) {
    return underlay.dual() && !vtep.isIpv4();
  }

  /** The endpoint's port of the bridge. */
  ForwardingObject.EndpointPort port(Endpoint endpoint) {
    return EndpointObjects.port(namespace, intent, endpoint, mtu());
  }

  /** Locally administered, the same at each start of this node: no neighbour is flushed. */
  private MacAddress deviceMac(String device) {
    long hash = StableHash.of(device + " " + intent.vni() + " " + config.name());
    return new MacAddress(0x0200_0000_0000L | (hash & 0x00ff_ffff_ffffL));
  }

  /**
   * What must stand before the endpoint is attached, in the order in which it is made. A kernel
   * that refuses to route IPv6 is no reason to be without IPv4: that is only reported.
   */
  List<ForwardingKey> keysOf(Endpoint endpoint) {
    var keys = new ArrayList<ForwardingKey>();
    keys.add(new ForwardingObject.TenantNamespace(namespace).key());
    keys.add(bridge().key());
    gateways().forEach(gateway -> keys.add(gateway.key()));
    keys.add(rows().port(underlay.vtep()));
    keys.addAll(EndpointObjects.keys(namespace, intent.vni(), endpoint, isStandby(endpoint)));
    for (var prefix : endpoint.prefixes()) {
      keys.add(ForwardingObject.EndpointRoute.key(namespace, prefix));
    }
    // What is behind it goes with the tenant's routing, which may be gone.
    keys.removeIf(
        key -> key.kind() == ForwardingKey.Kind.ENDPOINT_ROUTE && plan.desired(key).isEmpty());
    return keys;
  }

  /** Takes in a route of another node, or its end. */
  @Override
  public void learn(Route key, Optional<Path> path) {
    if (path.isEmpty() && !remote.has(key)) {
      return; // another network's
    }
    remote.remove(key);
    path.ifPresent(remote::put);
    switch (key) {
      case MacIpAdvertisement route -> {
        var place = elsewhere(route.mac());
        mobility.heard(route.mac(), place, towards(place));
        if (hasLocalMac(route.mac()) || route.ip().flatMap(this::localOwner).isPresent()) {
          announcement.mayHaveChanged();
        }
        owned.replace(rows().keys(route.mac()), macObjects(route.mac()));
        route.ip().ifPresent(this::refreshNeighbour);
      }
      case InclusiveMulticast _ ->
          owned.replace(owned.keys(ForwardingKey.Kind.FLOOD), floodObjects());
      default -> {}
    }
  }

  /** Our VTEP that is compared with another's, of its family. */
  IpAddress towards(Optional<RemoteMac> place) {
    return place.flatMap(best -> underlay.towards(best.vtep())).orElse(underlay.vtep());
  }

  private List<ForwardingObject> macObjects(MacAddress mac) {
    var best = elsewhere(mac);
    boolean gateway = intent.isRouted() && mac.equals(AddressPlan.GATEWAY_MAC);
    if (best.isEmpty() || gateway || hasLocalMac(mac)) {
      return List.of();
    }
    return rows().rows(mac, best.get().vtep(), best.get().vni());
  }

  /**
   * Those attached here too, so that a question about them does not leave the node, and a gateway
   * asks nobody: its question would be answered on every node (RFC 9135 §4.1).
   */
  private Optional<ForwardingObject> neighbourObject(IpAddress ip) {
    if (intent.isGateway(ip)) {
      return Optional.empty();
    }
    return remote
        .neighbour(ip, this::isReachable)
        .filter(best -> !hasLocalMac(best.mac()))
        .map(RemoteMac::mac)
        .or(() -> localOwner(ip).map(Endpoint::mac))
        .map(mac -> new ForwardingObject.NeighbourEntry(namespace, intent.vni(), ip, mac));
  }

  /** The endpoint of this node that has the address. */
  Optional<Endpoint> localOwner(IpAddress ip) {
    return Optional.ofNullable(owners.get(ip));
  }

  /** True when somebody has the address, here or elsewhere, and is reached through the segment. */
  boolean knows(IpAddress ip) {
    return !intent.isGateway(ip)
        && (localOwner(ip).isPresent() || remote.neighbour(ip, this::isReachable).isPresent());
  }

  private List<ForwardingObject> floodObjects() {
    return rows().flood(remote.floodList(this::isReachable));
  }

  Announcement announcement() {
    return announcement;
  }

  boolean tunnelStands(IpAddress vtep) {
    return plan.isRealized(rows().port(vtep));
  }

  /** True when the endpoint can be reached, over the VTEP too. */
  boolean stands(Endpoint endpoint, IpAddress vtep) {
    return tunnelStands(vtep) && keysOf(endpoint).stream().allMatch(plan::isRealized);
  }

  /** The link of the node that it is behind is not there, and cannot be had. */
  boolean isLost(Endpoint endpoint) {
    if (endpoint.link().isEmpty()) {
      return false;
    }
    var port = port(endpoint).key();
    return plan.isGone(port) && plan.failure(port).isPresent();
  }

  /** A duplicate of this network gets another chance. */
  void recover(MacAddress mac) {
    mobility.recover(mac, towards(mobility.rival(mac)));
    announcement.mayHaveChanged();
  }

  Optional<RemoteMac> rival(MacAddress mac) {
    return mobility.rival(mac);
  }

  private Optional<RemoteMac> elsewhere(MacAddress mac) {
    return remote.mac(mac, this::isReachable);
  }
}
