package io.weft.agent.kernel;

import io.weft.linux.netlink.BridgePort;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.FdbKind;
import io.weft.linux.netlink.FdbTable;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.Neighbour;
import io.weft.linux.netlink.NeighbourState;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingObject;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The kernel's rows of one tenant's namespace as forwarding objects. Rows that are not ours to keep
 * (the devices' own addresses, what the kernel makes by itself) are none. Pure: dumps in, objects
 * out.
 *
 * <p>A link that has our name but not the state that we give it (down, out of its bridge, unlocked)
 * is shown with MTU {@link #DAMAGED_MTU}: unequal to anything wanted, so it is mended.
 */
final class Translation {
  /** No link has it. */
  static final int DAMAGED_MTU = 0;

  private final String namespace;
  private final Map<Integer, Link> links = new TreeMap<>();

  Translation(String namespace) {
    this.namespace = namespace;
  }

  void replaceLinks(Collection<Link> all) {
    links.clear();
    for (var link : all) {
      links.put(link.index(), link);
    }
  }

  void put(Link link) {
    links.put(link.index(), link);
  }

  void remove(int index) {
    links.remove(index);
  }

  Optional<Link> link(int index) {
    return Optional.ofNullable(links.get(index));
  }

  Optional<Link> link(String name) {
    return links.values().stream().filter(link -> link.name().equals(name)).findFirst();
  }

  static String bridgeName(Vni vni) {
    return "br" + vni;
  }

  static String vxlanName(Vni vni) {
    return "vx" + vni;
  }

  private static Optional<Vni> vniIn(Link link, String prefix) {
    var name = link.name();
    if (!name.matches(prefix + "[1-9][0-9]{0,7}")) {
      return Optional.empty();
    }
    int value = Integer.parseInt(name.substring(prefix.length()));
    return value > Vni.MAX ? Optional.empty() : Optional.of(new Vni(value));
  }

  private Optional<Vni> bridge(Link link) {
    return link.kind().equals("bridge") ? vniIn(link, "br") : Optional.empty();
  }

  private Optional<Vni> vxlan(Link link) {
    return link.kind().equals("vxlan") ? vniIn(link, "vx") : Optional.empty();
  }

  private Optional<Vni> master(Link link) {
    return link.master().isPresent()
        ? link(link.master().getAsInt()).flatMap(this::bridge)
        : Optional.empty();
  }

  /** The bridge, VXLAN port or endpoint port that the link is; empty for any other. */
  Optional<ForwardingObject> object(Link link) {
    var bridge = bridge(link);
    if (bridge.isPresent()) {
      int mtu = link.up() ? link.mtu() : DAMAGED_MTU;
      return Optional.of(
          new ForwardingObject.Bridge(
              namespace, bridge.get(), link.mac().orElse(MacAddress.ZERO), mtu));
    }
    var vxlan = vxlan(link);
    if (vxlan.isPresent()) {
      return vxlanPort(link, vxlan.get());
    }
    return link.kind().equals("veth") ? endpointPort(link) : Optional.empty();
  }

  private Optional<ForwardingObject> vxlanPort(Link link, Vni vni) {
    var device = link.vxlan();
    if (device.isEmpty() || device.get().local().isEmpty()) {
      return Optional.empty();
    }
    boolean whole =
        link.up()
            && master(link).filter(vni::equals).isPresent()
            && link.bridgePort().filter(BridgePort.TUNNEL::equals).isPresent()
            && device.get().vni().equals(vni)
            && !device.get().learning();
    return Optional.of(
        new ForwardingObject.VxlanPort(
            namespace,
            vni,
            device.get().local().get(),
            link.mac().orElse(MacAddress.ZERO),
            whole ? link.mtu() : DAMAGED_MTU));
  }

  private Optional<ForwardingObject> endpointPort(Link link) {
    var alias = link.alias().flatMap(PortAlias::parse);
    if (alias.isEmpty()) {
      return Optional.empty();
    }
    boolean whole = link.up() && link.bridgePort().filter(BridgePort.PINNED::equals).isPresent();
    return Optional.of(
        new ForwardingObject.EndpointPort(
            namespace,
            link.name(),
            master(link).orElse(new Vni(Vni.MAX)),
            alias.get().endpoint(),
            alias.get().network(),
            alias.get().mac(),
            alias.get().addresses(),
            whole ? link.mtu() : DAMAGED_MTU,
            Optional.empty()));
  }

  /** The row as an object: which kind follows from the device and the table it is in. */
  Optional<ForwardingObject> object(FdbEntry row) {
    var link = link(row.link());
    var vxlan = link.flatMap(this::vxlan);
    if (vxlan.isPresent()) {
      return row.table() == FdbTable.SELF
          ? vxlanRow(row, vxlan.get())
          : bridgeRow(row, link.get(), vxlan.get());
    }
    boolean pinned = row.table() == FdbTable.MASTER && row.kind() == FdbKind.STATIC;
    return link.filter(l -> pinned && l.kind().equals("veth"))
        .flatMap(this::master)
        .map(
            vni ->
                new ForwardingObject.LocalFdbEntry(
                    namespace, vni, row.mac(), link.orElseThrow().name()));
  }

  private Optional<ForwardingObject> vxlanRow(FdbEntry row, Vni vni) {
    if (row.destination().isEmpty()) {
      return Optional.empty();
    }
    var vtep = row.destination().get();
    var destinationVni = vni;
    return Optional.of(
        row.mac().isZero()
            ? new ForwardingObject.FloodEntry(namespace, vni, vtep, destinationVni)
            : new ForwardingObject.VxlanFdbEntry(namespace, vni, row.mac(), vtep, destinationVni));
  }

  private Optional<ForwardingObject> bridgeRow(FdbEntry row, Link link, Vni vni) {
    boolean devicesOwn =
        row.kind() == FdbKind.PERMANENT || link.mac().filter(row.mac()::equals).isPresent();
    return devicesOwn || row.mac().isMulticast()
        ? Optional.empty()
        : Optional.of(new ForwardingObject.BridgeFdbEntry(namespace, vni, row.mac()));
  }

  /** An entry of a bridge, unless the kernel keeps it for itself (multicast, resolution). */
  Optional<ForwardingObject> object(Neighbour row) {
    boolean lasting = row.externLearned() || row.state() == NeighbourState.PERMANENT;
    if (!lasting || row.mac().isEmpty() || row.address().isMulticast()) {
      return Optional.empty();
    }
    return link(row.link())
        .flatMap(this::bridge)
        .map(
            vni ->
                new ForwardingObject.NeighbourEntry(
                    namespace, vni, row.address(), row.mac().get()));
  }
}
