package io.weft.overlay.node;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.Route;
import io.weft.net.ImportTarget;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.evpn.RemotePrefixes;
import io.weft.overlay.evpn.RemotePrefixes.RemotePrefix;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.Segment;
import io.weft.overlay.forwarding.TenantHop;
import io.weft.overlay.node.TenantAnnouncement.Routed;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.BiConsumer;
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
  private final Supplier<List<NetworkIntent>> intended;
  private final RemotePrefixes remote = new RemotePrefixes();
  private final LocalAddresses local = new LocalAddresses();
  private final UnusedRoutes unused = new UnusedRoutes();
  private final EndpointPrefixes endpointPrefixes;
  private final TenantAnnouncement announcement;
  private final RemoteRouters routers;
  private final OwnedObjects owned;
  private final BiConsumer<TenantInstance, IpPrefix> routes;
  private TenantIntent intent;
  private Underlay underlay;
  private RouteDistinguisher rd;

  /** One of the tenant's networks has a gateway for IPv6, here or elsewhere. */
  private boolean ipv6;

  /**
   * Both suppliers are asked at any time.
   *
   * @param networks the tenant's routed networks on this node
   * @param intended all of them
   * @param speakers know what endpoints say of what is behind them
   * @param routes hears of each prefix that is routed otherwise than before
   */
  TenantInstance(
      String namespace,
      ForwardingPlan plan,
      SendingIds ids,
      TenantIntent intent,
      Underlay underlay,
      RouteDistinguisher rd,
      Supplier<List<NetworkInstance>> networks,
      Supplier<List<NetworkIntent>> intended,
      EndpointSpeakers speakers,
      BiConsumer<TenantInstance, IpPrefix> routes) {
    this.routes = routes;
    this.namespace = namespace;
    this.plan = plan;
    this.owned = new OwnedObjects(plan);
    this.intent = intent;
    this.underlay = underlay;
    this.rd = rd;
    this.networks = networks;
    this.intended = intended;
    this.routers = new RemoteRouters(namespace, remote, ids, owned, intent.l3Vni(), underlay);
    readFamilies();
    this.endpointPrefixes = new EndpointPrefixes(namespace, speakers);
    this.announcement = new TenantAnnouncement(endpointPrefixes, plan);
    read();
  }

  private void read() {
    local.read(networks.get(), intended.get());
    unused.change(intended.get());
    endpointPrefixes.read(networks.get());
  }

  private void readFamilies() {
    ipv6 = intended.get().stream().anyMatch(network -> network.isRouted(false));
    routers.speakIpv6(ipv6);
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

  @Override
  public Underlay underlay() {
    return underlay;
  }

  @Override
  public List<ImportTarget> importTargets() {
    return intent.wantedTargets();
  }

  @Override
  public Collection<Route> held() {
    var routes = new LinkedHashSet<Route>(remote.routes());
    routes.addAll(unused.routes());
    return routes;
  }

  /** The targets of routes that it is to be shown: its own imports and those of its networks. */
  Collection<ImportTarget> shownTargets() {
    var targets = new TreeSet<>(importTargets());
    targets.addAll(unused.targets());
    networks.get().forEach(network -> targets.addAll(network.importTargets()));
    return targets;
  }

  /** Where its devices are. */
  Segment segment() {
    return new Segment(namespace, intent.l3Vni().value());
  }

  @Override
  public boolean takes(Path path) {
    return intent.takes(path);
  }

  /** Leaves the keys that are no longer its own; {@link #plan} must follow. */
  void change(TenantIntent newIntent, Underlay newUnderlay, RouteDistinguisher newRd) {
    intent = newIntent;
    underlay = newUnderlay;
    rd = newRd;
    announcement.mayHaveChanged();
    read();
    routers.change(intent.l3Vni(), underlay);
    readFamilies();
    owned.retain(objects());
  }

  /** Wants all that follows from what it is now. */
  void plan() {
    objects().forEach(owned::want);
  }

  /** Everything of this tenant's routing leaves the plan. */
  void close() {
    owned.clear();
    routers.close();
  }

  private List<ForwardingObject> objects() {
    var objects = new ArrayList<ForwardingObject>();
    objects.add(
        new ForwardingObject.Bridge(
            namespace, intent.l3Vni(), underlay.bridgeMac(), underlay.overlayMtu(), true));
    if (ipv6) {
      objects.add(ForwardingObject.Ipv6Routing.of(namespace, intent.l3Vni()));
    }
    objects.add(routerAddress());
    objects.addAll(tunnels().ports(this::portMac, underlay.overlayMtu()));
    objects.addAll(routers.objects());
    objects.addAll(endpointPrefixes.objects());
    for (var prefix : remote.prefixes()) {
      route(prefix).ifPresent(objects::add);
    }
    return objects;
  }

  /**
   * What this router says of itself in ICMP errors towards other nodes. It also opens the reverse
   * path: the kernel drops what comes in by a link without any address when the way back leads
   * elsewhere, however loose its filter is (net/ipv4/fib_frontend.c): into the VNI of another
   * tenant, or over a network that is here too.
   */
  private ForwardingObject.GatewayAddress routerAddress() {
    var address = AddressPlan.ROUTER_ADDRESS;
    return new ForwardingObject.GatewayAddress(namespace, intent.l3Vni(), address, address.bits());
  }

  private SegmentRows tunnels() {
    return new SegmentRows(namespace, intent.l3Vni(), underlay);
  }

  /**
   * Of the port of the L3 VNI. What is addressed to the router behind the VTEP is for the bridge,
   * which takes frames to its own MAC and to those of its ports; no port may have the bridge's.
   */
  private MacAddress portMac(IpAddress vtep) {
    var router = AddressPlan.routerMac(vtep);
    return router.equals(underlay.bridgeMac())
        ? new MacAddress(router.value() ^ 0x0004_0000_0000L)
        : router;
  }

  // ---- routes of other nodes --------------------------------------------------------------

  @Override
  public void learn(Route key, Optional<Path> path) {
    var before = remote.find(key);
    var after = path.map(intent::ways).map(plan.sharing()::of).orElse(List.of());
    unused.imported(key, path.filter(_ -> after.isEmpty()));
    if (before.equals(after)) {
      return;
    }
    var receivers = routers.receivers(before, after);
    remote.put(key, after);
    for (var receiver : receivers) {
      if (!receiver.router().equals(remote.router(receiver.vni(), receiver.vtep()))) {
        routers.refresh(receiver.vni(), receiver.vtep(), receiver.router());
      }
    }
    for (var prefix : prefixes(before, after)) {
      refreshRoute(prefix);
      refreshBehind(prefix.address());
    }
  }

  /** Nearly always it is one. */
  private static Collection<IpPrefix> prefixes(
      List<RemotePrefix> before, List<RemotePrefix> after) {
    if (before.isEmpty() && after.size() == 1) {
      return List.of(after.getFirst().prefix());
    }
    var prefixes = new TreeSet<IpPrefix>();
    before.forEach(way -> prefixes.add(way.prefix()));
    after.forEach(way -> prefixes.add(way.prefix()));
    return prefixes;
  }

  /** A route that one of the tenant's networks may have imported. */
  void heard(Route key, Optional<Path> path) {
    unused.heard(key, path);
    if (key instanceof MacIpAdvertisement route) {
      route.ip().ifPresent(this::refreshBehind);
    }
  }

  /** The address may have come to another place: the prefixes behind it follow. */
  private void refreshBehind(IpAddress gateway) {
    remote.behind(gateway).forEach(this::refreshRoute);
  }

  /** All prefixes behind gateways' addresses: networks came, or learned much at once. */
  void refreshBehindAll() {
    remote.gateways().forEach(this::refreshBehind);
  }

  /** Routes that this tenant cannot use on this node, each with the reason. */
  List<String> unused() {
    var here = networks.get();
    var reasons =
        unused.reasons(name -> here.stream().anyMatch(n -> n.intent().name().equals(name)));
    for (var gateway : remote.gateways()) {
      for (var prefix : remote.behind(gateway)) {
        for (var way : remote.ways(prefix)) {
          if (way.gateway().equals(Optional.of(gateway)) && hop(way).isEmpty()) {
            reasons.add(prefix + ": " + homeless(way));
          }
        }
      }
    }
    return reasons.stream().distinct().toList();
  }

  private String homeless(RemotePrefix way) {
    var gateway = way.gateway().orElseThrow();
    return way.owner().isEmpty()
        ? "its gateway %s is nobody's address in a network of tenant '%s'"
            .formatted(gateway, intent.name())
        : "its gateway %s is no host that the connection with tenant '%s' lets in"
            .formatted(gateway, way.owner());
  }

  /**
   * A route of this very node, which BGP does not bring back: what another of its tenants says.
   * This tenant's own are none of it.
   */
  void learnLocal(OriginatedRoute said) {
    learn(
        said.route().key(),
        Optional.of(said)
            .filter(route -> !isOwn(route.route()))
            .map(
                route ->
                    new Path(
                        route.route(),
                        route.attributes(),
                        underlay.vtep(),
                        underlay.routerId(),
                        false))
            .filter(this::imports));
  }

  private boolean isOwn(Route said) {
    return switch (said) {
      case IpPrefixRoute route -> route.label() == intent.l3Vni().value();
      case MacIpAdvertisement route -> route.label2().orElse(0) == intent.l3Vni().value();
      default -> true;
    };
  }

  /** An endpoint of the network came to this node, or left it: what is here is not elsewhere. */
  void refresh(NetworkIntent network, Collection<HostAddress> addresses) {
    announcement.mayHaveChanged();
    var here = networks.get();
    local.readConnected(here);
    for (var gateway : network.gateways()) {
      refreshRoute(gateway.prefix());
      refreshRoute(host(gateway.address()));
    }
    for (var address : addresses) {
      local.readHost(address.address(), here);
      refreshRoute(host(address.address()));
    }
    endpointPrefixes.read(here).forEach(this::planBehindEndpoints);
    refreshBehindAll();
  }

  /** Endpoints say something else of what is behind them. */
  void refreshBehindEndpoints(IpPrefix prefix) {
    endpointPrefixes.readLearned(prefix, networks.get());
    planBehindEndpoints(prefix);
    announcement.mayHaveChanged();
  }

  private void planBehindEndpoints(IpPrefix prefix) {
    endpointPrefixes
        .object(prefix)
        .ifPresentOrElse(owned::want, () -> owned.unwant(EndpointRoute.key(namespace, prefix)));
    refreshRoute(prefix);
  }

  private static IpPrefix host(IpAddress address) {
    return new IpPrefix(address, address.bits());
  }

  private void refreshRoute(IpPrefix prefix) {
    var route = route(prefix);
    if (route.isPresent()) {
      owned.want(route.get());
    } else {
      owned.unwant(ForwardingObject.TenantRoute.key(namespace, prefix));
    }
    routes.accept(this, prefix);
  }

  /** All that may be routed, here or elsewhere, but its networks. */
  List<IpPrefix> routedPrefixes() {
    var all = new TreeSet<IpPrefix>();
    remote.prefixes().forEach(all::add);
    endpointPrefixes.objects().forEach(route -> all.add(route.prefix()));
    return List.copyOf(all);
  }

  /** What is attached here is reached over the connected routes, whatever others say of it. */
  private Optional<ForwardingObject> route(IpPrefix prefix) {
    boolean spoken = prefix.address().isIpv4() || ipv6;
    if (!spoken || local.has(prefix) || endpointPrefixes.has(prefix)) {
      return Optional.empty();
    }
    var hops = new ArrayList<TenantHop>();
    best(prefix).forEach(way -> hop(way).ifPresent(hops::add));
    return hops.isEmpty()
        ? Optional.empty()
        : Optional.of(new ForwardingObject.TenantRoute(namespace, prefix, hops));
  }

  /** The tenant's own subnets are not to be had from others, nor a part of them. */
  private boolean isUsable(RemotePrefix way) {
    return hop(way).isPresent()
        && (way.isOwn(intent.l3Vni()) || !local.isWithinSubnet(way.prefix()));
  }

  private Optional<TenantHop> hop(RemotePrefix way) {
    return way.gateway().isPresent()
        ? hopTo(way.gateway().get(), way.owner())
        : way.router()
            .filter(router -> routers.reaches(router.vni(), way.vtep(), router.mac()))
            .map(router -> hop(router.vni(), RemoteRouters.via(way.prefix(), way.vtep())));
  }

  private TenantHop hop(Vni vni, IpAddress via) {
    return vni.equals(intent.l3Vni()) ? TenantHop.over(vni, via) : TenantHop.sending(vni, via);
  }

  /**
   * The next hop to a gateway's address (RFC 9136 §4.4.2): through its network where that is on
   * this node, else by the route of the host, in the tenant's own VNI. No further: that one is no
   * overlay index. Another tenant's is sought among the hosts that its connection lets in.
   */
  private Optional<TenantHop> hopTo(IpAddress gateway, String owner) {
    for (var network : owner.isEmpty() ? networks.get() : List.<NetworkInstance>of()) {
      if (network.intent().gatewayOf(gateway).isPresent()) {
        return network.knows(gateway)
            ? Optional.of(TenantHop.over(network.intent().vni(), gateway))
            : Optional.empty();
      }
    }
    return remote
        .best(
            host(gateway),
            intent.l3Vni(),
            underlay.vteps(),
            way ->
                way.host()
                    && way.owner().equals(owner)
                    && (!owner.isEmpty() || way.isOwn(intent.l3Vni()))
                    && hop(way).isPresent())
        .stream()
        .flatMap(way -> hop(way).stream())
        .findFirst();
  }

  // ---- for pictures -----------------------------------------------------------------------

  /** The best ways to exactly this prefix, all equally good. */
  List<RemotePrefix> best(IpPrefix prefix) {
    return remote.best(prefix, intent.l3Vni(), underlay.vteps(), this::isUsable);
  }

  /** Where the way leads now; empty where its router or gateway is not to be had. */
  Optional<TenantHop> next(RemotePrefix way) {
    return hop(way);
  }

  /** True when packets to the prefix go as other nodes say. */
  boolean isRouted(IpPrefix prefix) {
    return plan.desired(ForwardingObject.TenantRoute.key(namespace, prefix)).isPresent();
  }

  /** True when the prefix is on this node, whatever others say of it. */
  boolean isHere(IpPrefix prefix) {
    return local.has(prefix) || endpointPrefixes.has(prefix);
  }

  /** What is behind endpoints of this node. */
  List<EndpointRoute> behindEndpoints() {
    return endpointPrefixes.objects();
  }

  /** The tenant's routed networks on this node. */
  List<NetworkInstance> networks() {
    return networks.get();
  }

  // ---- what this node says ----------------------------------------------------------------

  /** What it announces, and what its networks say of it, follows from this, among others. */
  void announcementMayHaveChanged() {
    announcement.mayHaveChanged();
  }

  /** Said first when the L3 VNI stands in the kernel, then for as long as it leads here. */
  Optional<Routed> routed() {
    return announcement.routed(this);
  }

  /** What the tenant announces now; the very list of before where nothing has changed. */
  List<OriginatedRoute> routes() {
    return announcement.routes(this);
  }

  /** True when the VTEP's device of its L3 VNI stands. */
  boolean tunnelStands(IpAddress vtep) {
    return plan.isRealized(tunnels().port(vtep));
  }
}
