package io.weft.agent.kernel;

import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.MdbEntry;
import io.weft.net.IpAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.MulticastChannel;
import io.weft.overlay.forwarding.Segment;
import io.weft.overlay.node.NodeEvent.GroupsSeen;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The multicast databases of one tenant's namespace: which endpoints' ports have joined which
 * group, as its bridges hear it, and the rows of its vxlan devices as objects. What bridges hear
 * over the fabric does not count: those nodes say so themselves.
 */
final class JoinedGroups {
  /** Other nodes hear of each change: a host that joins and leaves makes no more than one. */
  static final long BETWEEN_NANOS = 1_000_000_000L;

  private final String namespace;
  private final TenantLinks links;

  /** Rows of bridges, which come and go one by one: a port may have one for each source. */
  private final TreeMap<Integer, TreeMap<IpAddress, List<MdbEntry>>> byBridge = new TreeMap<>();

  private final TreeMap<Vni, SortedMap<MulticastChannel, SortedSet<String>>> told = new TreeMap<>();
  private boolean touched;
  private OptionalLong toldAt = OptionalLong.empty();

  /** {@code links} is what stands; kept up to date by its owner. */
  JoinedGroups(String namespace, TenantLinks links) {
    this.namespace = namespace;
    this.links = links;
  }

  /** All rows there are; those of vxlan devices as objects. */
  List<ForwardingObject> replace(Collection<MdbEntry> all) {
    byBridge.clear();
    all.forEach(row -> see(row, false));
    touched = true;
    return all.stream().flatMap(row -> object(row).stream()).toList();
  }

  void see(MdbEntry row, boolean gone) {
    if (links.bridge(row.device()).isEmpty()) {
      return;
    }
    touched = true;
    var groups = byBridge.computeIfAbsent(row.device(), _ -> new TreeMap<>());
    var rows = groups.computeIfAbsent(row.group(), _ -> new ArrayList<>());
    rows.removeIf(row::isOf);
    if (!gone) {
      rows.add(row);
    }
    if (rows.isEmpty()) {
      groups.remove(row.group());
    }
  }

  /**
   * The bridges of which something else is to be told than the last time; nothing within {@link
   * #BETWEEN_NANOS} of that.
   */
  List<GroupsSeen> take(long now) {
    var news = new ArrayList<GroupsSeen>();
    if (!touched || toldAt.isPresent() && now - toldAt.getAsLong() < BETWEEN_NANOS) {
      return news;
    }
    touched = false;
    var joined = new TreeMap<Vni, SortedMap<MulticastChannel, SortedSet<String>>>();
    byBridge.forEach(
        (bridge, groups) -> links.bridge(bridge).ifPresent(vni -> joined.put(vni, ports(groups))));
    told.keySet().forEach(vni -> joined.putIfAbsent(vni, new TreeMap<>()));
    joined.forEach(
        (vni, groups) -> {
          if (!groups.equals(told.getOrDefault(vni, new TreeMap<>()))) {
            news.add(new GroupsSeen(new Segment(namespace, vni.value()), groups));
          }
        });
    if (!news.isEmpty()) {
      toldAt = OptionalLong.of(now);
    }
    told.clear();
    told.putAll(joined);
    told.values().removeIf(Map::isEmpty);
    return news;
  }

  /**
   * The namespace goes: what is to be told so that nobody thinks that ports have joined a group.
   */
  List<GroupsSeen> leave() {
    return told.keySet().stream()
        .map(vni -> new GroupsSeen(new Segment(namespace, vni.value()), new TreeMap<>()))
        .toList();
  }

  private SortedMap<MulticastChannel, SortedSet<String>> ports(
      Map<IpAddress, List<MdbEntry>> groups) {
    var ports = new TreeMap<MulticastChannel, SortedSet<String>>();
    for (var rows : groups.values()) {
      for (var row : rows) {
        links
            .link(row.port())
            .filter(port -> row.asked() && NodeLinks.mayBePort(port))
            .map(Link::name)
            .ifPresent(name -> ports.computeIfAbsent(channel(row), _ -> new TreeSet<>()).add(name));
      }
    }
    return ports;
  }

  private static MulticastChannel channel(MdbEntry row) {
    return new MulticastChannel(row.group(), row.source());
  }

  /** A row of one of our vxlan devices. */
  Optional<ForwardingObject> object(MdbEntry row) {
    return row.destination()
        .flatMap(
            vtep ->
                links
                    .vxlan(row.device())
                    .map(
                        vni ->
                            new ForwardingObject.MulticastEntry(
                                namespace,
                                vni,
                                row.group(),
                                row.source(),
                                vtep,
                                row.isDiscard()
                                    ? Optional.empty()
                                    : Optional.of(row.destinationVni().orElse(vni)))));
  }
}
