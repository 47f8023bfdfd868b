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
import io.weft.overlay.forwarding.UnknownUnicast;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
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
  private final TenantLinks links;
  private final StrayFloods strays = new StrayFloods();

  Translation(String namespace, TenantLinks links) {
    this.namespace = namespace;
    this.links = links;
  }

  /** The device of ours that the link is; empty for any other. */
  Optional<ForwardingObject> object(Link link) {
    if (isEgress(link)) {
      return Optional.of(
          new EgressObject.EgressLink(
              namespace,
              links.stands(link) && link.ipv4().does(true, false) && !link.linkLocal()
                  ? link.mtu()
                  : DAMAGED_MTU,
              link.alias().orElseGet(() -> AddressPlan.egressPortName(namespace))));
    }
    var bridge = links.bridge(link.index());
    if (bridge.isPresent()) {
      var multicast = link.multicast().orElse(BridgeMulticast.FLOODING);
      boolean snooping = multicast.equals(BridgeMulticast.SNOOPING);
      var mac = link.mac().orElse(MacAddress.ZERO);
      boolean routed = link.forwarding();
      boolean whole =
          links.stands(link)
              && (snooping || multicast.equals(BridgeMulticast.FLOODING))
              && !link.acceptsRouters()
              && !link.linkLocal()
              && link.ipv4().does(routed, Devices.takesOwnSources(routed, mac));
      return Optional.of(
          new ForwardingObject.Bridge(
              namespace, bridge.get(), mac, whole ? link.mtu() : DAMAGED_MTU, routed, snooping));
    }
    var vxlan = links.vxlan(link.index()).flatMap(vni -> vxlanPort(link, vni));
    if (vxlan.isPresent()) {
      return vxlan;
    }
    var sender = links.sender(link.index()).flatMap(foreign -> sendingPort(link, foreign));
    if (sender.isPresent()) {
      return sender;
    }
    return NodeLinks.mayBePort(link) ? endpointPort(link) : Optional.empty();
  }

  /** The link may be one by which IPv6 is routed. */
  boolean isRouting(Link link) {
    return isEgress(link) || links.bridge(link.index()).isPresent();
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
        links.stands(link)
            && !link.linkLocal()
            && links.master(link).filter(vni::equals).isPresent()
            && link.bridgePort()
                .filter(port -> port.equals(DeviceNames.tunnel(dual, port.unicastFlood())))
                .isPresent()
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

  /** Present where frames to unknown MACs leave by one of our vxlan ports. */
  Optional<ForwardingObject> unknownUnicast(Link link) {
    return link.bridgePort()
        .filter(BridgePort::unicastFlood)
        .flatMap(_ -> links.vxlan(link.index()))
        .map(vni -> new UnknownUnicast(namespace, vni, links.isIpv6(link.index())));
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
        links.stands(link)
            && link.master().isEmpty()
            && !link.linkLocal()
            && link.ipv4().does(false, false)
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
    var alias = links.alias(link);
    if (alias.isEmpty()) {
      return Optional.empty();
    }
    var flags = DeviceNames.port(alias.get().learn());
    boolean whole =
        links.stands(link)
            && !link.linkLocal()
            && link.alias().flatMap(PortAlias::parse).equals(alias)
            && link.bridgePort().equals(Optional.of(flags));
    var vni = links.master(link).orElse(new Vni(Vni.MAX));
    return Optional.of(
        alias.get().port(namespace, link.name(), vni, whole ? link.mtu() : DAMAGED_MTU));
  }

  /** False for what a bridge has learned of frames, of which there may be very many. */
  boolean mayBeOurs(FdbEntry row) {
    return row.table() != FdbTable.MASTER
        || row.kind() != FdbKind.DYNAMIC
        || links.vxlan(row.link()).isPresent();
  }

  /** The row as an object: which kind follows from the device and the table it is in. */
  Optional<ForwardingObject> object(FdbEntry row) {
    var vxlan = links.vxlan(row.link());
    if (vxlan.isPresent()) {
      return row.table() == FdbTable.SELF
          ? vxlanRow(row, vxlan.get())
          : bridgeRow(row, vxlan.get());
    }
    var sender = links.sender(row.link());
    if (sender.isPresent()) {
      return sendingRow(row, sender.get());
    }
    boolean pinned = row.table() == FdbTable.MASTER && row.kind() == FdbKind.STATIC;
    return links
        .link(row.link())
        .filter(link -> pinned && NodeLinks.mayBePort(link))
        .flatMap(
            link ->
                links
                    .master(link)
                    .map(
                        vni ->
                            new ForwardingObject.LocalFdbEntry(
                                namespace, vni, row.mac(), link.name(), row.sticky())));
  }

  /** Rows of flood lists that resemble ours. */
  StrayFloods strays() {
    return strays;
  }

  /** A whole dump: for each key one object. */
  Collection<ForwardingObject> objects(Collection<FdbEntry> rows) {
    strays.clear();
    var objects = new TreeMap<ForwardingKey, ForwardingObject>();
    var floods = new TreeMap<ForwardingKey, FdbEntry>();
    for (var row : rows) {
      var object = object(row);
      if (object.isEmpty()) {
        continue;
      }
      var key = object.get().key();
      if (object.get() instanceof ForwardingObject.FloodEntry flood) {
        var other = floods.put(key, row);
        if (other != null || StrayFloods.isStray(row)) {
          strays.add(key, row);
          Optional.ofNullable(other).ifPresent(before -> strays.add(key, before));
          objects.put(key, StrayFloods.damaged(flood));
          continue;
        }
      }
      objects.put(key, object.get());
    }
    return objects.values();
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
    var id = links.link(row.link()).flatMap(Link::vxlan).map(Vxlan::vni);
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
    return row.kind() == FdbKind.PERMANENT || isDevicesOwn(row) || row.mac().isMulticast()
        ? Optional.empty()
        : Optional.of(
            new ForwardingObject.BridgeFdbEntry(
                namespace, vni, row.mac(), links.isIpv6(row.link()), row.sticky()));
  }

  private boolean isDevicesOwn(FdbEntry row) {
    return links.link(row.link()).flatMap(Link::mac).filter(row.mac()::equals).isPresent();
  }

  /** The kernel has one for each port: frames to its MAC are for the bridge. */
  private boolean isKernels(FdbEntry row) {
    return row.kind() == FdbKind.PERMANENT && isDevicesOwn(row);
  }

  /** An entry of a bridge, unless the kernel keeps it for itself (multicast, resolution). */
  Optional<ForwardingObject> object(Neighbour row) {
    boolean lasting = row.externLearned() || row.state() == NeighbourState.PERMANENT;
    if (!lasting || row.mac().isEmpty() || row.address().isMulticast()) {
      return Optional.empty();
    }
    var sender = links.sender(row.link());
    if (sender.isPresent()) {
      return Optional.of(
          new ForwardingObject.SendingNeighbour(
              namespace, sender.get(), row.address(), row.mac().get()));
    }
    return links
        .bridge(row.link())
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
    var sender = links.sender(row.link());
    if (sender.isPresent()) {
      changes.put(
          ForwardingKey.of(ForwardingKey.Kind.SENDING_FDB, namespace, sender.get(), row.mac()),
          gone ? Optional.empty() : object);
      return changes;
    }
    if (row.table() != FdbTable.MASTER) {
      object.ifPresent(o -> changes.putAll(ownChanges(row, o, gone)));
      return changes;
    }
    var vxlan = links.vxlan(row.link());
    var vni = vxlan.or(() -> links.link(row.link()).flatMap(links::master));
    if (vni.isPresent() && !isKernels(row)) {
      var local = ForwardingKey.of(ForwardingKey.Kind.LOCAL_FDB, namespace, vni.get(), row.mac());
      var remote = ForwardingKey.of(ForwardingKey.Kind.BRIDGE_FDB, namespace, vni.get(), row.mac());
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

  /** In the database of a VXLAN device. */
  private Map<ForwardingKey, Optional<ForwardingObject>> ownChanges(
      FdbEntry row, ForwardingObject object, boolean gone) {
    var key = object.key();
    if (gone) {
      return strays.remove(key, row) ? Map.of() : Map.of(key, Optional.empty());
    }
    if (object instanceof ForwardingObject.FloodEntry flood && StrayFloods.isStray(row)) {
      strays.add(key, row);
      return Map.of(key, Optional.of(StrayFloods.damaged(flood)));
    }
    return Map.of(key, Optional.of(object));
  }

  /** As for a forwarding database; an entry that no longer lasts is gone for us. */
  Map<ForwardingKey, Optional<ForwardingObject>> changes(Neighbour row, boolean gone) {
    var changes = new TreeMap<ForwardingKey, Optional<ForwardingObject>>();
    links
        .sender(row.link())
        .ifPresent(
            vni ->
                changes.put(
                    ForwardingKey.of(
                        ForwardingKey.Kind.SENDING_NEIGHBOUR, namespace, vni, row.address()),
                    gone ? Optional.empty() : object(row)));
    links
        .bridge(row.link())
        .ifPresent(
            vni ->
                changes.put(
                    ForwardingKey.of(ForwardingKey.Kind.NEIGHBOUR, namespace, vni, row.address()),
                    gone ? Optional.empty() : object(row)));
    return changes;
  }

  /**
   * An address of one of our bridges, a gateway's, or of the way out. The link-local ones of a
   * bridge are the kernel's, but for the one that we give it.
   */
  Optional<ForwardingObject> object(Address row) {
    if (links.link(row.link()).filter(Translation::isEgress).isPresent()) {
      return Optional.<ForwardingObject>of(
              new EgressObject.EgressAddress(
                  namespace, EgressObject.EgressLink.NAME, row.address(), row.prefixLength()))
          .filter(_ -> EgressPorts.isKept(row));
    }
    return row.address().isLinkLocal() && !isOurs(row)
        ? Optional.empty()
        : links
            .bridge(row.link())
            .map(
                vni ->
                    new ForwardingObject.GatewayAddress(
                        namespace, vni, row.address(), row.prefixLength()));
  }

  private boolean isOurs(Address linkLocal) {
    return linkLocal.address().equals(AddressPlan.GATEWAY_LINK_LOCAL)
        || links
            .link(linkLocal.link())
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
}
