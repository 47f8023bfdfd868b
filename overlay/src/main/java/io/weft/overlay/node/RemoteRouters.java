package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.Ipv6Address;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.evpn.RemotePrefixes;
import io.weft.overlay.evpn.RemotePrefixes.RemotePrefix;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The devices, neighbours and forwarding rows by which one tenant reaches other VTEPs: over the
 * bridge of its L3 VNI, or over a sending device where a VTEP wants another VNI.
 */
final class RemoteRouters {
  private final String namespace;
  private final RemotePrefixes remote;
  private final SendingIds ids;
  private final OwnedObjects owned;
  private Vni l3Vni;
  private Underlay underlay;

  /** The MACs that a VTEP of ours has as a router. */
  private List<MacAddress> ourMacs;

  private boolean ipv6;

  RemoteRouters(
      String namespace,
      RemotePrefixes remote,
      SendingIds ids,
      OwnedObjects owned,
      Vni l3Vni,
      Underlay underlay) {
    this.namespace = namespace;
    this.remote = remote;
    this.ids = ids;
    this.owned = owned;
    this.l3Vni = l3Vni;
    this.underlay = underlay;
    this.ourMacs = macsOf(underlay);
  }

  private static List<MacAddress> macsOf(Underlay underlay) {
    return underlay.vteps().stream().map(AddressPlan::routerMac).toList();
  }

  void change(Vni newL3Vni, Underlay newUnderlay) {
    l3Vni = newL3Vni;
    underlay = newUnderlay;
    ourMacs = macsOf(underlay);
    retainIds();
  }

  /** Whether the tenant's IPv6 packets go to these routers too. */
  void speakIpv6(boolean speaks) {
    ipv6 = speaks;
  }

  /**
   * What a route to the prefix has for its next hop. A route of IPv6 cannot have an IPv4 address
   * there: it has the one that is mapped from it, as in FRR.
   */
  static IpAddress via(IpPrefix prefix, IpAddress vtep) {
    return prefix.address().isIpv4() ? vtep : ipv6Via(vtep);
  }

  private static IpAddress ipv6Via(IpAddress vtep) {
    return vtep instanceof Ipv4Address v4 ? Ipv6Address.mapped(v4) : vtep;
  }

  private void retainIds() {
    var foreign = remote.vnis();
    foreign.remove(l3Vni);
    ids.retain(namespace, foreign);
  }

  void close() {
    ids.retain(namespace, List.of());
  }

  /** Everything, for all VTEPs. */
  List<ForwardingObject> objects() {
    var objects = new ArrayList<ForwardingObject>();
    guard().ifPresent(objects::add);
    for (var vni : remote.vnis()) {
      objects.addAll(sendingPorts(vni));
      for (var vtep : remote.vteps(vni)) {
        objects.addAll(objects(vni, vtep));
      }
    }
    return objects;
  }

  /** True when the VTEP takes packets in this VNI from us. */
  boolean reaches(Vni vni, IpAddress vtep, MacAddress router) {
    boolean ourselves = underlay.isOurs(vtep);
    boolean ourMac = ourMacs.contains(router);
    if (ourselves != ourMac || underlay.towards(vtep).isEmpty()) {
      return false;
    }
    return vni.equals(l3Vni) ? !ourselves : ids.of(namespace, vni).isPresent();
  }

  private boolean reaches(Vni vni, IpAddress vtep) {
    return remote.router(vni, vtep).filter(mac -> reaches(vni, vtep, mac)).isPresent();
  }

  /** One for each of our VTEPs. Both may have one id: the kernel tells families apart. */
  private List<ForwardingObject> sendingPorts(Vni vni) {
    boolean wanted = !vni.equals(l3Vni) && remote.vteps(vni).iterator().hasNext();
    var id = Optional.of(vni).filter(_ -> wanted).flatMap(foreign -> ids.of(namespace, foreign));
    var ports = new ArrayList<ForwardingObject>();
    for (var vtep : id.isPresent() ? underlay.vteps() : List.<IpAddress>of()) {
      // Another than the router's: that one may be what it sends to, on this very node.
      var mac = new MacAddress(AddressPlan.routerMac(vtep).value() ^ 0x0008_0000_0000L);
      boolean second = underlay.dual() && !vtep.isIpv4();
      ports.add(
          new ForwardingObject.SendingPort(
              namespace, vni, id.get(), vtep, mac, underlay.overlayMtu(), second));
    }
    return ports;
  }

