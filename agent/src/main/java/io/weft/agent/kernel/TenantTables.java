package io.weft.agent.kernel;

import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.KernelNotice;
import io.weft.linux.netlink.Neighbour;
import io.weft.linux.netlink.NetlinkMonitor;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kernel's tables in one tenant's namespace: a socket to write, a monitor to watch, and what we
 * believe to stand there. Notices come in the order of the changes, our own among them; only what
 * differs from the belief at the end is news. One thread owns it.
 */
final class TenantTables implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TenantTables.class);

  private final String namespace;
  private final Rtnetlink rtnetlink;
  private final NetlinkMonitor monitor;
  private final Translation translation;
  private final TreeMap<ForwardingKey, ForwardingObject> believed = new TreeMap<>();

  TenantTables(String namespace) {
    this.namespace = namespace;
    this.rtnetlink = Rtnetlink.openIn(namespace);
    this.monitor = NetlinkMonitor.openIn(namespace);
    this.translation = new Translation(namespace);
  }

  Rtnetlink rtnetlink() {
    return rtnetlink;
  }

  Translation translation() {
    return translation;
  }

  /** Reads everything anew; the belief is what was read. */
  Collection<ForwardingObject> dump() {
    monitor.drain();
    believed.clear();
    for (var object : read()) {
      believed.put(object.key(), object);
    }
    return List.copyOf(believed.values());
  }

  private List<ForwardingObject> read() {
    var objects = new ArrayList<ForwardingObject>();
    objects.add(new ForwardingObject.TenantNamespace(namespace));
    var links = rtnetlink.links();
    translation.replaceLinks(links);
    links.forEach(link -> translation.object(link).ifPresent(objects::add));
    rtnetlink.fdb().forEach(row -> translation.object(row).ifPresent(objects::add));
    rtnetlink.neighbours().forEach(row -> translation.object(row).ifPresent(objects::add));
    return objects;
  }

  void believe(KernelChange change) {
    switch (change) {
      case KernelChange.Put(var object) -> believed.put(object.key(), object.observable());
      case KernelChange.Remove(var object) -> believed.remove(object.key());
    }
  }

  /** The request that makes one row of a table so; empty while its device is missing. */
  Optional<Request> row(KernelChange change) {
    return switch (change) {
      case KernelChange.Put(var object) -> put(object);
      case KernelChange.Remove(var object) -> remove(object);
    };
  }

  private Optional<Request> put(ForwardingObject object) {
    return switch (object) {
      case ForwardingObject.FloodEntry flood -> fdb(flood).map(Request.AppendFdb::new);
      case ForwardingObject.NeighbourEntry neighbour ->
          neighbour(neighbour).map(Request.PutNeighbour::new);
      default -> fdb(object).map(Request.PutFdb::new);
    };
  }

  private Optional<Request> remove(ForwardingObject object) {
    return object instanceof ForwardingObject.NeighbourEntry neighbour
        ? neighbour(neighbour).map(Request.DeleteNeighbour::new)
        : fdb(object).map(Request.DeleteFdb::new);
  }

  private Optional<FdbEntry> fdb(ForwardingObject object) {
    return switch (object) {
      case ForwardingObject.VxlanFdbEntry entry ->
          device(Translation.vxlanName(entry.vni())).map(index -> Rows.vxlan(index, entry));
      case ForwardingObject.BridgeFdbEntry entry ->
          device(Translation.vxlanName(entry.vni())).map(index -> Rows.bridge(index, entry));
      case ForwardingObject.FloodEntry entry ->
          device(Translation.vxlanName(entry.vni())).map(index -> Rows.flood(index, entry));
      case ForwardingObject.LocalFdbEntry entry ->
          device(entry.port()).map(index -> FdbEntry.pinned(index, entry.mac()));
      case ForwardingObject.TenantNamespace _,
          ForwardingObject.Bridge _,
          ForwardingObject.VxlanPort _,
          ForwardingObject.EndpointPort _,
          ForwardingObject.NeighbourEntry _ ->
          throw new IllegalArgumentException(object + " is not a row of a forwarding database");
    };
  }

  private Optional<Neighbour> neighbour(ForwardingObject.NeighbourEntry entry) {
    return device(Translation.bridgeName(entry.vni()))
        .map(index -> Neighbour.remote(index, entry.ip(), entry.mac(), Rows.PROTOCOL));
  }

  private Optional<Integer> device(String name) {
    return translation.link(name).map(link -> link.index());
  }

  /** Reads one link again after it was changed. */
  void reread(String name) {
    var link = rtnetlink.link(name);
    var known = translation.link(name);
    known.ifPresent(old -> translation.remove(old.index()));
    link.ifPresent(translation::put);
  }

  /** What others have changed since the last call. */
  List<Observation> drain() {
    var notices = monitor.drain();
    if (notices.isEmpty()) {
      return List.of();
    }
    var touched = new TreeMap<ForwardingKey, Optional<ForwardingObject>>();
    boolean linksTouched = false;
    for (var notice : notices) {
      switch (notice) {
        case KernelNotice.Overrun() -> {
          LOG.warn("{}: the kernel dropped notices; reading all tables again", namespace);
          return compareAll();
        }
        case KernelNotice.FdbChanged(var row, boolean gone) ->
            translation
                .object(row)
                .ifPresent(o -> touched.put(o.key(), gone ? Optional.empty() : Optional.of(o)));
        case KernelNotice.NeighbourChanged(var row, boolean gone) -> note(touched, row, gone);
        case KernelNotice.LinkChanged _,
            KernelNotice.LinkGone _,
            KernelNotice.BridgePortChanged _ ->
            linksTouched = true;
        case KernelNotice.AddressChanged _, KernelNotice.RouteChanged _ -> {}
      }
    }
    if (linksTouched && linksDiffer()) {
      return compareAll();
    }
    return news(touched);
  }

  /** An entry that lost its lasting state is gone for us, whatever the kernel keeps of it. */
  private void note(
      Map<ForwardingKey, Optional<ForwardingObject>> touched, Neighbour row, boolean gone) {
    translation
        .object(row)
        .ifPresent(o -> touched.put(o.key(), gone ? Optional.empty() : Optional.of(o)));
  }

  private boolean linksDiffer() {
    var links = rtnetlink.links();
    translation.replaceLinks(links);
    var standing = new TreeSet<ForwardingKey>();
    for (var link : links) {
      var object = translation.object(link);
      if (object.isPresent()) {
        standing.add(object.get().key());
        if (!object.get().equals(believed.get(object.get().key()))) {
          return true;
        }
      }
    }
    return believed.keySet().stream()
        .filter(key -> isLink(key.kind()))
        .anyMatch(key -> !standing.contains(key));
  }

  private static boolean isLink(ForwardingKey.Kind kind) {
    return kind == ForwardingKey.Kind.BRIDGE
        || kind == ForwardingKey.Kind.VXLAN
        || kind == ForwardingKey.Kind.PORT;
  }

  private List<Observation> compareAll() {
    var found = new TreeMap<ForwardingKey, Optional<ForwardingObject>>();
    for (var key : believed.keySet()) {
      found.put(key, Optional.empty());
    }
    for (var object : read()) {
      found.put(object.key(), Optional.of(object));
    }
    return news(found);
  }

  private List<Observation> news(Map<ForwardingKey, Optional<ForwardingObject>> found) {
    var news = new ArrayList<Observation>();
    found.forEach(
        (key, object) -> {
          if (!object.equals(Optional.ofNullable(believed.get(key)))) {
            news.add(new Observation(key, object));
            object.ifPresentOrElse(o -> believed.put(key, o), () -> believed.remove(key));
          }
        });
    return news;
  }

  @Override
  public void close() throws LinuxException {
    monitor.close();
    rtnetlink.close();
  }
}
