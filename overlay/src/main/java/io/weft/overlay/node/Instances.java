package io.weft.overlay.node;

import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.net.ImportTarget;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.evpn.DuplicateDetection;
import io.weft.overlay.evpn.MacMobility;
import io.weft.overlay.evpn.RemoteRoutes.RemoteMac;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.Segment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * The networks that have endpoints on this node, each in its tenant's namespace. A namespace stands
 * as long as one network needs it.
 */
final class Instances {
  private final NodeConfig config;
  private final ForwardingPlan plan;
  private final Effects effects;
  private final DuplicateDetection duplicates;
  private final Supplier<Collection<NetworkIntent>> intended;
  private final TreeMap<String, NetworkInstance> byNetwork = new TreeMap<>();
  private final ImportIndex<NetworkInstance> importers =
      new ImportIndex<>(NetworkInstance::importTargets);
  private final Tenants tenants;
  private final Memberships memberships = new Memberships();
  private final Forerunner forerunner = new Forerunner();
  private Optional<List<ImportTarget>> importTargets = Optional.empty();
  private Optional<String> resident = Optional.empty();
  private boolean keptClashing;
  private boolean closed;
  private long now;

  /** {@code intended} gives the networks of the intent, at any time. */
  Instances(
      NodeConfig config,
      ForwardingPlan plan,
      Effects effects,
      Supplier<Collection<NetworkIntent>> intended,
      EndpointSpeakers speakers) {
    this.config = config;
    this.plan = plan;
    this.effects = effects;
    this.intended = intended;
    this.duplicates = new DuplicateDetection(config.duplicates());
    this.tenants = new Tenants(plan, this::all, intended, speakers);
  }

  /** What stood in the kernel at the start; nobody has routes of who made it after that time. */
  void found(Collection<ForwardingObject> standing, long untilNanos) {
    forerunner.left(standing, untilNanos);
  }

  /** The time of all that follows, until the next call. */
  void advance(long newNow) {
    now = newNow;
  }

  /** Moves are counted by these limits from now on. */
  void change(DuplicateDetection.Limits limits) {
    duplicates.change(limits);
  }

  /** Duplicates whose time is over get another chance; true when there were any. */
  boolean recoverDuplicates() {
    var recovered = duplicates.recover(now);
    for (var subject : recovered) {
      find(subject.network())
          .ifPresent(
              instance ->
                  subject
                      .ip()
                      .ifPresentOrElse(
                          instance.learned().quarrels()::recover,
                          () -> instance.recover(subject.mac())));
    }
    return !recovered.isEmpty();
  }

  OptionalLong nextRecovery() {
    return duplicates.nextRecovery();
  }

  /** Moves of MACs and addresses from or to this node since the start, and what is frozen now. */
  MoveCounts moves() {
    return new MoveCounts(duplicates.counted(), duplicates.duplicates().size());
  }

  /** The MACs that are frozen, with both owners. */
  List<NodeView.DuplicateView> duplicates() {
    var views = new ArrayList<NodeView.DuplicateView>();
    for (var duplicate : duplicates.duplicates()) {
      if (duplicate.subject().ip().isPresent()) {
        continue; // an address: told in words
      }
      var mac = duplicate.subject().mac();
      var instance = find(duplicate.subject().network());
      views.add(
          new NodeView.DuplicateView(
              mac,
              duplicate.subject().network(),
              instance.stream()
                  .flatMap(i -> i.local().hosts().stream())
                  .filter(endpoint -> endpoint.mac().equals(mac))
                  .map(Endpoint::name)
                  .findFirst()
                  .orElse(""),
              instance.flatMap(i -> i.rival(mac)).map(RemoteMac::vtep),
              duplicate.moves(),
              duplicate.sinceNanos(),
              duplicate.recoverAtNanos()));
    }
    return views;
  }

