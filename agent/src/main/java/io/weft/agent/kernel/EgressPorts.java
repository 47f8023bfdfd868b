package io.weft.agent.kernel;

import io.weft.agent.kernel.QuietSettings.Followed;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.KernelNotice;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NetlinkMonitor;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject.EgressAddress;
import io.weft.overlay.forwarding.EgressObject.EgressFilter;
import io.weft.overlay.forwarding.EgressObject.EgressPort;
import io.weft.overlay.forwarding.EgressObject.EgressRoute;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The tenants' ways out as the namespace of the underlay sees them: the packet filter, the ends of
 * the links, their addresses. Watched only while any of it stands. One thread owns it.
 */
final class EgressPorts implements AutoCloseable {
  private static final String MARK = "weft1 ";

  private final String prefix;
  private final Rtnetlink host;
  private final PacketFilter filter;
  private final EgressSets sets;
  private final TreeMap<ForwardingKey, ForwardingObject> believed = new TreeMap<>();
  private Optional<NetlinkMonitor> monitor = Optional.empty();
  private final QuietSettings quiet;

  /** The links of those that stand, by index. */
  private final TreeMap<Integer, Followed> links = new TreeMap<>();

  private boolean doubtful;

  /**
   * @param prefix of the names of tenants' namespaces
   * @param host a socket in the namespace of the underlay
   */
  EgressPorts(String prefix, Rtnetlink host, DescriptorBudget budget) {
    this.prefix = prefix;
    this.host = host;
    this.quiet = new QuietSettings(host, budget);
    var table = tableName(prefix);
    this.filter =
        new PacketFilter(
            "",
            host.namespace(),
            _ -> {},
            table,
            filter -> EgressRules.underlay(table, sources(), filter.node()),
            (found, elements) ->
                new EgressFilter(
                    "", true, EgressRules.amongNodes(found), SharedPorts.read(elements)));
    this.sets = new EgressSets(filter);
  }

  /**
   * Where a node has its address on the loopback, its routes say so: links may have private ones.
   */
  private List<IpAddress> sources() {
    var sources = new ArrayList<IpAddress>();
    for (var route : defaultRoutes()) {
      route
          .source()
          .filter(source -> sources.stream().noneMatch(other -> other.isIpv4() == source.isIpv4()))
          .ifPresent(sources::add);
    }
    return sources;
  }

  private List<Route> defaultRoutes() {
    return host.routes().stream()
        .filter(route -> route.prefix().length() == 0 && route.table() == Route.MAIN_TABLE)
        .toList();
  }

  /** Agents of several nodes in one namespace have tables of their own. */
  static String tableName(String prefix) {
    var name = prefix.replaceAll("[^A-Za-z0-9]+$", "");
    return name.isEmpty() ? "weft" : name;
  }

  // ---- what stands ------------------------------------------------------------------------

  /** Reads everything anew; the belief is what was read. */
  List<ForwardingObject> dump() {
    var standing = read();
    if (!standing.isEmpty() && monitor.isEmpty()) {
      watch();
      standing = read(); // nothing falls between
    }
    believed.clear();
    standing.forEach(object -> believed.put(object.key(), object));
    doubtful = false;
    return standing;
  }

  private void watch() {
    if (monitor.isEmpty()) {
      monitor =
          Optional.of(
              NetlinkMonitor.openWithRoutesIn("/proc/self/fd/" + host.namespace().number()));
    }
  }

  private List<ForwardingObject> read() {
    var objects = new ArrayList<ForwardingObject>();
    filter.read().ifPresent(objects::add);
    var ours = readPorts();
    objects.addAll(ours.values());
    if (!ours.isEmpty()) {
      host.routes().forEach(route -> route(route, ours.keySet()).ifPresent(objects::add));
      for (var address : host.addresses()) {
        var port = ours.get(address.link());
        if (port != null && isKept(address)) {
          objects.add(
              new EgressAddress("", port.port(), address.address(), address.prefixLength()));
        }
      }
    }
    return objects;
  }

