package io.weft.agent.kernel;

import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.BridgeMulticast;
import io.weft.linux.netlink.BridgePort;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.FdbKind;
import io.weft.linux.netlink.FdbTable;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.Neighbour;
import io.weft.linux.netlink.NeighbourState;
import io.weft.linux.netlink.Vxlan;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;

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
  private final Map<String, Link> byName = new TreeMap<>();

  /** VNIs of our bridges and VXLAN devices by index: asked for once per row of a table. */
  private final Map<Integer, Vni> bridges = new TreeMap<>();

  private final Map<Integer, Vni> vxlans = new TreeMap<>();

  /** The foreign VNIs of our sending devices, likewise. */
  private final Map<Integer, Vni> senders = new TreeMap<>();

  Translation(String namespace) {
    this.namespace = namespace;
  }

  void replaceLinks(Collection<Link> all) {
    links.clear();
    byName.clear();
    bridges.clear();
    vxlans.clear();
    senders.clear();
    all.forEach(this::put);
  }

  void put(Link link) {
    remove(link.index());
    links.put(link.index(), link);
    byName.put(link.name(), link);
    switch (link.kind()) {
      case "bridge" ->
          DeviceNames.ofBridge(link.name()).ifPresent(vni -> bridges.put(link.index(), vni));
      case "vxlan" -> {
        DeviceNames.ofVxlan(link.name()).ifPresent(vni -> vxlans.put(link.index(), vni));
        DeviceNames.ofSending(link.name()).ifPresent(vni -> senders.put(link.index(), vni));
      }
      default -> {} // kinds are the kernel's and open
    }
  }

  void remove(int index) {
    var link = links.remove(index);
    if (link != null) {
      byName.remove(link.name(), link);
    }
    bridges.remove(index);
    vxlans.remove(index);
    senders.remove(index);
  }

  /** True when a link that is known is not among these, by its index. */
  boolean knowsOtherThan(Collection<Link> all) {
    var known = new TreeSet<>(links.keySet());
    all.forEach(link -> known.remove(link.index()));
    return !known.isEmpty();
  }

  Optional<Link> link(int index) {
    return Optional.ofNullable(links.get(index));
  }

  Optional<Link> link(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /** The index of the vxlan port towards VTEPs of a family; empty while it does not stand. */
  Optional<Integer> vxlan(Vni vni, boolean ipv6) {
    return standing(DeviceNames.vxlan(vni, ipv6), ipv6);
  }

  /** As {@link #vxlan(Vni, boolean)}, of a device that only sends. */
  Optional<Integer> sending(Vni foreign, boolean ipv6) {
    return standing(DeviceNames.sending(foreign, ipv6), ipv6);
  }

  private Optional<Integer> standing(List<String> names, boolean ipv6) {
    return names.stream()
        .flatMap(name -> link(name).stream())
        .map(Link::index)
        .filter(index -> isIpv6(index) == ipv6)
        .findFirst();
  }

  Optional<Vni> bridge(int link) {
    return Optional.ofNullable(bridges.get(link));
  }

  private Optional<Vni> vxlan(int link) {
    return Optional.ofNullable(vxlans.get(link));
  }

  Optional<Vni> sender(int link) {
    return Optional.ofNullable(senders.get(link));
  }

  private Optional<Vni> master(Link link) {
    return link.master().isPresent() ? bridge(link.master().getAsInt()) : Optional.empty();
  }

  /** The device of ours that the link is; empty for any other. */
  Optional<ForwardingObject> object(Link link) {
    if (isEgress(link)) {
      return Optional.of(
          new EgressObject.EgressLink(
              namespace,
              link.up() && link.forwarding() ? link.mtu() : DAMAGED_MTU,
              link.alias().orElseGet(() -> AddressPlan.egressPortName(namespace))));
    }
    var bridge = bridge(link.index());
    if (bridge.isPresent()) {
      var multicast = link.multicast().orElse(BridgeMulticast.FLOODING);
      boolean snooping = multicast.equals(BridgeMulticast.SNOOPING);
      boolean whole = snooping || multicast.equals(BridgeMulticast.FLOODING);
      int mtu = whole && link.up() && !link.acceptsRouters() ? link.mtu() : DAMAGED_MTU;
      var mac = link.mac().orElse(MacAddress.ZERO);
      return Optional.of(
          new ForwardingObject.Bridge(
              namespace, bridge.get(), mac, mtu, link.forwarding(), snooping));
    }
    var vxlan = vxlan(link.index()).flatMap(vni -> vxlanPort(link, vni));
    if (vxlan.isPresent()) {
      return vxlan;
    }
    var sender = sender(link.index()).flatMap(foreign -> sendingPort(link, foreign));
    if (sender.isPresent()) {
      return sender;
    }
    return NodeLinks.mayBePort(link) ? endpointPort(link) : Optional.empty();
  }

  /** The link may be one by which IPv6 is routed. */
  boolean isRouting(Link link) {
    return isEgress(link) || bridge(link.index()).isPresent();
  }

  static boolean isEgress(Link link) {
    return link.name().equals(EgressObject.EgressLink.NAME) && link.kind().equals("veth");
  }

  private Optional<ForwardingObject> vxlanPort(Link link, Vni vni) {
    var device = link.vxlan();
    if (device.isEmpty() || device.get().local().isEmpty()) {
      return Optional.empty();
    }
    var local = device.get().local().get();
    boolean dual = link.bridgePort().filter(BridgePort::isolated).isPresent();
    boolean whole =
        link.up()
            && master(link).filter(vni::equals).isPresent()
            && link.bridgePort().filter(DeviceNames.tunnel(dual)::equals).isPresent()
            && link.name().equals(DeviceNames.vxlan(vni, local, dual))
            && device.get().equals(Vxlan.of(vni, local));
    return Optional.of(
        new ForwardingObject.VxlanPort(
            namespace,
            vni,
            local,
            link.mac().orElse(MacAddress.ZERO),
            whole ? link.mtu() : DAMAGED_MTU,
            dual));
  }

  private Optional<ForwardingObject> sendingPort(Link link, Vni foreign) {
    var device = link.vxlan();
    if (device.flatMap(Vxlan::local).isEmpty()) {
      return Optional.empty();
    }
    var id = device.get().vni();
    var local = device.get().local().get();
    boolean second = link.name().equals(DeviceNames.sendingPort(foreign, true));
    boolean whole =
        link.up()
            && link.master().isEmpty()
            && !link.forwarding()
            && link.group() == Rows.SENDING_GROUP
            && device.get().equals(Vxlan.of(id, local).withPort(Vxlan.SENDING_PORT));
    return Optional.of(
        new ForwardingObject.SendingPort(
            namespace,
            foreign,
            id,
            local,
            link.mac().orElse(MacAddress.ZERO),
            whole ? link.mtu() : DAMAGED_MTU,
            second));
  }

  private Optional<ForwardingObject> endpointPort(Link link) {
    var alias = link.alias().flatMap(PortAlias::parse);
    if (alias.isEmpty()) {
      return Optional.empty();
    }
    var flags = DeviceNames.port(alias.get().learn());
    boolean whole = link.up() && link.bridgePort().equals(Optional.of(flags));
    var vni = master(link).orElse(new Vni(Vni.MAX));
    return Optional.of(
        alias.get().port(namespace, link.name(), vni, whole ? link.mtu() : DAMAGED_MTU));
  }

  /** The row as an object: which kind follows from the device and the table it is in. */
  Optional<ForwardingObject> object(FdbEntry row) {
    var vxlan = vxlan(row.link());
    if (vxlan.isPresent()) {
      return row.table() == FdbTable.SELF
          ? vxlanRow(row, vxlan.get())
          : bridgeRow(row, vxlan.get());
    }
    var sender = sender(row.link());
    if (sender.isPresent()) {
      return sendingRow(row, sender.get());
    }
    boolean pinned = row.table() == FdbTable.MASTER && row.kind() == FdbKind.STATIC;
    return link(row.link())
        .filter(link -> pinned && NodeLinks.mayBePort(link))
        .flatMap(
            link ->
                master(link)
                    .map(
                        vni ->
                            new ForwardingObject.LocalFdbEntry(
                                namespace, vni, row.mac(), link.name())));
  }

  private Optional<ForwardingObject> vxlanRow(FdbEntry row, Vni vni) {
    if (row.destination().isEmpty()) {
      return Optional.empty();
    }
    var vtep = row.destination().get();
    var destinationVni = row.destinationVni().orElse(vni);
    return Optional.of(
        row.mac().isZero()
            ? new ForwardingObject.FloodEntry(namespace, vni, vtep, destinationVni)
            : new ForwardingObject.VxlanFdbEntry(namespace, vni, row.mac(), vtep, destinationVni));
  }

  /** One that leads into another VNI, or to another port, is no row of ours: it is written anew. */
  private Optional<ForwardingObject> sendingRow(FdbEntry row, Vni foreign) {
    var id = link(row.link()).flatMap(Link::vxlan).map(Vxlan::vni);
    boolean ours =
        row.table() == FdbTable.SELF
            && !row.mac().isZero()
            && row.destinationVni().or(() -> id).filter(foreign::equals).isPresent()
            && row.destinationPort().equals(OptionalInt.of(Vxlan.PORT));
    return row.destination()
        .filter(_ -> ours)
        .map(vtep -> new ForwardingObject.SendingFdbEntry(namespace, foreign, row.mac(), vtep));
  }

  private Optional<ForwardingObject> bridgeRow(FdbEntry row, Vni vni) {
    return isDevicesOwn(row) || row.mac().isMulticast()
        ? Optional.empty()
        : Optional.of(
            new ForwardingObject.BridgeFdbEntry(namespace, vni, row.mac(), isIpv6(row.link())));
  }

  private boolean isIpv6(int vxlan) {
    var local = link(vxlan).flatMap(Link::vxlan).flatMap(Vxlan::local);
    return local.filter(vtep -> !vtep.isIpv4()).isPresent();
  }

  private boolean isDevicesOwn(FdbEntry row) {
    return row.kind() == FdbKind.PERMANENT
        || link(row.link()).flatMap(Link::mac).filter(row.mac()::equals).isPresent();
  }

  /** An entry of a bridge, unless the kernel keeps it for itself (multicast, resolution). */
  Optional<ForwardingObject> object(Neighbour row) {
    boolean lasting = row.externLearned() || row.state() == NeighbourState.PERMANENT;
    if (!lasting || row.mac().isEmpty() || row.address().isMulticast()) {
      return Optional.empty();
    }
    var sender = sender(row.link());
    if (sender.isPresent()) {
      return Optional.of(
          new ForwardingObject.SendingNeighbour(
              namespace, sender.get(), row.address(), row.mac().get()));
    }
    return bridge(row.link())
        .map(
            vni ->
                new ForwardingObject.NeighbourEntry(
                    namespace, vni, row.address(), row.mac().get()));
  }

  /**
   * What a notice about a row says of the objects under its keys. A bridge has one row for a MAC: a
   * new one tells also what no longer stands at another kind of port.
   */
  Map<ForwardingKey, Optional<ForwardingObject>> changes(FdbEntry row, boolean gone) {
    var changes = new TreeMap<ForwardingKey, Optional<ForwardingObject>>();
    var object = object(row);
    var sender = sender(row.link());
    if (sender.isPresent()) {
      changes.put(
          key(ForwardingKey.Kind.SENDING_FDB, sender.get(), row.mac().toString()),
          gone ? Optional.empty() : object);
      return changes;
    }
    if (row.table() != FdbTable.MASTER) {
      object.ifPresent(o -> changes.put(o.key(), gone ? Optional.empty() : object));
      return changes;
    }
    var vxlan = vxlan(row.link());
    var vni = vxlan.or(() -> link(row.link()).flatMap(this::master));
    if (vni.isPresent() && !isDevicesOwn(row)) {
      var local = key(ForwardingKey.Kind.LOCAL_FDB, vni.get(), row.mac().toString());
      var remote = key(ForwardingKey.Kind.BRIDGE_FDB, vni.get(), row.mac().toString());
      if (gone) {
        changes.put(vxlan.isPresent() ? remote : local, Optional.empty());
      } else {
        changes.put(local, Optional.empty());
        changes.put(remote, Optional.empty());
        object.ifPresent(o -> changes.put(o.key(), object));
      }
    }
    return changes;
  }

  /** As for a forwarding database; an entry that no longer lasts is gone for us. */
  Map<ForwardingKey, Optional<ForwardingObject>> changes(Neighbour row, boolean gone) {
    var changes = new TreeMap<ForwardingKey, Optional<ForwardingObject>>();
    sender(row.link())
        .ifPresent(
            vni ->
                changes.put(
                    key(ForwardingKey.Kind.SENDING_NEIGHBOUR, vni, row.address().toString()),
                    gone ? Optional.empty() : object(row)));
    bridge(row.link())
        .ifPresent(
            vni ->
                changes.put(
                    key(ForwardingKey.Kind.NEIGHBOUR, vni, row.address().toString()),
                    gone ? Optional.empty() : object(row)));
    return changes;
  }

  /**
   * An address of one of our bridges, a gateway's, or of the way out. The link-local ones of a
   * bridge are the kernel's, but for the one that we give it.
   */
  Optional<ForwardingObject> object(Address row) {
    if (link(row.link()).filter(Translation::isEgress).isPresent()) {
      return Optional.<ForwardingObject>of(
              new EgressObject.EgressAddress(
                  namespace, EgressObject.EgressLink.NAME, row.address(), row.prefixLength()))
          .filter(_ -> EgressPorts.isKept(row));
    }
    return row.address().isLinkLocal() && !isOurs(row)
        ? Optional.empty()
        : bridge(row.link())
            .map(
                vni ->
                    new ForwardingObject.GatewayAddress(
                        namespace, vni, row.address(), row.prefixLength()));
  }

  private boolean isOurs(Address linkLocal) {
    return linkLocal.address().equals(AddressPlan.GATEWAY_LINK_LOCAL)
        || link(linkLocal.link())
            .flatMap(Link::mac)
            .map(AddressPlan::linkLocal)
            .filter(linkLocal.address()::equals)
            .isPresent();
  }

  /** As for a forwarding database. */
  Map<ForwardingKey, Optional<ForwardingObject>> changes(Address row, boolean gone) {
    var changes = new TreeMap<ForwardingKey, Optional<ForwardingObject>>();
    var object = object(row);
    object.ifPresent(o -> changes.put(o.key(), gone ? Optional.empty() : object));
    return changes;
  }

  private ForwardingKey key(ForwardingKey.Kind kind, Vni vni, String discriminator) {
    return new ForwardingKey(kind, namespace, vni.value(), discriminator);
  }
}
