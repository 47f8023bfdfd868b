package io.weft.overlay.node;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.Route;
import io.weft.net.ImportTarget;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.evpn.MacMobility;
import io.weft.overlay.evpn.RemoteRoutes;
import io.weft.overlay.evpn.RemoteRoutes.RemoteMac;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.MovedMac;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
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
  private final LocalHosts local = new LocalHosts();
  private final LearnedHosts learned;
  private final MovedAway moved;
  private final Rebindings rebindings = new Rebindings(() -> devices().bridge().mac());
  private final OwnedObjects owned;
  private final Replication replication;
  private final LongSupplier now;
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
      Memberships memberships,
      Function<Consumer<String>, MacMobility> mobility,
      Forerunner forerunner,
      LongSupplier now,
      Consumer<String> report,
      Supplier<Optional<TenantAnnouncement.Routed>> routing) {
    this.routing = routing;
    this.namespace = namespace;
    this.config = config;
    this.plan = plan;
    this.owned = new OwnedObjects(plan);
    this.replication = new Replication(this, owned, memberships);
    this.intent = intent;
    this.underlay = underlay;
    this.rd = rd;
    this.mobility = mobility.apply(report);
    this.now = now;
    this.learned = new LearnedHosts(this, report);
    this.announcement = new Announcement(this.mobility, remote, now, report);
    Predicate<MacAddress> said = mac -> local.host(mac).filter(announcement::hasSaid).isPresent();
    this.moved = new MovedAway(this.mobility, said, forerunner, now);
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

  SegmentDevices devices() {
    return new SegmentDevices(namespace, config.name(), intent, underlay);
  }

  /** MTU of the segment's interfaces. */
  int mtu() {
    return devices().mtu();
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
    return local.endpoints();
  }

  RemoteRoutes remote() {
    return remote;
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
    local.add(endpoint);
    learned.announced(endpoint);
    devices().objects().forEach(owned::want);
    replication.begin();
    endpointObjects(endpoint).forEach(owned::want);
    if (isHost(endpoint)) {
      own(endpoint);
    }
    announcement.mayHaveChanged();
  }

  private boolean isHost(Endpoint endpoint) {
    return !endpoint.mac().isZero() && !isStandby(endpoint);
  }

  /** The host is here from now on. */
  void own(Endpoint host) {
    local.own(host);
    mobility.claim(host.name(), host.mac(), host.sticky(), elsewhere(host.mac()));
    refreshHost(host);
  }

  /** It has other addresses, or another port; its MAC is the same. */
  void change(Endpoint before, Endpoint after) {
    local.own(after);
    refreshHost(before);
    refreshHost(after);
  }

  /** The host is here no more. */
  void disown(Endpoint host) {
    moved.watch(host.mac(), () -> mobility.release(host.mac()));
    local.disown(host);
    announcement.forget(host);
    refreshHost(host);
  }

  void remove(Endpoint endpoint) {
    endpointObjects(endpoint).forEach(object -> owned.unwant(object.key()));
    local.remove(endpoint);
    hostsBehind(endpoint).forEach(this::disown);
    learned.portGone(endpoint);
    announcement.mayHaveChanged();
  }

  /** The endpoint itself, and who was learned behind its port. */
  private List<Endpoint> hostsBehind(Endpoint endpoint) {
    return local.hosts().stream().filter(host -> host.port().equals(endpoint.port())).toList();
  }

  boolean isStandby(Endpoint endpoint) {
    return local.isStandby(endpoint);
  }

  /** The endpoint, which may be one that is yet to be added, is a claim's second holder. */
  void stand(Endpoint endpoint, boolean by) {
    if (isStandby(endpoint) == by) {
      return;
    }
    boolean here = local.endpoint(endpoint.name()).isPresent();
    if (here && by) {
      hostsBehind(endpoint).forEach(this::disown);
      learned.portGone(endpoint);
    }
    local.stand(endpoint, by);
    if (here && isHost(endpoint)) {
      own(endpoint);
    }
  }

  /** A MAC that is here is not looked for elsewhere, and the other way round. */
  private void refreshHost(Endpoint host) {
    announcement.mayHaveChanged();
    refreshMac(host.mac());
    for (var address : host.addresses()) {
      refreshNeighbour(address.address());
    }
  }

  private void refreshMac(MacAddress mac) {
    owned.replace(rows().keys(mac), macObjects(mac));
    if (moved.knows(mac)) {
      owned.replace(
          List.of(MovedMac.key(namespace, intent.vni(), mac)), movedMac(mac).stream().toList());
    }
  }

  /** Who is here no more, and where frames for it are sent on to. */
  private Optional<MovedMac> movedMac(MacAddress mac) {
    return elsewhere(mac)
        .filter(place -> moved.leadsTo(place) && localHost(mac).isEmpty())
        .map(place -> new MovedMac(namespace, intent.vni(), mac, !place.vtep().isIpv4()));
  }

  /** Frames for somebody who is here no more are sent on. */
  boolean sendsOn() {
    return moved.macs().stream().anyMatch(mac -> movedMac(mac).isPresent());
  }

  /** The kernel may still send on what comes for the MAC, whatever is desired. */
  boolean maySendOn(MacAddress mac) {
    return !plan.isGone(MovedMac.key(namespace, intent.vni(), mac));
  }

  /** Something is to follow from what was heard, or from the time. */
  boolean isDue(long time) {
    return learned.isDue(time) || rebindings.areAny() || moved.isDue(time);
  }

  /** Time has passed: what is over ends. */
  void check(long time) {
    learned.check(time);
    moved.takeOver(time).forEach(mac -> owned.unwant(MovedMac.key(namespace, intent.vni(), mac)));
  }

  /** When {@link #check} is due. */
  OptionalLong nextCheck() {
    return moved.next(learned.nextCheck());
  }

  private void refreshNeighbour(IpAddress ip) {
    var key = rows().neighbour(ip);
    var before = plan.desired(key);
    owned.replace(List.of(key), neighbourObject(ip).stream().toList());
    rebindings.note(before, plan.desired(key));
  }

  /** Everything of this network leaves the plan. */
  void close() {
    local.hosts().forEach(host -> mobility.release(host.mac()));
    local.clear();
    owned.clear();
  }

  /** Who is here: what it says of itself only changes by way of this network. */
  LocalHosts local() {
    return local;
  }

  Rebindings rebindings() {
    return rebindings;
  }

  MacMobility mobility() {
    return mobility;
  }

  // ---- who is learned ---------------------------------------------------------------------

  LearnedHosts learned() {
    return learned;
  }

  /** The MAC spoke here, although another node may have had it: a move back (RFC 7432 §15). */
  void heardHere(MacAddress mac) {
    if (mobility.heardHere(mac)) {
      local.host(mac).ifPresent(this::refreshHost);
    }
  }

  /** Another node binds the address to another MAC, and is to be believed. */
  boolean isBoundElsewhere(MacAddress mac, IpAddress ip) {
    var other = remote.neighbour(ip, this::isReachable).filter(r -> !r.mac().equals(mac));
    return other.isPresent()
        && !other.get().gateway()
        && MacMobility.beats(other.get(), mobility.sequence(mac), towards(other));
  }

  /** True when this node announces the endpoint's MAC. */
  boolean isHere(Endpoint endpoint) {
    return mobility.isHere(endpoint.mac());
  }

  /**
   * The host of this node to whom frames for the MAC go: not where it has moved away from here
   * meanwhile. Of a duplicate that is frozen each node keeps its own.
   */
  private Optional<Endpoint> localHost(MacAddress mac) {
    return local
        .host(mac)
        .filter(_ -> mobility.isHere(mac) || mobility.isFrozen(mac) || elsewhere(mac).isEmpty());
  }

  private List<ForwardingObject> objects() {
    var objects = new ArrayList<ForwardingObject>(localObjects());
    var macs = new TreeSet<MacAddress>();
    remote.macs().forEach(macs::add);
    local.hosts().forEach(host -> macs.add(host.mac()));
    macs.forEach(mac -> objects.addAll(macObjects(mac)));
    moved.macs().forEach(mac -> movedMac(mac).ifPresent(objects::add));
    var addresses = new TreeSet<IpAddress>();
    remote.addresses().forEach(addresses::add);
    local.hosts().forEach(host -> addresses.addAll(host.hosts()));
    addresses.forEach(ip -> neighbourObject(ip).ifPresent(objects::add));
    objects.addAll(replication.objects());
    return objects;
  }

  private List<ForwardingObject> localObjects() {
    var objects = new ArrayList<ForwardingObject>();
    objects.addAll(devices().objects());
    local.endpoints().forEach(endpoint -> objects.addAll(endpointObjects(endpoint)));
    return objects;
  }

  private List<ForwardingObject> endpointObjects(Endpoint endpoint) {
    return EndpointObjects.of(port(endpoint));
  }

  /** What its gateways say of themselves, and to whom. */
  Optional<AdvertisedNetwork> advertised() {
    return AdvertisedNetwork.of(this, plan);
  }

  /** The endpoint's port of the bridge. */
  ForwardingObject.EndpointPort port(Endpoint endpoint) {
    return EndpointObjects.port(namespace, intent, endpoint, mtu());
  }

  /** What must stand before the endpoint is attached, in the order in which it is made. */
  List<ForwardingKey> keysOf(Endpoint endpoint) {
    return EndpointObjects.required(endpoint, devices(), rows(), underlay.vtep(), plan);
  }

  /** Takes in a route of another node, or its end. */
  @Override
  public void learn(Route key, Optional<Path> path) {
    if (path.isEmpty() && !remote.has(key)) {
      return; // another network's
    }
    var wished = remote.groups().wish(key);
    remote.remove(key);
    path.ifPresent(remote::put);
    switch (key) {
      case MacIpAdvertisement route -> {
        var place = elsewhere(route.mac());
        moved.watch(route.mac(), () -> mobility.heard(route.mac(), place, towards(place)));
        if (local.host(route.mac()).isPresent()
            || route.ip().flatMap(this::localOwner).isPresent()) {
          announcement.mayHaveChanged();
        }
        learned.settle(now.getAsLong(), route.mac());
        route.ip().ifPresent(learned::settle);
        refreshMac(route.mac());
        local.host(route.mac()).ifPresent(this::refreshHost);
        route.ip().ifPresent(this::refreshNeighbour);
      }
      default -> replication.learned(key, wished);
    }
  }

  /** Our VTEP that is compared with another's, of its family. */
  IpAddress towards(Optional<RemoteMac> place) {
    return place.flatMap(best -> underlay.towards(best.vtep())).orElse(underlay.vtep());
  }

  private List<ForwardingObject> macObjects(MacAddress mac) {
    var host = localHost(mac);
    if (host.isPresent()) {
      return List.of(
          new ForwardingObject.LocalFdbEntry(
              namespace, intent.vni(), mac, host.get().port(), local.isFixed(host.get())));
    }
    var best = elsewhere(mac);
    boolean gateway = intent.isRouted() && mac.equals(AddressPlan.GATEWAY_MAC);
    if (best.isEmpty() || gateway) {
      return List.of();
    }
    return rows().rows(mac, best.get().vtep(), best.get().vni(), best.get().sticky());
  }

  /**
   * Those attached here too, so that a question about them does not leave the node, and a gateway
   * asks nobody: its question would be answered on every node (RFC 9135 §4.1).
   */
  private Optional<ForwardingObject> neighbourObject(IpAddress ip) {
    if (intent.isGateway(ip)) {
      return Optional.empty();
    }
    var owner = localOwner(ip).map(Endpoint::mac);
    return owner
        .filter(mac -> localHost(mac).isPresent() && !isBoundElsewhere(mac, ip))
        .or(() -> neighbourElsewhere(ip))
        .or(() -> owner)
        .map(mac -> new ForwardingObject.NeighbourEntry(namespace, intent.vni(), ip, mac));
  }

  private Optional<MacAddress> neighbourElsewhere(IpAddress ip) {
    return remote
        .neighbour(ip, this::isReachable)
        .map(RemoteMac::mac)
        .filter(mac -> localHost(mac).isEmpty());
  }

  /** The endpoint of this node that has the address. */
  Optional<Endpoint> localOwner(IpAddress ip) {
    return local.owner(ip);
  }

  /** True when somebody has the address, here or elsewhere, and is reached through the segment. */
  boolean knows(IpAddress ip) {
    return !intent.isGateway(ip)
        && (localOwner(ip).isPresent() || remote.neighbour(ip, this::isReachable).isPresent());
  }

  Replication replication() {
    return replication;
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
    return endpoint.link().isPresent() && EndpointObjects.isLost(port(endpoint), plan);
  }

  /** A duplicate of this network gets another chance. */
  void recover(MacAddress mac) {
    mobility.recover(mac, towards(mobility.rival(mac)));
    announcement.mayHaveChanged();
    learned.settle(now.getAsLong(), mac);
    refreshMac(mac);
  }

  Optional<RemoteMac> rival(MacAddress mac) {
    return mobility.rival(mac);
  }

  private Optional<RemoteMac> elsewhere(MacAddress mac) {
    return remote.mac(mac, this::isReachable);
  }
}
