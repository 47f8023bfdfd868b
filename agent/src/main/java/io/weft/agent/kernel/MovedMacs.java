package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.NetlinkSocket;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.Chain;
import io.weft.linux.nftables.ElementChange;
import io.weft.linux.nftables.ElementSet;
import io.weft.linux.nftables.ElementSet.Element;
import io.weft.linux.nftables.ElementSet.Field;
import io.weft.linux.nftables.ElementSet.Use;
import io.weft.linux.nftables.Expression;
import io.weft.linux.nftables.Expression.Base;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.Rule;
import io.weft.linux.nftables.Table;
import io.weft.net.Octets;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.MovedMac;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Sends frames for MACs that have moved away back out by the VXLAN device, in one tenant's
 * namespace: a table of nftables at the ingress of a network's VXLAN devices, which stands as long
 * as there is such a MAC. Its elements expire by themselves. Where the kernel cannot do it, such
 * frames are lost; that is reported. One thread owns it.
 */
final class MovedMacs implements AutoCloseable {
  private static final String PREFIX = "weft-moved-";

  private final String namespace;
  private final Descriptor inside;
  private final NetlinkSocket.Buffers buffers;
  private final TenantLinks links;
  private final TreeMap<Vni, OfNetwork> networks = new TreeMap<>();

  /** Those for which the kernel cannot do it, which is reported once and not for each. */
  private final TreeMap<ForwardingKey, MovedMac> notSentOn = new TreeMap<>();

  /** Why the kernel cannot do it; empty: it can, as far as is known. */
  private Optional<String> lacking = Optional.empty();

  private long repairs;
  private boolean swept;

  /** A VXLAN device. */
  private record Port(int index, String name) {}

  /**
   * The table of one network.
   *
   * @param ports its VXLAN devices, by whether they are of the IPv6 VTEP
   */
  private record OfNetwork(
      GuardTable table, Map<Boolean, Port> ports, TreeMap<String, MovedMac> macs) {}

  /**
   * @param inside the namespace, open
   * @param buffers shared by all tables of one thread
   * @param links what stands; kept up to date by its owner
   */
  MovedMacs(String namespace, Descriptor inside, NetlinkSocket.Buffers buffers, TenantLinks links) {
    this.namespace = namespace;
    this.inside = inside;
    this.buffers = buffers;
    this.links = links;
  }

  /** Why frames are not sent on; empty: they are. */
  Optional<String> problem() {
    return lacking.or(
        () ->
            networks.values().stream()
                .flatMap(each -> each.table().problem().stream())
                .findFirst());
  }

  /** How often what somebody else had changed was mended. */
  long repairs() {
    return repairs + networks.values().stream().mapToLong(each -> each.table().repairs()).sum();
  }

  /**
   * These are about to be written. All that takes long is done before the first of them, for from
   * the end of a MAC's row here until its frames are sent on they are lost.
   */
  static void expect(Collection<KernelChange> changes, Map<String, TenantTables> tenants) {
    for (var change : changes) {
      if (change instanceof KernelChange.Put(MovedMac moved)) {
        var tables = tenants.get(moved.namespace());
        if (tables != null) {
          tables.moved().prepare(moved);
        }
      }
    }
  }

  private void prepare(MovedMac moved) {
    var ports = ports(moved.vni());
    if (lacking.isEmpty() && ports.containsKey(moved.ipv6())) {
      network(moved.vni(), ports).table().prepare();
    }
  }

  /**
   * From now on frames for the MAC are sent on.
   *
   * @throws IllegalArgumentException when there is no device to send them on by
   */
  void put(MovedMac moved) {
    var ports = ports(moved.vni());
    if (!ports.containsKey(moved.ipv6())) {
      throw new IllegalArgumentException("its device does not stand (yet)");
    }
    if (lacking.isPresent()) {
      notSentOn.put(moved.key(), moved);
      return;
    }
    var network = network(moved.vni(), ports);
    network.macs().put(key(moved), moved);
    network.table().write(Map.of(key(moved), Set.of(element(moved))));
    if (network.table().isUnable()) {
      lacking = network.table().problem();
      close(moved.vni(), network);
      network.macs().values().forEach(each -> notSentOn.put(each.key(), each));
    }
  }

  /** No more. */
  void remove(MovedMac moved) {
    notSentOn.remove(moved.key());
    var network = networks.get(moved.vni());
    if (network == null) {
      return;
    }
    network.macs().remove(key(moved));
    if (network.macs().isEmpty()) {
      close(moved.vni(), network);
    } else {
      network.table().write(Map.of(key(moved), Set.of()));
    }
  }