  /** Those that stand, by index of the link. */
  private SortedMap<Integer, EgressPort> readPorts() {
    var ports = new TreeMap<Integer, EgressPort>();
    var before = quiet.begin(links);
    links.clear();
    for (var link : host.links()) {
      port(link)
          .ifPresent(
              port -> {
                ports.put(link.index(), port);
                links.put(link.index(), new Followed(link.name(), true, false));
              });
    }
    quiet.settle(links, before);
    return ports;
  }

  /** A route of ours leads over a link of ours. */
  private static Optional<EgressRoute> route(Route route, Set<Integer> ours) {
    return Optional.of(route)
        .filter(there -> there.link().isPresent() && ours.contains(there.link().getAsInt()))
        .filter(there -> there.table() == Route.MAIN_TABLE && there.protocol() == Route.STATIC)
        .flatMap(there -> there.nextHops().getFirst().via())
        .map(via -> new EgressRoute("", route.prefix(), via));
  }

  /** A link is ours when its name begins so and its alias names a namespace of ours. */
  private Optional<EgressPort> port(Link link) {
    return link.alias()
        .filter(alias -> alias.startsWith(MARK + prefix))
        .filter(_ -> isName(link.name()))
        .map(
            alias ->
                new EgressPort(
                    link.name(),
                    alias.substring(MARK.length()),
                    isWhole(link) ? link.mtu() : Translation.DAMAGED_MTU));
  }

  private static boolean isWhole(Link link) {
    return link.up() && link.ipv4().does(true, false) && !link.linkLocal();
  }

  private static boolean isName(String name) {
    return name.startsWith(AddressPlan.EGRESS_PORT);
  }

  /** True when the filter stands whole: only then may a link be made. */
  boolean isFiltered() {
    return believed.get(new EgressFilter("", true).key()) instanceof EgressFilter standing
        && standing.whole();
  }

  // ---- changes ----------------------------------------------------------------------------

  void put(ForwardingObject object) {
    watch();
    switch (object) {
      case EgressFilter whole -> filter.put(whole);
      case EgressRoute route -> {
        requireFree(route);
        host.execute(new Request.ReplaceRoute(row(route)));
      }
      case EgressPort port -> put(port);
      case EgressAddress address -> {
        requireForwarding(address);
        int link = require(address.device()).index();
        try {
          host.execute(
              new Request.AddAddress(Address.of(link, address.address(), address.prefixLength())));
        } catch (LinuxException e) {
          if (!e.errno().equals(Errno.EEXIST)) {
            throw e;
          }
        }
      }
      default -> throw new IllegalArgumentException(object + " is not of the underlay");
    }
    believed.put(object.key(), object);
  }

  private void put(EgressPort port) {
    giveNameBack(port);
    var link = require(port.port());
    requireForwardingUplink();
    host.execute(
        new Request.SetLink(
            link.index(),
            LinkSettings.NONE
                .withAlias(MARK + port.tenant())
                .withMtu(port.mtu())
                .withForwarding(true)
                .withOwnSources(false)
                .withLinkLocal(false)));
    host.execute(new Request.SetLink(link.index(), LinkSettings.UP));
  }

  /** Nobody else's route is replaced: it may be that of another CNI, or of the fabric. */
  private void requireFree(EgressRoute wanted) {
    for (var route : host.routes()) {
      boolean ours =
          route.nextHops().stream()
              .flatMap(hop -> hop.via().stream())
              .anyMatch(EgressPorts::isOurs);
      if (!ours && route.table() == Route.MAIN_TABLE && route.prefix().equals(wanted.prefix())) {
        throw new IllegalArgumentException(
            "the node has another route to %s already; take that away, or give the network other subnets"
                .formatted(wanted.prefix()));
      }
    }
  }

