package io.weft.agent.kernel;

import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.Failure;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpPrefix;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All that Weft owns in this kernel: the tenants' namespaces and what is in them. Applies changes
 * in the order given, rows of tables in bulk, and gives each refusal with the kernel's own words.
 * One thread owns it.
 */
final class KernelTables implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(KernelTables.class);

  private final String prefix;
  private final Rtnetlink host;
  private final TreeMap<String, TenantTables> tenants = new TreeMap<>();

  /** Owns the namespaces whose names begin with {@code prefix}. */
  KernelTables(String prefix) {
    this.prefix = prefix;
    this.host = Rtnetlink.open();
  }

  /** Reads everything anew. */
  List<ForwardingObject> dump() {
    var objects = new ArrayList<ForwardingObject>();
    for (var name : NetworkNamespaces.list()) {
      if (name.startsWith(prefix)) {
        objects.addAll(tenants.computeIfAbsent(name, TenantTables::new).dump());
      }
    }
    return objects;
  }

  /** Works through the changes; what is not in the answer took effect. */
  List<Refusal> apply(List<KernelChange> changes) {
    var refusals = new ArrayList<Refusal>();
    int next = 0;
    while (next < changes.size()) {
      var change = changes.get(next);
      if (isRow(change.key())) {
        int end = next;
        while (end < changes.size() && sameBulk(change.key(), changes.get(end).key())) {
          end++;
        }
        applyRows(changes.subList(next, end), refusals);
        next = end;
      } else {
        applyDevice(change, refusals);
        next++;
      }
    }
    return refusals;
  }

  private static boolean isRow(ForwardingKey key) {
    return switch (key.kind()) {
      case NAMESPACE, BRIDGE, VXLAN, PORT -> false;
      case LOCAL_FDB, VXLAN_FDB, BRIDGE_FDB, FLOOD, NEIGHBOUR -> true;
    };
  }

  private static boolean sameBulk(ForwardingKey first, ForwardingKey other) {
    return isRow(other) && first.namespace().equals(other.namespace());
  }

  private void applyRows(List<KernelChange> changes, List<Refusal> refusals) {
    var tables = tenants.get(changes.getFirst().key().namespace());
    var asked = new ArrayList<KernelChange>();
    var requests = new ArrayList<Request>();
    for (var change : changes) {
      var request = tables == null ? Optional.<Request>empty() : tables.row(change);
      if (request.isPresent()) {
        asked.add(change);
        requests.add(request.get());
      } else if (change instanceof KernelChange.Put) {
        refusals.add(new Refusal(change.key(), "its device does not stand (yet)"));
      } else if (tables != null) {
        tables.believe(change);
      }
    }
    if (tables == null) {
      return;
    }
    var outcomes = tables.rtnetlink().execute(requests);
    for (int i = 0; i < asked.size(); i++) {
      var change = asked.get(i);
      var failure = outcomes.get(i);
      if (failure.isEmpty() || isFine(change, failure.get())) {
        tables.believe(change);
      } else {
        refusals.add(new Refusal(change.key(), failure.get().toString()));
      }
    }
  }

  /** What was to go is not there, or what was to come is there already. */
  private static boolean isFine(KernelChange change, Failure failure) {
    return switch (change) {
      case KernelChange.Put _ -> failure.alreadyThere();
      case KernelChange.Remove _ -> failure.notThere();
    };
  }

  private void applyDevice(KernelChange change, List<Refusal> refusals) {
    try {
      switch (change) {
        case KernelChange.Put(var object) -> putDevice(object);
        case KernelChange.Remove(var object) -> removeDevice(object);
      }
      var tables = tenants.get(change.key().namespace());
      if (tables != null) {
        tables.believe(change);
      }
    } catch (LinuxException | IllegalArgumentException e) {
      refusals.add(new Refusal(change.key(), String.valueOf(e.getMessage())));
    }
  }

  private void putDevice(ForwardingObject object) {
    switch (object) {
      case ForwardingObject.TenantNamespace namespace -> open(namespace.namespace());
      case ForwardingObject.Bridge bridge -> devices(bridge).put(bridge);
      case ForwardingObject.VxlanPort port -> devices(port).put(port, port.namespace());
      case ForwardingObject.EndpointPort port -> devices(port).put(port);
      case ForwardingObject.LocalFdbEntry _,
          ForwardingObject.VxlanFdbEntry _,
          ForwardingObject.BridgeFdbEntry _,
          ForwardingObject.FloodEntry _,
          ForwardingObject.NeighbourEntry _ ->
          throw new IllegalStateException("a row is not a device: " + object);
    }
  }

  private void removeDevice(ForwardingObject object) {
    switch (object) {
      case ForwardingObject.TenantNamespace namespace -> delete(namespace.namespace());
      case ForwardingObject.Bridge bridge ->
          devices(bridge).remove(Translation.bridgeName(bridge.vni()));
      case ForwardingObject.VxlanPort port ->
          devices(port).remove(Translation.vxlanName(port.vni()));
      case ForwardingObject.EndpointPort port -> devices(port).remove(port.port());
      case ForwardingObject.LocalFdbEntry _,
          ForwardingObject.VxlanFdbEntry _,
          ForwardingObject.BridgeFdbEntry _,
          ForwardingObject.FloodEntry _,
          ForwardingObject.NeighbourEntry _ ->
          throw new IllegalStateException("a row is not a device: " + object);
    }
  }

  private Devices devices(ForwardingObject object) {
    var tables = tenants.get(object.namespace());
    if (tables == null) {
      throw new IllegalArgumentException(
          "network namespace " + object.namespace() + " does not stand (yet)");
    }
    return new Devices(host, tables);
  }

  /** Made if missing; it ends in unreachable routes, so that no packet finds a way by chance. */
  private void open(String name) {
    if (!NetworkNamespaces.exists(name)) {
      NetworkNamespaces.create(name);
    }
    if (!tenants.containsKey(name)) {
      var tables = new TenantTables(name);
      tenants.put(name, tables);
      tables.dump();
      for (var everywhere : List.of("0.0.0.0/0", "::/0")) {
        tables
            .rtnetlink()
            .execute(new Request.ReplaceRoute(Route.unreachable(IpPrefix.parse(everywhere))));
      }
    }
  }

  private void delete(String name) {
    var tables = tenants.remove(name);
    if (tables != null) {
      tables.close();
    }
    NetworkNamespaces.deleteIfExists(name);
  }

  /** What others have changed since the last call, in all namespaces. */
  List<Observation> drain() {
    var news = new ArrayList<Observation>();
    for (var tables : tenants.values()) {
      try {
        news.addAll(tables.drain());
      } catch (LinuxException e) {
        LOG.warn("cannot watch the kernel: {}", e.getMessage());
      }
    }
    return news;
  }

  @Override
  public void close() {
    tenants.values().forEach(TenantTables::close);
    host.close();
  }
}