  /**
   * What stands, after all links were read anew. What an earlier agent has left is removed: it has
   * taken what it knew with it.
   */
  List<MovedMac> read() {
    if (!swept) {
      swept = sweep();
    }
    var found = new ArrayList<MovedMac>(notSentOn.values());
    for (var each : List.copyOf(networks.entrySet())) {
      var network = each.getValue();
      if (!network.macs().isEmpty() && network.ports().equals(ports(each.getKey()))) {
        found.addAll(network.macs().values());
      } else {
        close(each.getKey(), network); // nobody is in it, or it led to a device that is gone
      }
    }
    return found;
  }

  /** False when the kernel cannot say; it has none where it has no nftables. */
  private boolean sweep() {
    var vnis = links.vxlans();
    if (vnis.isEmpty()) {
      return true;
    }
    try (var nftables = NetworkNamespaces.callIn(inside, () -> Nftables.open(buffers))) {
      vnis.forEach(vni -> nftables.delete(Table.Family.NETDEV, PREFIX + vni));
      return true;
    } catch (LinuxException e) {
      return Nftables.isLacking(e);
    }
  }

  /** Mends what somebody else changed since the last look. */
  void check() {
    for (var network : networks.values()) {
      if (network.table().check()) {
        var again = new TreeMap<String, Set<ElementChange>>();
        network.table().owners().forEach(owner -> again.put(owner, Set.of()));
        again.putAll(elements(network));
        network.table().write(again);
      }
    }
  }

  // ---- the table --------------------------------------------------------------------------

  /** The network's table for these devices; what was in one for others goes over. */
  private OfNetwork network(Vni vni, Map<Boolean, Port> ports) {
    var before = networks.get(vni);
    if (before != null && before.ports().equals(ports)) {
      return before;
    }
    var next = open(vni, ports);
    if (before != null) {
      close(vni, before);
      before.macs().values().removeIf(moved -> !ports.containsKey(moved.ipv6()));
      next.macs().putAll(before.macs());
      next.table().write(elements(next));
    }
    networks.put(vni, next);
    return next;
  }

  private static Map<String, Set<ElementChange>> elements(OfNetwork network) {
    var elements = new TreeMap<String, Set<ElementChange>>();
    network.macs().forEach((key, moved) -> elements.put(key, Set.of(element(moved))));
    return elements;
  }

  private OfNetwork open(Vni vni, Map<Boolean, Port> ports) {
    var table =
        new GuardTable(
            namespace,
            inside,
            buffers,
            table(PREFIX + vni, ports),
            element -> element.key().toString(),
            "frames for endpoints that have just moved away are not sent on, which needs nftables"
                + " with forwarding at the ingress of a link in the kernel"
                + " (CONFIG_NFT_FWD_NETDEV)");
    return new OfNetwork(table, ports, new TreeMap<>());
  }

  private void close(Vni vni, OfNetwork network) {
    networks.remove(vni);
    repairs += network.table().repairs();
    network.table().remove();
    network.table().close();
  }

  private Map<Boolean, Port> ports(Vni vni) {
    var ports = new TreeMap<Boolean, Port>();
    for (boolean ipv6 : new boolean[] {false, true}) {
      links
          .vxlan(vni, ipv6)
          .flatMap(links::link)
          .ifPresent(link -> ports.put(ipv6, new Port(link.index(), link.name())));
    }
    return ports;
  }

  private static Table table(String name, Map<Boolean, Port> ports) {
    var chains = new ArrayList<Chain>();
    var sets = new ArrayList<ElementSet>();
    for (var in : ports.values()) {
      var rules = new ArrayList<Rule>();
      ports.forEach((ipv6, out) -> rules.add(sendOn(set(ipv6), out)));
      chains.add(Chain.ingress(in.name(), in.name(), rules));
    }
    ports.keySet().forEach(ipv6 -> sets.add(set(ipv6)));
    return new Table(Table.Family.NETDEV, name, chains, sets);
  }

  /** Who is in the set leaves by the link. */
  private static Rule sendOn(ElementSet set, Port out) {
    var index = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(out.index());
    return Rule.of(
        new Expression.Payload(Base.LINK, 0, 6),
        new Expression.Lookup(set.name(), false),
        new Expression.Load(Octets.of(index.array())),
        new Expression.Forward());
  }

  private static ElementSet set(boolean ipv6) {
    return new ElementSet(ipv6 ? "by-ipv6" : "by-ipv4", List.of(Field.MAC), Use.EXPIRING, 0);
  }

  private static ElementChange element(MovedMac moved) {
    return new ElementChange(set(moved.ipv6()).name(), true, new Element(octets(moved)));
  }

  private static String key(MovedMac moved) {
    return octets(moved).toString();
  }

  private static Octets octets(MovedMac moved) {
    return Octets.of(moved.mac().octets());
  }

  @Override
  public void close() {
    networks.values().forEach(network -> network.table().close());
    networks.clear();
  }
}