  /** Over the link that leads to its next hop. */
  private Route row(EgressRoute route) {
    for (var object : believed.values()) {
      if (object instanceof EgressAddress(_, var device, var address, int length)
          && new IpPrefix(address.masked(length), length).contains(route.via())) {
        return Route.of(route.prefix(), NextHop.via(route.via(), require(device).index()));
      }
    }
    throw new IllegalArgumentException("no way to " + route.via() + " stands (yet)");
  }

  /** One that somebody renamed says by its alias whose it is. */
  private void giveNameBack(EgressPort port) {
    if (host.link(port.port()).isPresent()) {
      return;
    }
    for (var link : host.links()) {
      if (link.kind().equals("veth") && link.alias().equals(Optional.of(MARK + port.tenant()))) {
        // Kernels before 6.2 rename only what is down.
        host.execute(new Request.SetLink(link.index(), LinkSettings.NONE.withUp(false)));
        host.execute(new Request.RenameLink(link.index(), port.port()));
        return;
      }
    }
  }

  private void requireForwarding(EgressAddress address) {
    try (var settings = new NamespaceSettings(host.namespace())) {
      if (!address.address().isIpv4() && !settings.routesIpv6()) {
        throw new IllegalArgumentException(
            "the node does not route IPv6; set net.ipv6.conf.all.forwarding=1");
      }
    }
  }

  private Link require(String name) {
    return host.link(name)
        .orElseThrow(
            () -> new IllegalArgumentException("device " + name + " does not stand (yet)"));
  }

  /**
   * Answers come in by the link of a default route and must be routed on: whether a host routes is
   * its administrator's to decide, not ours.
   */
  private void requireForwardingUplink() {
    var uplinks = new ArrayList<String>();
    for (var route : defaultRoutes()) {
      for (var hop : route.prefix().address().isIpv4() ? route.nextHops() : List.<NextHop>of()) {
        var link =
            hop.link().isPresent() ? host.link(hop.link().getAsInt()) : Optional.<Link>empty();
        if (link.filter(Link::forwarding).isPresent()) {
          return;
        }
        link.ifPresent(found -> uplinks.add(found.name()));
      }
    }
    if (!uplinks.isEmpty()) {
      throw new IllegalArgumentException(
          "the node does not route: answers that come in by %s would be dropped; set net.ipv4.ip_forward=1, or net.ipv4.conf.%s.forwarding=1 alone"
              .formatted(String.join(", ", uplinks), uplinks.getFirst()));
    }
  }

  void remove(ForwardingObject object) {
    switch (object) {
      case EgressFilter _ -> filter.remove();
      case EgressPort port ->
          host.link(port.port())
              .ifPresent(link -> host.executeIfThere(new Request.DeleteLink(link.index())));
      case EgressAddress address ->
          host.link(address.device())
              .ifPresent(
                  link ->
                      host.executeIfThere(
                          new Request.DeleteAddress(
                              Address.of(
                                  link.index(), address.address(), address.prefixLength()))));
      case EgressRoute(_, var prefix, var via) ->
          host.routes().stream()
              .filter(route -> route.prefix().equals(prefix) && leadsTo(route, via))
              .forEach(route -> host.executeIfThere(new Request.DeleteRoute(route)));
      default -> throw new IllegalArgumentException(object + " is not of the underlay");
    }
    believed.remove(object.key());
  }

  private static boolean leadsTo(Route route, IpAddress via) {
    return route.nextHops().size() == 1
        && route.nextHops().getFirst().via().equals(Optional.of(via));
  }

  /** Something failed: look at all of it soon. */
  void doubt() {
    doubtful = true;
  }

  /** As {@link EgressSets#know}; what is refused now is tried again. */
  void know(VtepGuard vteps, OtherNodes others, KeptSources.Picture sources) {
    doubtful |= !sets.know(vteps, others, sources);
  }

  Collection<ForwardingObject> believed() {
    return believed.values();
  }

