package io.weft.agent.kernel;

import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.FdbKind;
import io.weft.linux.netlink.FdbTable;
import io.weft.linux.netlink.MdbEntry;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Vxlan;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.EgressObject;
import io.weft.overlay.forwarding.ForwardingObject;
import java.util.List;
import java.util.Optional;

/** Rows of the forwarding databases as we write them (EVPN on Linux: extern_learn). */
final class Rows {
  /** RTPROT_BGP (linux/rtnetlink.h): who set our neighbours and rows. */
  static final int PROTOCOL = 186;

  /** Behind what an administrator sets by hand, before the end of the namespace. */
  static final int METRIC = 20;

  /** The group of all sending devices, for the rules; the number says nothing. */
  static final int SENDING_GROUP = Vxlan.SENDING_PORT;

  private Rows() {}

  /** Behind routes of the tenant's own: an external gateway's default route comes first. */
  static final int EGRESS_METRIC = 1000;

  /** Behind every route that leads anywhere, to the same prefix. */
  static final int DEAD_END_METRIC = 2000;

  static Route route(int link, EgressObject.EgressRoute entry) {
    return Route.of(entry.prefix(), NextHop.via(entry.via(), link)).withMetric(EGRESS_METRIC);
  }

  static Route route(EgressObject.DeadEnd entry) {
    return Route.unreachable(entry.prefix()).withMetric(DEAD_END_METRIC);
  }

  /** A next hop is the VTEP itself, which no prefix of the tenant's covers. */
  static Route route(ForwardingObject.TenantRoute entry, List<Integer> devices) {
    var hops = new NextHop[devices.size()];
    for (int i = 0; i < hops.length; i++) {
      hops[i] = NextHop.onlink(entry.hops().get(i).via(), devices.get(i));
    }
    return Route.of(entry.prefix(), hops).withProtocol(PROTOCOL).withMetric(METRIC);
  }

  /** Before what other nodes say of the prefix. */
  static final int ENDPOINT_METRIC = 10;

  static Route route(ForwardingObject.EndpointRoute entry, List<Integer> devices) {
    var hops = new NextHop[devices.size()];
    for (int i = 0; i < hops.length; i++) {
      hops[i] = NextHop.via(entry.hops().get(i).via(), devices.get(i));
    }
    return of(entry, hops);
  }

  /** What stands for the prefix, whoever is behind it. */
  static Route anyRoute(ForwardingObject.EndpointRoute entry) {
    return of(entry);
  }

  private static Route of(ForwardingObject.EndpointRoute entry, NextHop... hops) {
    return Route.of(entry.prefix(), hops)
        .withProtocol(entry.learned() ? PROTOCOL : Route.STATIC)
        .withMetric(ENDPOINT_METRIC);
  }

  /** What stands for the prefix, wherever it leads: there is one of ours. */
  static Route anyRoute(ForwardingObject.TenantRoute entry) {
    return Route.of(entry.prefix()).withProtocol(PROTOCOL).withMetric(METRIC);
  }

  static FdbEntry sending(int device, ForwardingObject.SendingFdbEntry entry) {
    return sendingOfMac(device, entry)
        .to(entry.vtep())
        .withDestinationVni(entry.vni())
        .withDestinationPort(Vxlan.PORT);
  }

  /** Without a destination the kernel deletes whatever the MAC has. */
  static FdbEntry sendingOfMac(int device, ForwardingObject.SendingFdbEntry entry) {
    return new FdbEntry(
        device, entry.mac(), FdbTable.SELF, Optional.empty(), FdbKind.EXTERN_LEARNED, false);
  }

  static FdbEntry vxlan(int device, ForwardingObject.VxlanFdbEntry entry) {
    var row =
        new FdbEntry(
            device,
            entry.mac(),
            FdbTable.SELF,
            Optional.of(entry.vtep()),
            FdbKind.EXTERN_LEARNED,
            false);
    return inVni(row, entry.vni(), entry.destinationVni());
  }

  /** Without a destination the kernel deletes whatever the MAC has. */
  static FdbEntry vxlanOfMac(int device, ForwardingObject.VxlanFdbEntry entry) {
    return new FdbEntry(
        device, entry.mac(), FdbTable.SELF, Optional.empty(), FdbKind.EXTERN_LEARNED, false);
  }

  static FdbEntry local(int port, ForwardingObject.LocalFdbEntry entry) {
    return new FdbEntry(
        port, entry.mac(), FdbTable.MASTER, Optional.empty(), FdbKind.STATIC, entry.fixed());
  }

  /** The kernel passes NTF_STICKY over where NTF_EXT_LEARNED is beside it. */
  static FdbEntry bridge(int device, ForwardingObject.BridgeFdbEntry entry) {
    var kind = entry.fixed() ? FdbKind.STATIC : FdbKind.EXTERN_LEARNED;
    return new FdbEntry(
        device, entry.mac(), FdbTable.MASTER, Optional.empty(), kind, entry.fixed());
  }

  static FdbEntry flood(int device, ForwardingObject.FloodEntry entry) {
    return inVni(FdbEntry.flood(device, entry.vtep()), entry.vni(), entry.destinationVni());
  }

  static MdbEntry multicast(int device, ForwardingObject.MulticastEntry entry) {
    return entry.destinationVni().isEmpty()
        ? MdbEntry.discard(device, entry.group(), entry.vtep())
        : MdbEntry.remote(
            device,
            entry.group(),
            entry.source(),
            entry.vtep(),
            entry.destinationVni().filter(vni -> !vni.equals(entry.vni())));
  }

  /** The kernel tells a VNI only where it is not the device's own: so do we. */
  private static FdbEntry inVni(FdbEntry row, Vni own, Vni destination) {
    return destination.equals(own) ? row : row.withDestinationVni(destination);
  }
}
