package io.weft.agent.kernel;

import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.Failure;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.MountChanges;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.overlay.forwarding.EgressObject;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.MovedMac;
import io.weft.overlay.forwarding.NodeLink;
import io.weft.overlay.forwarding.UnknownUnicast;
import io.weft.overlay.node.NodeEvent;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All that Weft owns in this kernel: the tenants' namespaces and what is in them, and routes of the
 * underlay where BGP is to give them. Applies changes in the order given, rows of tables in bulk,
 * and gives each refusal with the kernel's own words. One thread owns it.
 */
final class KernelTables implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(KernelTables.class);

  private final String prefix;
  private final Rtnetlink host;
  private final boolean routesByLinks;
  private final EgressPorts egress;
  private final TapPorts taps;
  private final VtepGuard vteps;
  private Optional<UnderlayRoutes> underlay = Optional.empty();
  private OtherNodes nodes = OtherNodes.NONE;
  private final KeptSources sources = new KeptSources();
  private final Shared shared = new Shared();
  private final MountChanges mounts = new MountChanges();
  private final TreeMap<String, TenantTables> tenants = new TreeMap<>();
  private final Troubles troubles = new Troubles();

  /** Owns the namespaces whose names begin with {@code prefix} and that it has marked. */
  KernelTables(String prefix) {
    this(prefix, Ipv6Forwarding.isByLinks());
  }

  /**
   * For tests of what is done on older kernels.
   *
   * @param routesByLinks the kernel routes IPv6 by single links
   */
  KernelTables(String prefix, boolean routesByLinks) {
    this.prefix = prefix;
    this.routesByLinks = routesByLinks;
    this.host = Rtnetlink.open();
    this.egress = new EgressPorts(prefix, host, shared.budget());
    this.taps = new TapPorts(host);
    this.vteps =
        new VtepGuard(EgressPorts.tableName(prefix) + "-vteps", host.namespace(), shared.buffers());
  }

  /**
   * From now on routes of the underlay are kept too; until then those of another BGP daemon are
   * left alone, which marks them as we do.
   */
  void keepUnderlayRoutes() {
    if (underlay.isEmpty()) {
      underlay = Optional.of(new UnderlayRoutes());
    }
  }

  /** Reads everything anew. A namespace that cannot be read counts as missing. */
  List<ForwardingObject> dump() {
    NodeLinks.recover(host);
    var objects = new ArrayList<ForwardingObject>();
    underlay.ifPresent(routes -> objects.addAll(routes.dump()));
    objects.addAll(egress.dump());
    objects.addAll(taps.dump());
    for (var name : NetworkNamespaces.list()) {
      if (name.startsWith(prefix)) {
        try {
          objects.addAll(dump(name));
        } catch (LinuxException e) {
          LOG.warn("network namespace {} cannot be read: {}", name, e.getMessage());
        }
      }
    }
    sweepVteps();
    return objects;
  }

  private Collection<ForwardingObject> dump(String name) {
    var known = tenants.get(name);
    if (known != null) {
      return known.dump();
    }
    var tables = new TenantTables(name, routesByLinks, shared);
    try {
      if (!tables.claim().isMarked(prefix)) {
        LOG.info("network namespace {} is not ours and is left alone", name);
        tables.close();
        return List.of();
      }
      tables.claim().put(prefix);
      tables.claim().endUnnamedPorts();
      var objects = tables.dump();
      tenants.put(name, tables);
      return objects;
    } catch (RuntimeException e) {
      tables.close();
      throw e;
    }
  }

  /** Works through the changes; what is not in the answer took effect. */
  List<Refusal> apply(List<KernelChange> changes) {
    var refusals = new ArrayList<Refusal>();
    vteps.expect(changes);
    egress.know(vteps, nodes, sources.picture());
    MovedMacs.expect(changes, tenants);
    int next = 0;
    while (next < changes.size()) {
      var change = changes.get(next);
      if (RowRequests.isRow(change.key())) {
        int end = next;
        while (end < changes.size() && sameBulk(change.key(), changes.get(end).key())) {
          end++;
        }
        if (change.key().kind() == ForwardingKey.Kind.UNDERLAY_ROUTE) {
          applyRoutes(changes.subList(next, end), refusals);
        } else {
          applyRows(changes.subList(next, end), refusals);
        }
        next = end;
      } else {
        applyDevice(change, refusals);
        next++;
      }
    }
    tenants.values().forEach(tables -> tables.guard().flush());
    sources.suspect(changes);
    return refusals;
  }

  private static boolean sameBulk(ForwardingKey first, ForwardingKey other) {
    return RowRequests.isRow(other) && first.namespace().equals(other.namespace());
  }

  /** They are wanted only where a peer speaks a unicast family, which is told before. */
  private void applyRoutes(List<KernelChange> changes, List<Refusal> refusals) {
    keepUnderlayRoutes();
    underlay.ifPresent(routes -> routes.apply(changes, refusals));
  }

  private void applyRows(List<KernelChange> changes, List<Refusal> refusals) {
    var tables = tenants.get(changes.getFirst().key().namespace());
    if (tables == null) {
      for (var change : changes) {
        if (change instanceof KernelChange.Put) {
          refusals.add(new Refusal(change.key(), "its network namespace does not stand (yet)"));
        }
      }
      return;
    }
    var asked = new ArrayList<KernelChange>();
    var requests = new ArrayList<Request>();
    for (var change : changes) {
      var needed = tables.row(change);
      for (var request : needed) {
        asked.add(change);
        requests.add(request);
      }
      if (needed.isEmpty() && change instanceof KernelChange.Put) {
        refusals.add(new Refusal(change.key(), "its device does not stand (yet)"));
      } else if (needed.isEmpty()) {
        tables.believe(change);
      }
    }
    try {
      judge(tables, asked, requests, tables.rtnetlink().execute(requests), refusals);
    } catch (LinuxException e) {
      // The socket failed, not a request: which of them took effect is unknown.
      tables.doubt();
      asked.stream()
          .map(KernelChange::key)
          .distinct()
          .forEach(key -> refusals.add(new Refusal(key, String.valueOf(e.getMessage()))));
    }
  }

  private static void judge(
      TenantTables tables,
      List<KernelChange> asked,
      List<Request> requests,
      List<Optional<Failure>> outcomes,
      List<Refusal> refusals) {
    for (int i = 0; i < asked.size(); i++) {
      var change = asked.get(i);
      var failure = outcomes.get(i);
      if (failure.isEmpty() || RowRequests.isFine(requests.get(i), failure.get())) {
        tables.believe(change);
      } else {
        refusals.add(new Refusal(change.key(), failure.get().toString()));
        tables.doubt();
      }
    }
  }

  private void applyDevice(KernelChange change, List<Refusal> refusals) {
    try {
      switch (change) {
        case KernelChange.Put(ForwardingObject.TapPort tap) -> taps.put(tap);
        case KernelChange.Remove(ForwardingObject.TapPort(var tap, var port, _)) ->
            taps.remove(tap, port);
        case KernelChange.Put(var object) when object.namespace().isEmpty() -> egress.put(object);
        case KernelChange.Put(var object) -> putDevice(object);
        case KernelChange.Remove(var object) when object.namespace().isEmpty() ->
            egress.remove(object);
        case KernelChange.Remove(var object) -> removeDevice(object);
      }
      var tables = tenants.get(change.key().namespace());
      if (tables != null) {
        tables.believe(change);
      }
    } catch (LinuxException | IllegalArgumentException e) {
      refusals.add(new Refusal(change.key(), String.valueOf(e.getMessage())));
      egress.doubt();
      taps.doubt();
      var tables = tenants.get(change.key().namespace());
      if (tables != null) {
        tables.doubt();
      }
    }
  }

  private void putDevice(ForwardingObject object) {
    switch (object) {
      case ForwardingObject.TenantNamespace namespace -> open(namespace.namespace());
      case ForwardingObject.Bridge bridge -> devices(bridge).put(bridge);
      case ForwardingObject.Ipv6Routing routing -> devices(routing).put(routing);
      case ForwardingObject.VxlanPort port -> devices(port).put(port);
      case ForwardingObject.SendingPort port -> devices(port).put(port);
      case ForwardingObject.EndpointPort port -> {
        var devices = devices(port);
        devices.tables().guard().expect(port);
        PortMove.fetch(port, tenants);
        devices.put(port);
      }
      case MovedMac moved -> devices(moved).tables().moved().put(moved);
      case EgressObject.EgressFilter filter -> devices(filter).tables().filter().put(filter);
      case EgressObject.EgressLink link -> putEgress(link);
      case EgressObject.EgressAddress address -> devices(address).put(address);
      case EgressObject.EgressPort _,
          ForwardingObject.TapPort _,
          EgressObject.EgressRoute _,
          EgressObject.DeadEnd _,
          ForwardingObject.EndpointRoute _,
          ForwardingObject.UnderlayRoute _,
          ForwardingObject.GatewayAddress _,
          ForwardingObject.TenantRoute _,
          ForwardingObject.LocalFdbEntry _,
          ForwardingObject.VxlanFdbEntry _,
          ForwardingObject.BridgeFdbEntry _,
          ForwardingObject.FloodEntry _,
          UnknownUnicast _,
          ForwardingObject.MulticastEntry _,
          ForwardingObject.SendingFdbEntry _,
          ForwardingObject.SendingNeighbour _,
          ForwardingObject.TransitGuard _,
          ForwardingObject.NeighbourEntry _ ->
          throw new IllegalStateException("a row is not a device: " + object);
    }
  }

  private void removeDevice(ForwardingObject object) {
    if (!tenants.containsKey(object.namespace())) {
      return; // it went with its namespace
    }
    switch (object) {
      case ForwardingObject.TenantNamespace namespace -> delete(namespace.namespace());
      case ForwardingObject.Bridge bridge ->
          devices(bridge).remove(DeviceNames.bridge(bridge.vni()));
      case ForwardingObject.Ipv6Routing routing -> devices(routing).remove(routing);
      case ForwardingObject.VxlanPort port ->
          devices(port).remove(devices(port).tables().device(port));
      case ForwardingObject.SendingPort port ->
          devices(port).remove(DeviceNames.sendingPort(port.vni(), port.second()));
      case ForwardingObject.EndpointPort port -> {
        devices(port).remove(port.port());
        if (port.link().orElse(null) instanceof NodeLink.Tap(var tap)) {
          taps.remove(tap, port.port());
        }
      }
      case MovedMac moved -> devices(moved).tables().moved().remove(moved);
      case EgressObject.EgressFilter filter -> devices(filter).tables().filter().remove();
      case EgressObject.EgressLink link -> devices(link).remove(EgressObject.EgressLink.NAME);
      case EgressObject.EgressAddress address -> devices(address).remove(address);
      case EgressObject.EgressPort _,
          ForwardingObject.TapPort _,
          EgressObject.EgressRoute _,
          EgressObject.DeadEnd _,
          ForwardingObject.EndpointRoute _,
          ForwardingObject.UnderlayRoute _,
          ForwardingObject.GatewayAddress _,
          ForwardingObject.TenantRoute _,
          ForwardingObject.LocalFdbEntry _,
          ForwardingObject.VxlanFdbEntry _,
          ForwardingObject.BridgeFdbEntry _,
          ForwardingObject.FloodEntry _,
          UnknownUnicast _,
          ForwardingObject.MulticastEntry _,
          ForwardingObject.SendingFdbEntry _,
          ForwardingObject.SendingNeighbour _,
          ForwardingObject.TransitGuard _,
          ForwardingObject.NeighbourEntry _ ->
          throw new IllegalStateException("a row is not a device: " + object);
    }
  }

  /** Without its filters a link would be a hole. */
  private void putEgress(EgressObject.EgressLink link) {
    var devices = devices(link);
    if (!egress.isFiltered() || !devices.tables().isFiltered()) {
      throw new IllegalArgumentException("its packet filter does not stand (yet)");
    }
    devices.put(link);
  }

  private Devices devices(ForwardingObject object) {
    var tables = tenants.get(object.namespace());
    if (tables == null) {
      throw new IllegalArgumentException(
          "network namespace " + object.namespace() + " does not stand (yet)");
    }
    return new Devices(host, tables);
  }

  /** Made if missing; one that stands under the name becomes ours. */
  private void open(String name) {
    var known = tenants.get(name);
    if (known != null) {
      known.claim().put(prefix);
      return;
    }
    if (!NetworkNamespaces.exists(name)) {
      NetworkNamespaces.create(name);
    }
    var tables = tables(name);
    try {
      tables.claim().put(prefix);
      tables.dump();
      tenants.put(name, tables);
    } catch (RuntimeException e) {
      tables.close();
      throw e;
    }
  }

  private TenantTables tables(String name) {
    try {
      return new TenantTables(name, routesByLinks, shared);
    } catch (LinuxException e) {
      if (!e.errno().equals(Errno.EINVAL)) {
        throw e;
      }
      // A name without a namespace behind it, as a crash or the restart of a container leaves it.
      LOG.warn("network namespace {} was only a name; it is made anew", name);
      NetworkNamespaces.deleteIfExists(name);
      NetworkNamespaces.create(name);
      return new TenantTables(name, routesByLinks, shared);
    }
  }

  /** Not while a link of the node is in it: the kernel would delete it, or rename it. */
  private void delete(String name) {
    var tables = tenants.get(name);
    if (tables != null) {
      if (tables.holdsNodeLink()) {
        throw new IllegalArgumentException("a link of the node is still in it");
      }
      List.copyOf(tables.believed()).stream()
          .filter(DeviceNames::isHeldOutside)
          .forEach(this::removeDevice);
      tenants.remove(name);
      tables.close();
    }
    NetworkNamespaces.deleteIfExists(name);
  }

  /** What others have changed since the last call, in all namespaces. */
  List<Observation> drain(boolean quiet) {
    var news = new ArrayList<Observation>();
    underlay.ifPresent(routes -> news.addAll(watched("routes", routes::drain, routes::doubt)));
    news.addAll(watched("ways out", egress::drain, egress::doubt));
    news.addAll(watched("taps", taps::drain, taps::doubt));
    var told = shared.told();
    tenants.forEach(
        (name, tables) -> {
          try {
            if (tables.isWaiting(told)) {
              news.addAll(tables.drain(quiet));
            }
            troubles.over(name);
          } catch (LinuxException e) {
            tables.doubt();
            troubles.say(name, "cannot be watched: " + e.getMessage());
          }
        });
    return news;
  }

  /** Who has joined which multicast groups, where that has changed since the last call. */
  List<NodeEvent.GroupsSeen> groups() {
    var news = new ArrayList<>(shared.takeLeft());
    tenants.values().forEach(tables -> news.addAll(tables.groups()));
    return news;
  }

  /** Of a part of the underlay's namespace; what fails now is tried again. */
  private List<Observation> watched(String part, Supplier<List<Observation>> look, Runnable doubt) {
    var name = "of the underlay, " + part + ",";
    try {
      var news = look.get();
      troubles.over(name);
      return news;
    } catch (LinuxException e) {
      doubt.run();
      troubles.say(name, "cannot be watched: " + e.getMessage());
      return List.of();
    }
  }

  /** What no notice tells of, to be called once a second: names of namespaces, files. */
  List<Observation> lookAround() {
    var news = new ArrayList<>(watched("links of ways out", egress::lookAround, egress::doubt));
    if (mounts.happened()) {
      tenants.values().forEach(tables -> tables.claim().suspectName());
    }
    tenants.forEach(
        (name, tables) -> {
          try {
            news.addAll(tables.lookAround());
          } catch (LinuxException e) {
            troubles.say(name, "cannot be looked at: " + e.getMessage());
          }
        });
    vteps.check();
    return news;
  }

  /** Whose VXLAN packets are let in follows from all that stands, and whose source is kept. */
  void sweepVteps() {
    vteps.sweep(System.nanoTime(), tenants.values().stream().map(TenantTables::believed).toList());
    sources.look(tenants, TenantTables::believed, egress.believed());
    egress.know(vteps, nodes, sources.picture());
  }

  /** From now on other nodes are known by these addresses too. */
  void know(OtherNodes others) {
    nodes = others;
    sources.lookIfStale(tenants, TenantTables::believed, egress.believed());
    egress.know(vteps, nodes, sources.picture());
  }

  /** What is not in a tenant's namespace and no object of the plan goes too. */
  void removeGuards() {
    vteps.remove();
  }

  /** What the packet filters have stopped. */
  GuardView guards() {
    return Guards.read(tenants.values(), vteps, egress.stopped());
  }

  @Override
  public void close() {
    tenants.values().forEach(TenantTables::close);
    underlay.ifPresent(UnderlayRoutes::close);
    egress.close();
    taps.close();
    vteps.close();
    host.close();
    mounts.close();
    shared.close();
  }
}