  /** The IP addresses here that are also another MAC's. */
  List<NodeView.SharedAddressView> sharedAddresses() {
    return all().stream().flatMap(instance -> SharedAddresses.of(instance).stream()).toList();
  }

  /** What the tenants cannot use of the routes for them. */
  List<NodeView.UnusedView> unusedRoutes() {
    return tenants.all().stream()
        .map(tenant -> new NodeView.UnusedView(tenant.intent().name(), tenant.unused()))
        .filter(view -> !view.reasons().isEmpty())
        .toList();
  }

  /** Hosts have joined multicast groups, or left them. */
  void see(NodeEvent.GroupsSeen seen) {
    memberships.see(seen);
    for (var network : byNetwork.values()) {
      if (new Segment(network.namespace(), network.intent().vni().value()).equals(seen.segment())) {
        network.announcement().mayHaveChanged();
      }
    }
  }

  Collection<NetworkInstance> all() {
    return Collections.unmodifiableCollection(byNetwork.values());
  }

  /** The IP-VRFs that have a routed network here. */
  Optional<TenantInstance> tenant(String namespace) {
    return tenants.find(namespace);
  }

  Collection<TenantInstance> tenants() {
    return tenants.all();
  }

  Optional<NetworkInstance> find(String network) {
    return Optional.ofNullable(byNetwork.get(network));
  }

  /** The instance that an endpoint of ours is in: there always is one. */
  NetworkInstance of(Endpoint endpoint) {
    return find(endpoint.network()).orElseThrow();
  }

  /** Name of the namespace that the network belongs into: one object, which keys share. */
  String namespaceOf(NetworkIntent network) {
    return (config.namespacePrefix() + network.namespaceSuffix()).intern();
  }

  NetworkInstance open(NetworkIntent network, String namespace, Underlay underlay) {
    var rd = Distinguishers.free(network.vni(), underlay, distinguishers());
    var name = network.name();
    var created =
        new NetworkInstance(
            namespace,
            config,
            plan,
            network,
            underlay,
            rd,
            memberships,
            report -> new MacMobility(name, duplicates, () -> now, report),
            forerunner,
            () -> now,
            text -> effects.report("network " + name, text),
            () -> tenants.find(namespace).flatMap(TenantInstance::routed));
    byNetwork.put(network.name(), created);
    importers.put(created);
    importTargets = Optional.empty();
    plan.desire(new TenantNamespace(namespace));
    return created;
  }

  /**
   * An endpoint came or went: what its tenant routes to may be here now, or no longer.
   *
   * @return the tenant, when it routes on this node from now on
   */
  Optional<TenantInstance> refreshTenant(
      NetworkInstance network,
      Collection<HostAddress> addresses,
      SortedMap<String, TenantIntent> wanted,
      Underlay underlay) {
    var before = tenants.find(network.namespace());
    boolean stays = tenants.isWanted(network.namespace());
    if (before.isPresent() != stays) {
      if (stays) {
        tenants.open(network.namespace(), wanted, underlay, distinguishers());
      } else {
        tenants.change(wanted, underlay, distinguishers(), () -> {});
      }
      importTargets = Optional.empty();
    }
    var after = tenants.find(network.namespace());
    after.ifPresent(tenant -> tenant.refresh(network.intent(), addresses));
    return after.filter(_ -> before.isEmpty());
  }

  /** All tenants at once; before this the networks are as they shall be. */
  void changeTenants(SortedMap<String, TenantIntent> wanted, Underlay underlay) {
    tenants.change(
        wanted,
        underlay,
        distinguishers(),
        () -> byNetwork.values().forEach(NetworkInstance::plan));
    importTargets = Optional.empty();
  }

  /**
   * From now on this network is here without endpoints too, and no other; {@link #change} must
   * follow.
   */
  void keep(Optional<NetworkIntent> network, Underlay underlay) {
    resident = network.map(NetworkIntent::name);
    List.copyOf(byNetwork.values()).forEach(this::closeWithoutEndpoint);
    network
        .filter(wanted -> find(wanted.name()).isEmpty())
        .filter(wanted -> holderOf(wanted.vni(), wanted.name()).isEmpty())
        .ifPresent(wanted -> open(wanted, namespaceOf(wanted), underlay));
  }

