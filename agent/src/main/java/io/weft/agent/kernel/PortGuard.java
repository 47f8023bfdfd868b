package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.netlink.NetlinkSocket;
import io.weft.linux.nftables.ElementChange;
import io.weft.linux.nftables.ElementSet.Element;
import io.weft.net.IpPrefix;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.KernelChange;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Holds the {@link PortRules} of one tenant's namespace to what its endpoints are: element by
 * element as ports come and go. A kernel that cannot do it has its endpoints unguarded, but for
 * their MACs; that is reported. One thread owns it.
 */
final class PortGuard implements AutoCloseable {
  private final String namespace;
  private final NavigableMap<ForwardingKey, ForwardingObject> believed;
  private final PrefixesBehind behind;
  private final GuardTable table;

  /** Ports whose elements may have to change. */
  private final TreeSet<String> dirty = new TreeSet<>();

  private final StopCounters counters = new StopCounters();

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
    this.believed = believed;
    this.behind = new PrefixesBehind(namespace, believed);
    this.table =
        new GuardTable(
            namespace,
            inside,
            buffers,
            PortRules.table(),
            element -> PortElements.port(element.key()),
            "what endpoints send is not checked, which needs nftables for bridges in the kernel"
                + " (CONFIG_NF_TABLES_BRIDGE, CONFIG_NFT_LIMIT)");
  }

  String namespace() {
    return namespace;
  }

  /** Why endpoints of this namespace are not guarded; empty: they are. */
  Optional<String> problem() {
    return table.problem();
  }

  /** How often what somebody else had changed was mended. */
  long repairs() {
    return table.repairs();
  }

  // ---- what is to be guarded --------------------------------------------------------------

  /**
   * A port is about to come: guarded before its first frame. {@link #flush} takes it back when the
   * port has not come.
   */
  void expect(EndpointPort port) {
    dirty.add(port.port());
    table.write(Map.of(port.port(), elements(port)));
  }

  /**
   * Something comes or goes that a port's elements follow from, and is believed after this; {@link
   * #flush} carries it out.
   */
  void note(KernelChange change) {
    switch (change.key().kind()) {
      case PORT -> dirty.add(change.key().discriminator());
      case ENDPOINT_ROUTE, TENANT_ROUTE ->
          behind.note(change).forEach(port -> dirty.add(port.port()));
      case GATEWAY -> ports().forEach(port -> dirty.add(port.port()));
      default -> {} // the other kinds say nothing of who has which address
    }
  }

  /** Everything was read anew: what stands, though its port may have gone, and what shall. */
  void noteAll() {
    behind.noteAll();
    table.find();
    dirty.addAll(table.owners());
    table.counted(PortRules.STOPPED).forEach(each -> dirty.add(PortElements.port(each.key())));
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
    if (table.write(wanted)) {
      wanted.forEach(
          (port, elements) -> {
            if (elements.isEmpty()) {
              forget(port);
            }
          });
    }
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
    var others = new TreeSet<>(behind.hostsOfOthers(port));
    var formed = new TreeSet<IpPrefix>();
    for (var gateway : of(Kind.GATEWAY, ForwardingObject.GatewayAddress.class)) {
      var prefix = PrefixesBehind.link(gateway);
      others.add(prefix);
      if (gateway.vni().equals(port.vni())) {
        formed.add(prefix);
      }
    }
    return PortElements.of(port, behind.of(port), others, formed);
  }

  /** Mends what somebody else changed since the last look, and tries again what failed. */
  void check() {
    if (table.check()) {
      noteAll();
    }
    flush();
  }

  // ---- what was stopped -------------------------------------------------------------------

  /** What was stopped at each port since it stands. */
  Map<String, EnumMap<StopReason, Long>> stopped() {
    return counters.read(table.counted(PortRules.STOPPED), table.made());
  }

  /** The counters of a port that has gone: another endpoint may get its name. */
  private void forget(String port) {
    counters.forget(port);
    table.forget(
        PortRules.STOPPED,
        table.counted(PortRules.STOPPED).stream().filter(counter -> isOf(port, counter)).toList());
  }

  private static boolean isOf(String port, Element counter) {
    return PortElements.port(counter.key()).equals(port);
  }

  /** The name of the endpoint whose port it is. */
  Optional<String> endpoint(String port) {
    return believed.get(new ForwardingKey(Kind.PORT, namespace, 0, port))
            instanceof EndpointPort found
        ? Optional.of(found.endpoint())
        : Optional.empty();
  }

  @Override
  public void close() {
    table.close();
  }
}
