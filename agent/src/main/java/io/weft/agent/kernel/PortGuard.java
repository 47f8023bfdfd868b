package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.NetlinkSocket;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.ElementChange;
import io.weft.linux.nftables.ElementSet;
import io.weft.linux.nftables.ElementSet.Content;
import io.weft.linux.nftables.ElementSet.Element;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.Table;
import io.weft.net.IpPrefix;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.KernelChange;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the {@link PortRules} of one tenant's namespace to what its endpoints are: element by
 * element as ports come and go, and as a whole where somebody else changed them. A kernel that
 * cannot do it has its endpoints unguarded, but for their MACs; that is reported. One thread owns
 * it.
 */
final class PortGuard implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PortGuard.class);
  private static final Table WANTED = PortRules.table();

  /** The sets that are ours alone to fill. */
  private static final List<ElementSet> KEPT =
      List.of(
          PortRules.PORTS,
          PortRules.LIMITS,
          PortRules.MACS,
          PortRules.IPV4,
          PortRules.IPV6,
          PortRules.BEHIND_IPV4,
          PortRules.BEHIND_IPV6);

  private final String namespace;
  private final Descriptor inside;
  private final NetlinkSocket.Buffers buffers;
  private final NavigableMap<ForwardingKey, ForwardingObject> believed;

  /** What stands in the sets, by port. */
  private final TreeMap<String, Set<ElementChange>> standing = new TreeMap<>();

  /** Ports whose elements may have to change. */
  private final TreeSet<String> dirty = new TreeSet<>();

  private final StopCounters counters = new StopCounters();
  private Optional<Nftables> nftables = Optional.empty();
  private Optional<String> problem = Optional.empty();
  private boolean stands;

  /** The kernel cannot: tried again only when there is something to write. */
  private boolean unable;

  private int generation;
  private long repairs;

  /**
   * @param inside the namespace, open
   * @param buffers shared by all guards of one thread
   * @param believed what stands in the namespace, kept up to date by its owner
   */
  PortGuard(
      String namespace,
      Descriptor inside,
      NetlinkSocket.Buffers buffers,
      NavigableMap<ForwardingKey, ForwardingObject> believed) {
    this.namespace = namespace;
    this.inside = inside;
    this.buffers = buffers;
    this.believed = believed;
  }

  /** Why endpoints of this namespace are not guarded; empty: they are. */
  Optional<String> problem() {
    return problem;
  }

  /** How often what somebody else had changed was mended. */
  long repairs() {
    return repairs;
  }

  // ---- what is to be guarded --------------------------------------------------------------

  /** A port is about to come: guarded before its first frame. */
  void expect(EndpointPort port) {
    write(Map.of(port.port(), elements(port)));
  }

  /**
   * Something comes or goes that a port's elements follow from, and is believed after this; {@link
   * #flush} carries it out.
   */
  void note(KernelChange change) {
    switch (change.key().kind()) {
      case PORT -> dirty.add(change.key().discriminator());
      case ENDPOINT_ROUTE -> {
        noteHops(believed.get(change.key()));
        if (change instanceof KernelChange.Put(var object)) {
          noteHops(object);
        }
      }
      case GATEWAY -> ports().forEach(port -> dirty.add(port.port()));
      default -> {} // the other kinds say nothing of who has which address
    }
  }

  private void noteHops(@Nullable ForwardingObject object) {
    if (object instanceof ForwardingObject.EndpointRoute route) {
      ports().stream().filter(port -> leadsTo(route, port)).forEach(p -> dirty.add(p.port()));
    }
  }

  /** Everything was read anew. */
  void noteAll() {
    dirty.addAll(standing.keySet());
    ports().forEach(port -> dirty.add(port.port()));
  }

  /** Writes what follows from the notes. */
  void flush() {
    if (dirty.isEmpty()) {
      return;
    }
    var wanted = new TreeMap<String, Set<ElementChange>>();
    for (var name : dirty) {
      var port = believed.get(new ForwardingKey(Kind.PORT, namespace, 0, name));
      wanted.put(name, port instanceof EndpointPort found ? elements(found) : Set.of());
    }
    dirty.clear();
    write(wanted);
  }

  private List<EndpointPort> ports() {
    return of(Kind.PORT, EndpointPort.class);
  }

  private <T extends ForwardingObject> List<T> of(Kind kind, Class<T> type) {
    var first = new ForwardingKey(kind, namespace, 0, "");
    var end = new ForwardingKey(kind, namespace, Integer.MAX_VALUE, "");
    return believed.subMap(first, end).values().stream().map(type::cast).toList();
  }

  private Set<ElementChange> elements(EndpointPort port) {
    var behind = new TreeSet<IpPrefix>();
    for (var route : of(Kind.ENDPOINT_ROUTE, ForwardingObject.EndpointRoute.class)) {
      if (leadsTo(route, port)) {
        behind.add(route.prefix());
      }
    }
    var links = new TreeSet<IpPrefix>();
    var formed = new TreeSet<IpPrefix>();
    for (var gateway : of(Kind.GATEWAY, ForwardingObject.GatewayAddress.class)) {
      int length = gateway.prefixLength();
      var prefix = new IpPrefix(gateway.address().masked(length), length);
      links.add(prefix);
      if (gateway.vni().equals(port.vni())) {
        formed.add(prefix);
      }
    }
    return PortElements.of(port, behind, links, formed);
  }

  private static boolean leadsTo(ForwardingObject.EndpointRoute route, EndpointPort port) {
    Vni vni = port.vni();
    return route.hops().stream()
        .anyMatch(hop -> hop.vni().equals(vni) && port.addresses().contains(hop.via()));
  }

  // ---- writing ----------------------------------------------------------------------------

  private void write(Map<String, Set<ElementChange>> wanted) {
    try {
      attempt(wanted);
    } catch (LinuxException e) {
      stands = false; // what stands is not what we think: it is read anew
      try {
        attempt(wanted);
      } catch (LinuxException again) {
        fail(again);
      }
    }
  }

  private void attempt(Map<String, Set<ElementChange>> wanted) {
    boolean known = stands;
    if (!known && wanted.values().stream().anyMatch(elements -> !elements.isEmpty())) {
      adopt();
    }
    var changes = new ArrayList<ElementChange>();
    wanted.forEach((port, elements) -> changes.addAll(difference(port, elements)));
    if (!changes.isEmpty()) {
      nftables().change(Table.Family.BRIDGE, PortRules.TABLE, changes);
      generation++;
      wanted.forEach(this::stand);
    }
    problem = Optional.empty();
    unable = false;
  }

  private void stand(String port, Set<ElementChange> elements) {
    if (elements.isEmpty()) {
      standing.remove(port);
      forget(port);
    } else {
      standing.put(port, elements);
    }
  }

  private List<ElementChange> difference(String port, Set<ElementChange> wanted) {
    var before = standing.getOrDefault(port, Set.of());
    var changes = new ArrayList<ElementChange>();
    for (var element : before) {
      if (!wanted.contains(element)) {
        changes.addFirst(new ElementChange(element.set(), false, element.element()));
      }
    }
    wanted.stream().filter(element -> !before.contains(element)).forEach(changes::add);
    return changes;
  }

  /** Makes the table where it does not stand as it shall, and reads what is in it. */
  private void adopt() {
    var table = nftables().table(Table.Family.BRIDGE, PortRules.TABLE);
    if (!table.equals(Optional.of(WANTED))) {
      nftables().replace(WANTED);
    }
    stands = true;
    readSets();
    generation = nftables().generation();
  }

  private void readSets() {
    standing.clear();
    for (var set : KEPT) {
      for (var element : nftables().elements(Table.Family.BRIDGE, PortRules.TABLE, set)) {
        standing
            .computeIfAbsent(PortElements.port(element.key()), _ -> new LinkedHashSet<>())
            .add(new ElementChange(set.name(), true, element));
      }
    }
  }

  private void fail(LinuxException e) {
    stands = false; // and all is read anew at the next try
    noteAll();
    unable = e.errno().equals(Errno.EOPNOTSUPP) || e.errno().equals(Errno.ENOENT);
    var text =
        unable
            ? "source addresses of endpoints are not checked: the kernel needs nftables for bridges"
                + " (CONFIG_NF_TABLES_BRIDGE, CONFIG_NFT_LIMIT): "
                + e.getMessage()
            : "source addresses of endpoints are not checked: " + e.getMessage();
    if (!Optional.of(text).equals(problem)) {
      LOG.warn("network namespace {}: {}", namespace, text);
    }
    problem = Optional.of(text);
  }

  // ---- what others do ---------------------------------------------------------------------

  /** Mends what somebody else changed since the last look, and tries again what failed. */
  void check() {
    if (unable || standing.isEmpty() && dirty.isEmpty()) {
      return;
    }
    try {
      if (stands && nftables().generation() != generation) {
        compare();
      }
    } catch (LinuxException e) {
      fail(e);
    }
    flush();
  }

  private void compare() {
    int now = nftables().generation();
    boolean whole =
        nftables().table(Table.Family.BRIDGE, PortRules.TABLE).equals(Optional.of(WANTED));
    if (!whole) {
      counters.restart();
      nftables().replace(WANTED);
      now = nftables().generation();
    }
    var expected = new TreeMap<>(standing);
    readSets();
    generation = now;
    if (!whole || !expected.equals(standing)) {
      repairs++;
      LOG.warn(
          "network namespace {}: somebody changed nftables table bridge {}; mended",
          namespace,
          PortRules.TABLE);
      noteAll();
      dirty.addAll(expected.keySet());
    }
  }

  // ---- what was stopped -------------------------------------------------------------------

  /** What was stopped at each port since it stands. */
  Map<String, EnumMap<StopReason, Long>> stopped() {
    if (stands) {
      try {
        counters.read(elementsOfStopped());
      } catch (LinuxException e) {
        fail(e);
      }
    }
    return counters.all();
  }

  private List<Element> elementsOfStopped() {
    return nftables().elements(Table.Family.BRIDGE, PortRules.TABLE, PortRules.STOPPED);
  }

  /** The counters of a port that has gone: another endpoint may get its name. */
  private void forget(String port) {
    counters.forget(port);
    var gone = new ArrayList<ElementChange>();
    for (var element : elementsOfStopped()) {
      if (PortElements.port(element.key()).equals(port)) {
        gone.add(new ElementChange(PortRules.STOPPED.name(), false, bare(element)));
      }
    }
    if (!gone.isEmpty()) {
      nftables().change(Table.Family.BRIDGE, PortRules.TABLE, gone);
      generation++;
    }
  }

  private static Element bare(Element element) {
    return new Element(element.key(), new Content.Nothing());
  }

  private Nftables nftables() {
    if (nftables.isEmpty()) {
      nftables = Optional.of(NetworkNamespaces.callIn(inside, () -> Nftables.open(buffers)));
    }
    return nftables.get();
  }

  @Override
  public void close() {
    nftables.ifPresent(Nftables::close);
    nftables = Optional.empty();
    stands = false;
  }
}
