package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.netlink.NetlinkSocket;
import io.weft.linux.nftables.ElementChange;
import io.weft.linux.nftables.ElementSet;
import io.weft.linux.nftables.ElementSet.Content;
import io.weft.linux.nftables.ElementSet.Element;
import io.weft.net.IpAddress;
import io.weft.net.Ipv6Address;
import io.weft.net.Octets;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.KernelChange;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Holds the {@link VtepRules} to the VTEPs and VNIs that this node's tables lead to. Who is new is
 * let in before the first row that leads to it is written, so before it can be answered; who has
 * gone is let in for a while, because its last packets are under way, or it hears later. A
 * restarted agent finds the table, and the rows that it follows from. One thread owns it.
 */
final class VtepGuard implements AutoCloseable {
  /** How long at least a VTEP that no row leads to any more is let in. */
  static final long GRACE_NANOS = 30_000_000_000L;

  private final GuardTable table;

  /** Addresses and VNIs that are let in. */
  private final TreeMap<String, ElementChange> admitted = new TreeMap<>();

  /** Of these, what has no row any more, and since when. */
  private final TreeMap<String, Long> unused = new TreeMap<>();

  private int changes;

  /**
   * @param name of the table: agents of several nodes in one namespace have tables of their own
   * @param inside the namespace of the underlay, open
   * @param buffers shared by all guards of one thread
   */
  VtepGuard(String name, Descriptor inside, NetlinkSocket.Buffers buffers) {
    this.table =
        new GuardTable(
            "",
            inside,
            buffers,
            VtepRules.table(name),
            element -> owner(element.key()),
            "VXLAN packets of addresses that are no VTEP's are let in, which nftables would stop"
                + " (CONFIG_NF_TABLES_INET)");
  }

  /** Another number when others are let in than before. */
  int changes() {
    return changes;
  }

  /**
   * Who is let in.
   *
   * @param set of VTEPs of one family
   */
  Set<Element> of(ElementSet set) {
    return admitted.values().stream()
        .filter(change -> change.set().equals(set.name()))
        .map(ElementChange::element)
        .collect(Collectors.toUnmodifiableSet());
  }

  Optional<String> problem() {
    return table.problem();
  }

  /** How often what somebody else had changed was mended. */
  long repairs() {
    return table.repairs();
  }

  /** These are about to be written. */
  void expect(Collection<KernelChange> changes) {
    var needed = new Needed();
    for (var change : changes) {
      if (change instanceof KernelChange.Put(var object)) {
        needed.add(object);
      }
    }
    admit(needed);
  }

  /** Mends what somebody else changed since the last look. */
  void check() {
    if (table.check()) {
      var again = new TreeMap<String, Set<ElementChange>>();
      table.owners().forEach(owner -> again.put(owner, Set.of()));
      admitted.forEach((owner, element) -> again.put(owner, Set.of(element)));
      table.write(again);
    }
  }

  /**
   * Lets in what all these lead to, and ends what is over.
   *
   * @param standing in all tenants' namespaces
   */
  void sweep(long now, Iterable<? extends Collection<ForwardingObject>> standing) {
    var needed = new Needed();
    standing.forEach(objects -> objects.forEach(needed::add));
    admit(needed);
    var elements = needed.elements();
    var over = new TreeMap<String, Set<ElementChange>>();
    unused.keySet().removeAll(elements.keySet());
    for (var owner : table.owners()) {
      if (!elements.containsKey(owner)
          && now - unused.computeIfAbsent(owner, _ -> now) > GRACE_NANOS) {
        over.put(owner, Set.of());
      }
    }
    if (!over.isEmpty() && table.write(over)) {
      admitted.keySet().removeAll(over.keySet());
      changes++;
      unused.keySet().removeAll(over.keySet());
    }
  }

  /** Addresses before VNIs: no packet of theirs is stopped in between. */
  private void admit(Needed needed) {
    admit(needed.vteps.stream().map(VtepGuard::vtep).toList());
    admit(needed.vnis.stream().map(VtepGuard::vni).toList());
  }

  private void admit(List<ElementChange> elements) {
    var wanted = new TreeMap<String, Set<ElementChange>>();
    for (var element : elements) {
      var owner = owner(element.element().key());
      if (!admitted.containsKey(owner)) {
        wanted.put(owner, Set.of(element));
      }
    }
    if (!wanted.isEmpty() && table.write(wanted)) {
      wanted.forEach((owner, each) -> each.forEach(element -> admitted.put(owner, element)));
      changes++;
    }
  }

  /** What rows lead to, each once. */
  private static final class Needed {
    private final TreeSet<IpAddress> vteps = new TreeSet<>();
    private final TreeSet<Integer> vnis = new TreeSet<>();

    private void add(ForwardingObject object) {
      if (object instanceof ForwardingObject.VxlanFdbEntry row) {
        vteps.add(row.vtep());
      } else if (object instanceof ForwardingObject.FloodEntry row) {
        vteps.add(row.vtep());
      } else if (object instanceof ForwardingObject.SendingFdbEntry row) {
        vteps.add(row.vtep());
      } else if (object instanceof ForwardingObject.VxlanPort port) {
        vnis.add(port.vni().value());
      }
    }

    private Map<String, ElementChange> elements() {
      var elements = new TreeMap<String, ElementChange>();
      vteps.forEach(each -> elements.put(owner(vtep(each).element().key()), vtep(each)));
      vnis.forEach(each -> elements.put(owner(vni(each).element().key()), vni(each)));
      return elements;
    }
  }

  private static ElementChange vni(int value) {
    var key = new byte[] {(byte) (value >> 16), (byte) (value >> 8), (byte) value};
    return new ElementChange(VtepRules.VNIS.name(), true, new Element(Octets.of(key)));
  }

  private static ElementChange vtep(IpAddress vtep) {
    var octets = vtep.octets();
    boolean mapped = vtep instanceof Ipv6Address v6 && v6.isMapped();
    var address = mapped ? Arrays.copyOfRange(octets, 12, 16) : octets;
    var set = address.length == 4 ? VtepRules.IPV4 : VtepRules.IPV6;
    return new ElementChange(set.name(), true, new Element(Octets.of(address)));
  }

  /** VNIs and addresses of both families differ in length. */
  private static String owner(Octets key) {
    return key.toString();
  }

  // ---- what was stopped -------------------------------------------------------------------

  /** Packets that were stopped. */
  long stopped() {
    return table.counted(VtepRules.STOPPED).stream().mapToLong(VtepGuard::packets).sum();
  }

  /** The same by source, as far as they are counted. */
  Map<IpAddress, Long> strangers() {
    var strangers = new TreeMap<IpAddress, Long>();
    for (ElementSet set : new ElementSet[] {VtepRules.STRANGERS4, VtepRules.STRANGERS6}) {
      for (var element : table.counted(set)) {
        strangers.put(IpAddress.of(element.key().toArray()), packets(element));
      }
    }
    return strangers;
  }

  private static long packets(Element element) {
    return element.content() instanceof Content.Counter(long packets, _) ? packets : 0;
  }

  /** The table goes, as all of the agent's does. */
  void remove() {
    table.remove();
    admitted.clear();
    changes++;
  }

  @Override
  public void close() {
    table.close();
  }
}