  /** Packets of pods of other nodes that were stopped on their way in, by tenant's namespace. */
  SortedMap<String, Long> stopped() {
    var stopped = new TreeMap<String, Long>();
    var counts = sets.stopped();
    for (var object : believed.values()) {
      if (object instanceof EgressPort port && counts.containsKey(port.port())) {
        stopped.merge(port.tenant(), counts.get(port.port()), Long::sum);
      }
    }
    return stopped;
  }

  // ---- what others do ---------------------------------------------------------------------

  /**
   * As {@link TenantTables#lookAround}: settings of the links. All else is compared where a link is
   * not as it was; where there are too many for their files to stay open, links are read each time,
   * and routes, of which a host may have a million, are not.
   */
  List<Observation> lookAround() {
    var ports = new ArrayList<ForwardingObject>(believed.values());
    ports.removeIf(object -> !(object instanceof EgressPort));
    return !ports.isEmpty() && !quiet.areSettled() && linksDiffer(ports)
        ? compare(false)
        : List.of();
  }

  private boolean linksDiffer(List<ForwardingObject> ports) {
    var before = Set.copyOf(links.keySet());
    var standing = readPorts();
    return !before.equals(standing.keySet())
        || standing.size() != ports.size()
        || !standing.values().containsAll(ports);
  }

  /** What others have changed since the last call. */
  List<Observation> drain() {
    if (monitor.isEmpty()) {
      return List.of();
    }
    boolean own = doubtful;
    boolean touched = filter.drain();
    for (var notice : monitor.get().drain()) {
      touched |=
          switch (notice) {
            case KernelNotice.Overrun _ -> true;
            case KernelNotice.LinkChanged(var link) -> isName(link.name());
            case KernelNotice.LinkGone(_, var name) -> isName(name);
            case KernelNotice.AddressChanged(var address, _) -> isOurs(address);
            case KernelNotice.SettingChanged(int link) -> links.containsKey(link);
            case KernelNotice.BridgePortChanged _,
                KernelNotice.FdbChanged _,
                KernelNotice.MdbChanged _,
                KernelNotice.RuleChanged _,
                KernelNotice.NeighbourChanged _ ->
                false;
            case KernelNotice.RouteChanged(var route, _) ->
                route.prefix().length() == 0
                    || route.nextHops().stream()
                        .flatMap(hop -> hop.via().stream())
                        .anyMatch(EgressPorts::isOurs);
          };
    }
    if (!touched && !own) {
      return List.of();
    }
    var news = compare(!touched);
    filter.refill();
    if (believed.isEmpty()) {
      unwatch();
    }
    return news;
  }

  /** All but what the kernel gives each link of IPv6. */
  static boolean isKept(Address address) {
    return address.address().isIpv4() || !address.address().isLinkLocal();
  }

  private static boolean isOurs(Address address) {
    return isOurs(address.address());
  }

  private static boolean isOurs(IpAddress address) {
    return AddressPlan.EGRESS_RANGE.contains(address)
        || AddressPlan.EGRESS_RANGE_IPV6.contains(address);
  }

  private List<Observation> compare(boolean consequence) {
    var news = new ArrayList<Observation>();
    var standing = new TreeMap<ForwardingKey, ForwardingObject>();
    read().forEach(object -> standing.put(object.key(), object));
    doubtful = false;
    for (var key : List.copyOf(believed.keySet())) {
      if (!standing.containsKey(key)) {
        believed.remove(key);
        news.add(new Observation(key, Optional.empty(), consequence));
      }
    }
    standing.forEach(
        (key, object) -> {
          if (!object.equals(believed.put(key, object))) {
            news.add(new Observation(key, Optional.of(object), consequence));
          }
        });
    return news;
  }

  private void unwatch() {
    monitor.ifPresent(NetlinkMonitor::close);
    monitor = Optional.empty();
  }

  @Override
  public void close() {
    unwatch();
    quiet.close();
    filter.close();
  }
}