  /** A network goes into another tenant's namespace, and its endpoints with it. */
  void move(NetworkInstance from, NetworkIntent network, Underlay underlay) {
    var endpoints = List.copyOf(from.endpoints());
    var standby = endpoints.stream().filter(from::isStandby).toList();
    close(from);
    leave(from.namespace());
    var to = open(network.withVni(from.intent().vni()), namespaceOf(network), underlay);
    standby.forEach(endpoint -> to.stand(endpoint, true));
    endpoints.forEach(to::add);
  }

  private void leave(String namespace) {
    if (byNetwork.values().stream().noneMatch(other -> other.namespace().equals(namespace))) {
      plan.undesire(new TenantNamespace(namespace).key());
    }
  }

  private List<RouteDistinguisher> distinguishers() {
    var taken = new ArrayList<RouteDistinguisher>();
    byNetwork.values().forEach(network -> taken.add(network.rd()));
    tenants.all().forEach(tenant -> taken.add(tenant.rd()));
    return taken;
  }

  /**
   * A network that still sends frames on stays until that is over, unless another waits for its
   * VNI; true when it went.
   */
  boolean closeIfEmpty(NetworkInstance instance) {
    boolean stays = instance.sendsOn() && isIntendedAlone(instance.intent());
    return !stays && closeWithoutEndpoint(instance);
  }

  /** The intent has the network, and no other with its VNI of now. */
  private boolean isIntendedAlone(NetworkIntent network) {
    var name = network.name();
    boolean intends = intended.get().stream().anyMatch(each -> each.name().equals(name));
    return intends
        && intended.get().stream()
            .noneMatch(each -> each.vni().equals(network.vni()) && !each.name().equals(name));
  }

  private boolean closeWithoutEndpoint(NetworkInstance instance) {
    if (!instance.endpoints().isEmpty() || resident.equals(Optional.of(instance.intent().name()))) {
      return false;
    }
    close(instance);
    closed = true;
    leave(instance.namespace());
    return true;
  }

  private void close(NetworkInstance instance) {
    instance.close();
    byNetwork.remove(instance.intent().name());
    importers.remove(instance);
    importTargets = Optional.empty();
  }

  /** Another network that has the VNI on this node; the kernel has room for one. */
  Optional<NetworkInstance> holderOf(Vni vni, String otherThan) {
    return byNetwork.values().stream()
        .filter(i -> i.intent().vni().equals(vni) && !i.intent().name().equals(otherThan))
        .findFirst();
  }

  /** True, once, when a network went and another may get the VNI that it was kept from. */
  boolean mayGetTheirVni() {
    boolean may = closed && keptClashing;
    closed = false;
    return may;
  }

  /** A network that stays as it is, against its intent. */
  record Kept(String network, String reason) {}

  /**
   * Changes all networks at once, so that VNIs can go from one to another: all leave what they no
   * longer want before any takes what it wants now, which {@link #changeTenants} does.
   *
   * @param wanted one for each network here, by name
   */
  List<Kept> change(SortedMap<String, NetworkIntent> wanted, Underlay underlay) {
    var feasible = new TreeMap<String, NetworkIntent>(wanted);
    var kept = keepClashing(feasible);
    keptClashing = !kept.isEmpty();
    var rds = distinguishers(feasible, underlay);
    byNetwork.forEach(
        (name, instance) -> instance.change(of(feasible, name), underlay, of(rds, name)));
    byNetwork.values().forEach(importers::put);
    importTargets = Optional.empty();
    return kept;
  }

  private static <V> V of(SortedMap<String, V> values, String network) {
    return Optional.ofNullable(values.get(network)).orElseThrow();
  }