  private Optional<ForwardingObject> guard() {
    boolean foreign = remote.vnis().stream().anyMatch(vni -> !vni.equals(l3Vni));
    return foreign
        ? Optional.of(new ForwardingObject.TransitGuard(namespace, l3Vni))
        : Optional.empty();
  }

  /** Two VTEPs should not have one MAC; where they do, the lower has it. */
  private List<ForwardingObject> objects(Vni vni, IpAddress vtep) {
    var router = remote.router(vni, vtep);
    if (router.isEmpty() || !reaches(vni, vtep)) {
      return List.of();
    }
    var mac = router.get();
    var objects = new ArrayList<ForwardingObject>();
    boolean own = vni.equals(l3Vni);
    var vias = new TreeSet<IpAddress>(List.of(vtep));
    if (ipv6) {
      vias.add(ipv6Via(vtep));
    }
    for (var via : vias) {
      objects.add(
          own
              ? new ForwardingObject.NeighbourEntry(namespace, vni, via, mac)
              : new ForwardingObject.SendingNeighbour(namespace, vni, via, mac));
    }
    if (!isLowestWith(mac, vni, vtep)) {
      return objects;
    }
    if (own) {
      objects.addAll(new SegmentRows(namespace, vni, underlay).rows(mac, vtep, vni));
    } else {
      objects.add(new ForwardingObject.SendingFdbEntry(namespace, vni, mac, vtep));
    }
    return objects;
  }

  private boolean isLowestWith(MacAddress mac, Vni vni, IpAddress vtep) {
    for (var other : remote.vteps(vni)) {
      if (remote.router(vni, other).filter(mac::equals).isPresent() && reaches(vni, other)) {
        return other.equals(vtep);
      }
    }
    return false;
  }

  /** One VTEP as the receiver of packets in one VNI, with the MAC it has there. */
  record Receiver(Vni vni, IpAddress vtep, Optional<MacAddress> router) {}

  /** Those of the ways of before and after, as they are now, each once. */
  List<Receiver> receivers(List<RemotePrefix> before, List<RemotePrefix> after) {
    var receivers = new ArrayList<Receiver>(2);
    addReceivers(before, receivers);
    addReceivers(after, receivers);
    return receivers;
  }

  private void addReceivers(List<RemotePrefix> ways, List<Receiver> receivers) {
    for (var way : ways) {
      if (way.router().isPresent()) {
        var vni = way.router().get().vni();
        var receiver = new Receiver(vni, way.vtep(), remote.router(vni, way.vtep()));
        if (!receivers.contains(receiver)) {
          receivers.add(receiver);
        }
      }
    }
  }

  /** The VTEP takes packets in this VNI by another MAC than {@code before}, or no longer. */
  void refresh(Vni vni, IpAddress vtep, Optional<MacAddress> before) {
    var macs = new TreeSet<MacAddress>();
    before.ifPresent(macs::add);
    remote.router(vni, vtep).ifPresent(macs::add);
    var objects = new ArrayList<ForwardingObject>();
    var ports = sendingPorts(vni);
    objects.addAll(ports);
    guard().ifPresent(objects::add);
    for (var other : remote.vteps(vni)) {
      if (remote.router(vni, other).filter(macs::contains).isPresent()) {
        objects.addAll(objects(vni, other));
      }
    }
    owned.replace(keys(vni, vtep, macs), objects);
    if (ports.isEmpty() && !vni.equals(l3Vni)) {
      retainIds();
    }
  }

  private List<ForwardingKey> keys(Vni vni, IpAddress vtep, Iterable<MacAddress> macs) {
    var keys = new ArrayList<ForwardingKey>();
    keys.add(new ForwardingObject.TransitGuard(namespace, l3Vni).key());
    boolean own = vni.equals(l3Vni);
    var neighbours = own ? ForwardingKey.Kind.NEIGHBOUR : ForwardingKey.Kind.SENDING_NEIGHBOUR;
    if (!own) {
      for (var local : underlay.vteps()) {
        keys.add(ForwardingKey.sendingPort(namespace, vni, local));
      }
    }
    for (var via : new TreeSet<>(List.of(vtep, ipv6Via(vtep)))) {
      keys.add(ForwardingKey.of(neighbours, namespace, vni, via));
    }
    for (var mac : macs) {
      if (own) {
        keys.addAll(new SegmentRows(namespace, vni, underlay).keys(mac));
      } else {
        keys.add(ForwardingKey.of(ForwardingKey.Kind.SENDING_FDB, namespace, vni, mac));
      }
    }
    return keys;
  }
}
