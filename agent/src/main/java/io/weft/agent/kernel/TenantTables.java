package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.KernelNotice;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.NetlinkMonitor;
import io.weft.linux.netlink.NetlinkSocket;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.net.IpPrefix;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.EgressObject;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.NodeLink;
import io.weft.overlay.node.NodeEvent;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kernel's tables in one tenant's namespace: a socket to write, a monitor to watch, and what we
 * believe to stand there. Notices come in the order of the changes, our own among them; only what
 * differs from the belief at the end is news. One thread owns it.
 */
final class TenantTables implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TenantTables.class);

  /** A link that begins to form addresses has this route at once, and the addresses later. */
  private static final IpPrefix LINK_LOCAL = IpPrefix.parse("fe80::/64");

  private final String namespace;
  private final int number;
  private final Shared shared;
  private final Rtnetlink rtnetlink;
  private final NetlinkMonitor monitor;
  private final TenantLinks links = new TenantLinks();
  private final Translation translation;
  private final KeptNames names;
  private final JoinedGroups groups;
  private final RouteTranslation routes;
  private final NamespaceSettings settings;
  private final QuietSettings quiet;
  private final Ipv6Forwarding ipv6;
  private final PacketFilter filter;
  private final PortGuard guard;
  private final QueryFilter queries;
  private final MovedMacs moved;
  private final RowRequests requests;
  private final TreeMap<ForwardingKey, ForwardingObject> believed = new TreeMap<>();
  private final NamespaceClaim claim;
  private boolean linksTouched;
  private boolean linksOverdue;

  /** At the last look a link was missing that was there before. */
  private boolean gone;

  private boolean doubtful;

  /**
   * Opens a namespace that stands.
   *
   * @param shared what all tenants of one thread have together
   * @throws LinuxException EINVAL when the name stands for no namespace, as a crash may leave it
   */
  TenantTables(String namespace, boolean routesByLinks, Shared shared) {
    this.namespace = namespace;
    this.shared = shared;
    this.rtnetlink = Rtnetlink.openIn(namespace, shared.buffers());
    try {
      this.monitor = NetlinkMonitor.openWithRoutesIn(namespace);
    } catch (RuntimeException e) {
      rtnetlink.close();
      throw e;
    }
    this.number = shared.number();
    Consumer<Descriptor> watched = each -> shared.watch(each, number);
    watched.accept(monitor.descriptor());
    this.settings = new NamespaceSettings(rtnetlink.namespace());
    this.quiet = new QuietSettings(rtnetlink, shared.budget());
    this.ipv6 = new Ipv6Forwarding(rtnetlink, settings, routesByLinks);
    this.claim = new NamespaceClaim(namespace, rtnetlink, settings, ipv6);
    this.translation = new Translation(namespace, links);
    this.names = new KeptNames(namespace, rtnetlink, links, translation);
    this.groups = new JoinedGroups(namespace, links);
    this.routes = new RouteTranslation(namespace, links);
    this.requests = new RowRequests(links, translation.strays(), believed);
    this.filter =
        new PacketFilter(
            namespace,
            rtnetlink.namespace(),
            watched,
            EgressRules.TABLE,
            filter -> EgressRules.tenant(filter.node()),
            (table, _) -> new EgressObject.EgressFilter(namespace, true, EgressRules.node(table)));
    this.guard = new PortGuard(namespace, rtnetlink.namespace(), shared.buffers(), believed);
    this.queries = new QueryFilter(namespace, rtnetlink.namespace(), watched);
    this.moved = new MovedMacs(namespace, rtnetlink.namespace(), shared.buffers(), links);
  }

  Rtnetlink rtnetlink() {
    return rtnetlink;
  }

  /** For a socket in another namespace that is used between calls of {@link #rtnetlink}. */
  NetlinkSocket.Buffers buffers() {
    return shared.buffers();
  }

  Ipv6Forwarding ipv6() {
    return ipv6;
  }

  PacketFilter filter() {
    return filter;
  }

  /** What stands as far as we know. */
  Collection<ForwardingObject> believed() {
    return believed.values();
  }

  PortGuard guard() {
    return guard;
  }

  QueryFilter queries() {
    return queries;
  }

  MovedMacs moved() {
    return moved;
  }

  /** True when the filter of the way out stands whole. */
  boolean isFiltered() {
    return believed.get(new EgressObject.EgressFilter(namespace, true).key())
            instanceof EgressObject.EgressFilter filter
        && filter.whole();
  }

  // ---- the namespace itself ---------------------------------------------------------------

  NamespaceClaim claim() {
    return claim;
  }

  /**
   * What no notice tells of, to be called once a second: the mark of the namespace, and settings;
   * what guards its ports is mended at once. Links are read soon where a setting is not the same as
   * when all was well; at once when it was not quiet for so long.
   */
  List<Observation> lookAround() {
    guard.check();
    moved.check();
    linksOverdue = linksTouched;
    linksTouched = linksTouched || !quiet.areSettled();
    var key = new ForwardingObject.TenantNamespace(namespace).key();
    return news(Map.of(key, namespaceObject()), false);
  }

  private Optional<ForwardingObject> namespaceObject() {
    return claim.isWhole()
        ? Optional.of(new ForwardingObject.TenantNamespace(namespace))
        : Optional.empty();
  }

  // ---- what stands ------------------------------------------------------------------------

  /** Reads everything anew; the belief is what was read. */
  Collection<ForwardingObject> dump() {
    monitor.drain();
    believed.clear();
    for (var object : read()) {
      believed.put(object.key(), object);
    }
    guard.noteAll();
    guard.flush();
    return List.copyOf(believed.values());
  }

  private List<ForwardingObject> read() {
    var objects = new ArrayList<ForwardingObject>();
    namespaceObject().ifPresent(objects::add);
    filter.read().ifPresent(objects::add);
    queries.read();
    var standing = takeLinks(rtnetlink.links());
    standing.forEach(link -> objects.addAll(objects(link)));
    objects.addAll(translation.objects(rtnetlink.fdb(translation::mayBeOurs)));
    objects.addAll(groups.replace(rtnetlink.mdb()));
    rtnetlink.neighbours().forEach(row -> translation.object(row).ifPresent(objects::add));
    rtnetlink.addresses().forEach(row -> translation.object(row).ifPresent(objects::add));
    rtnetlink.routes().forEach(row -> routes.object(row).ifPresent(objects::add));
    objects.addAll(TransitRules.guards(namespace, rtnetlink.rules()));
    objects.addAll(moved.read());
    return objects;
  }

  private List<Link> takeLinks(List<Link> read) {
    var all = new ArrayList<>(read);
    var renamed = names.giveBack(all);
    gone = links.knowsOtherThan(all);
    links.replace(all);
    renamed.forEach(links::renamed);
    ipv6.look();
    return all;
  }

  /** What a link is, that it routes IPv6, that frames to unknown MACs leave by it. */
  private List<ForwardingObject> objects(Link link) {
    var objects = new ArrayList<ForwardingObject>();
    translation.object(link).map(this::whole).ifPresent(objects::add);
    translation.unknownUnicast(link).ifPresent(objects::add);
    if (translation.isRouting(link) && ipv6.routes(link)) {
      objects.add(new ForwardingObject.Ipv6Routing(namespace, link.name()));
    }
    return objects;
  }

  /** A bridge that hears those of other nodes ask does not snoop as it shall. */
  private ForwardingObject whole(ForwardingObject object) {
    return object instanceof ForwardingObject.Bridge bridge && bridge.snooping()
        ? bridge.withSnooping(queries.isKept())
        : object;
  }

  void believe(KernelChange change) {
    guard.note(change);
    if (TenantLinks.isLink(change.key().kind())) {
      quiet.doubt();
    }
    switch (change) {
      case KernelChange.Put(var object) -> believed.put(object.key(), object.observable());
      case KernelChange.Remove(var object) -> believed.remove(object.key());
    }
  }

  /** Something went that may have taken other objects along: look at all of it soon. */
  void doubt() {
    doubtful = true;
  }

  // ---- rows -------------------------------------------------------------------------------

  /** The requests that make one row of a table so; none while its device is missing. */
  List<Request> row(KernelChange change) {
    return requests.of(change);
  }

  /** The alias that a port has from us, whatever others wrote over it. */
  Optional<PortAlias> alias(Link port) {
    return links.alias(port);
  }

  /** The index of one of our links, as it is known here. */
  Optional<Integer> device(String name) {
    return links.link(name).map(link -> link.index());
  }

  /** The index of the vxlan port towards VTEPs of a family, likewise. */
  Optional<Integer> vxlan(Vni vni, boolean ipv6) {
    return links.vxlan(vni, ipv6);
  }

  /**
   * The name of the device of a vxlan port. One that is no port of a bridge does not show whether
   * nodes have VTEPs of both families: it is found by its own.
   */
  String device(ForwardingObject.VxlanPort port) {
    return links
        .vxlan(port.vni(), !port.local().isIpv4())
        .flatMap(links::link)
        .map(Link::name)
        .orElseGet(() -> DeviceNames.vxlan(port.vni(), port.local(), port.dual()));
  }

  /** The index of the device that only sends into a foreign VNI, likewise. */
  Optional<Integer> sending(Vni foreign, boolean ipv6) {
    return links.sending(foreign, ipv6);
  }

  /** True when a link of the node is in it that is to be given back. */
  boolean holdsNodeLink() {
    return rtnetlink.links().stream()
        .flatMap(link -> link.alias().flatMap(PortAlias::parse).flatMap(PortAlias::link).stream())
        .anyMatch(NodeLink.Device.class::isInstance);
  }

  /** Reads one link again after it was changed. */
  void reread(String name) {
    var link = rtnetlink.link(name);
    var known = links.link(name);
    known.ifPresent(old -> links.remove(old.index()));
    link.ifPresent(links::put);
  }

  // ---- what others do ---------------------------------------------------------------------

  /** True when {@link #drain} has something to do, where these tenants have been told something. */
  boolean isWaiting(BitSet told) {
    return told.get(number) || doubtful || linksTouched;
  }

  /**
   * What others have changed since the last call. Links are looked at only when it is quiet: most
   * notices of links are of our own changes, and a dump of them would delay the next batch.
   *
   * @param quiet nothing waits to be applied
   */
  List<Observation> drain(boolean quiet) {
    var touched = new TreeMap<ForwardingKey, Optional<ForwardingObject>>();
    boolean own = doubtful;
    boolean filtersTouched = filter.drain();
    boolean all = queries.drain() || filtersTouched;
    boolean rulesTouched = false;
    boolean claimTouched = false;
    for (var notice : monitor.drain()) {
      switch (notice) {
        case KernelNotice.Overrun() -> {
          LOG.warn("{}: the kernel dropped notices; reading all tables again", namespace);
          claim.suspect();
          settings.suspect();
          all = true;
        }
        case KernelNotice.FdbChanged(var row, boolean gone) ->
            touched.putAll(translation.changes(row, gone));
        case KernelNotice.NeighbourChanged(var row, boolean gone) ->
            touched.putAll(translation.changes(row, gone));
        case KernelNotice.MdbChanged(var row, boolean gone) -> {
          groups.see(row, gone);
          groups
              .object(row)
              .ifPresent(o -> touched.put(o.key(), gone ? Optional.empty() : Optional.of(o)));
        }
        // A link that is still known here went without us, and its rows with it: another one of
        // its name may stand there already, and look the same.
        case KernelNotice.LinkGone(int link, _) -> all |= links.link(link).isPresent();
        case KernelNotice.AddressChanged(var row, boolean gone) -> {
          // With the last address of a link the kernel takes its routes away, and does not say so.
          var changes = translation.changes(row, gone);
          boolean ours = changes.keySet().stream().noneMatch(believed::containsKey);
          own |= gone && ours && row.address().isIpv4() && !changes.isEmpty();
          all |= gone && !ours && row.address().isIpv4();
          touched.putAll(changes);
        }
        case KernelNotice.RouteChanged(var row, boolean gone) -> {
          if (NamespaceClaim.isEnd(row)) {
            claim.suspect();
            claimTouched = true;
          }
          linksTouched |= !gone && row.prefix().equals(LINK_LOCAL);
          var changes = routes.changes(row, gone);
          touched.putAll(changes);
          if (!gone && changes.isEmpty()) {
            routes
                .inPlaceOf(row)
                .filter(believed::containsKey)
                .ifPresent(key -> touched.put(key, Optional.empty()));
          }
        }
        case KernelNotice.LinkChanged(var link) -> {
          claimTouched |= link.name().equals("lo");
          linksTouched = true;
          all |= losesRoutes(link);
        }
        case KernelNotice.BridgePortChanged _ -> linksTouched = true;
        case KernelNotice.SettingChanged _ -> {
          settings.suspect();
          claimTouched = true;
          linksTouched = true;
        }
        case KernelNotice.RuleChanged _ -> {
          rulesTouched = true;
          linksTouched = true; // they may be what keeps IPv6 to the links that route
        }
      }
    }
    if (rulesTouched) {
      touched.putAll(TransitRules.seen(namespace, believed.keySet(), rtnetlink.rules()));
    }
    if (claimTouched) {
      touched.put(new ForwardingObject.TenantNamespace(namespace).key(), namespaceObject());
    }
    boolean lookAtLinks = linksTouched && (quiet || linksOverdue);
    linksTouched &= !lookAtLinks;
    linksOverdue = false;
    if (own || all || lookAtLinks && linksDiffer()) {
      return compareAll(own && !all);
    }
    return news(touched, false);
  }

  /** Who has joined which groups, where that has changed since the last call. */
  List<NodeEvent.GroupsSeen> groups() {
    return groups.take(System.nanoTime());
  }

  /** The kernel takes the routes of a link that goes down away, and does not say so. */
  private boolean losesRoutes(Link link) {
    return links.goesDown(link)
        && translation
            .object(link)
            .flatMap(object -> Optional.ofNullable(believed.get(object.key())))
            .filter(TenantTables::leadsRoutes)
            .isPresent();
  }

  private static boolean leadsRoutes(ForwardingObject device) {
    return device instanceof ForwardingObject.SendingPort
        || device instanceof EgressObject.EgressLink
        || device instanceof ForwardingObject.Bridge bridge && bridge.routed();
  }

  private boolean linksDiffer() {
    var before = quiet.begin(links.quiet());
    boolean differ = differ(takeLinks(rtnetlink.links()));
    if (!differ) {
      quiet.settle(links.quiet(), before);
    }
    return differ;
  }

  private boolean differ(List<Link> all) {
    if (gone) {
      return true;
    }
    var standing = new TreeSet<ForwardingKey>();
    for (var link : all) {
      for (var object : objects(link)) {
        standing.add(object.key());
        if (!object.equals(believed.get(object.key()))) {
          return true;
        }
      }
    }
    return believed.keySet().stream()
        .filter(key -> TenantLinks.isLink(key.kind()))
        .anyMatch(key -> !standing.contains(key));
  }

  private List<Observation> compareAll(boolean consequence) {
    var found = new TreeMap<ForwardingKey, Optional<ForwardingObject>>();
    for (var key : believed.keySet()) {
      found.put(key, Optional.empty());
    }
    for (var object : read()) {
      found.put(object.key(), Optional.of(object));
    }
    doubtful = false;
    return news(found, consequence);
  }

  private List<Observation> news(
      Map<ForwardingKey, Optional<ForwardingObject>> found, boolean consequence) {
    var news = new ArrayList<Observation>();
    found.forEach(
        (key, object) -> {
          if (!object.equals(Optional.ofNullable(believed.get(key)))) {
            news.add(new Observation(key, object, consequence));
            object
                .<KernelChange>map(KernelChange.Put::new)
                .or(() -> Optional.ofNullable(believed.get(key)).map(KernelChange.Remove::new))
                .ifPresent(this::believe);
          }
        });
    guard.flush();
    return news;
  }

  @Override
  public void close() throws LinuxException {
    shared.leave(groups.leave());
    guard.close();
    moved.close();
    filter.close();
    queries.close();
    quiet.close();
    settings.close();
    monitor.close();
    rtnetlink.close();
  }
}