  /** Who wants a VNI that another does not leave keeps its own, until nobody is in the way. */
  private List<Kept> keepClashing(SortedMap<String, NetworkIntent> wanted) {
    var kept = new ArrayList<Kept>();
    boolean again = true;
    while (again) {
      again = false;
      for (var instance : byNetwork.values()) {
        var mine = of(wanted, instance.intent().name());
        var holder =
            wanted.values().stream()
                .filter(
                    other -> other.vni().equals(mine.vni()) && !other.name().equals(mine.name()))
                .findFirst();
        if (holder.isPresent() && !mine.vni().equals(instance.intent().vni())) {
          var reason =
              "keeps VNI %s: %s, which it shall get, is still that of network '%s' here"
                  .formatted(instance.intent().vni(), mine.vni(), holder.get().name());
          kept.add(new Kept(mine.name(), reason));
          wanted.put(mine.name(), instance.intent());
          again = true;
        }
      }
    }
    return kept;
  }

  /** Those whose VNI stays keep their number; the others take a free one. */
  private SortedMap<String, RouteDistinguisher> distinguishers(
      SortedMap<String, NetworkIntent> wanted, Underlay underlay) {
    var rds = new TreeMap<String, RouteDistinguisher>();
    for (var instance : byNetwork.values()) {
      var name = instance.intent().name();
      if (of(wanted, name).vni().equals(instance.intent().vni())) {
        int number = Distinguishers.number(instance.rd());
        if (!Distinguishers.isTaken(underlay, number, rds.values())) {
          rds.put(name, RouteDistinguisher.of(underlay.routerId(), number));
        }
      }
    }
    for (var network : wanted.values()) {
      if (!rds.containsKey(network.name())) {
        rds.put(network.name(), Distinguishers.free(network.vni(), underlay, rds.values()));
      }
    }
    return rds;
  }

  /** The networks that may take in a route with one of these targets. */
  List<NetworkInstance> importers(List<RouteTarget> carried) {
    return importers.of(carried);
  }

  /** The tenants that are to be shown a route with one of these targets. */
  List<TenantInstance> tenantsShown(List<RouteTarget> carried) {
    return tenants.shown(carried);
  }

  /** What each network and tenant announces now; the list of before where nothing has changed. */
  Map<Object, List<OriginatedRoute>> announcements() {
    var touched = plan.takeTouched();
    for (var network : byNetwork.values()) {
      var segment = new Segment(network.namespace(), network.intent().vni().value());
      if (touched.contains(segment) || touched.contains(whole(network.namespace()))) {
        network.announcement().mayHaveChanged();
      }
    }
    for (var tenant : tenants.all()) {
      if (touched.contains(tenant.segment()) || touched.contains(whole(tenant.namespace()))) {
        tenant.announcementMayHaveChanged();
      }
    }
    var all = new LinkedHashMap<Object, List<OriginatedRoute>>();
    for (var network : byNetwork.values()) {
      if (network.announcement().isDue()) {
        tenant(network.namespace()).ifPresent(TenantInstance::announcementMayHaveChanged);
      }
      all.put(network, network.announcement().routes(network));
    }
    tenants.all().forEach(tenant -> all.put(tenant, tenant.routes()));
    return all;
  }

  private static Segment whole(String namespace) {
    return new Segment(namespace, 0);
  }

  /** What all of them import, sorted; the very list of before where nothing has changed. */
  List<ImportTarget> importTargets() {
    var targets = importTargets.orElseGet(this::readImportTargets);
    importTargets = Optional.of(targets);
    return targets;
  }

  private List<ImportTarget> readImportTargets() {
    var targets = new TreeSet<ImportTarget>();
    for (var instance : byNetwork.values()) {
      targets.addAll(instance.intent().importTargets());
    }
    tenants().forEach(tenant -> targets.addAll(tenant.importTargets()));
    return List.copyOf(targets);
  }
}
