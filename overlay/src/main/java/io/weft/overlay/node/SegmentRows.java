package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.function.Function;

/**
 * The ports and rows by which one VNI's frames leave this node: a vxlan port for each of its VTEPs,
 * and what is behind them.
 */
record SegmentRows(String namespace, Vni vni, Underlay underlay) {
  /** One for each VTEP; {@code mac} gives the port's own MAC. */
  List<VxlanPort> ports(Function<IpAddress, MacAddress> mac, int mtu) {
    return underlay.vteps().stream()
        .map(vtep -> new VxlanPort(namespace, vni, vtep, mac.apply(vtep), mtu, underlay.dual()))
        .toList();
  }

  /** The key of the port of one of our VTEPs, or towards another node's. */
  ForwardingKey port(IpAddress vtep) {
    return ForwardingKey.vxlanPort(namespace, vni, vtep);
  }

  /** A MAC that may move, behind a VTEP that wants {@code wanted} as VNI. */
  List<ForwardingObject> rows(MacAddress mac, IpAddress vtep, Vni wanted) {
    return rows(mac, vtep, wanted, false);
  }

  /** A MAC behind a VTEP that wants {@code wanted} as VNI. */
  List<ForwardingObject> rows(MacAddress mac, IpAddress vtep, Vni wanted, boolean fixed) {
    return List.of(
        new VxlanFdbEntry(namespace, vni, mac, vtep, wanted),
        new BridgeFdbEntry(namespace, vni, mac, !vtep.isIpv4(), fixed));
  }

  /** The key of the row of a MAC behind a port of this node. */
  ForwardingKey local(MacAddress mac) {
    return ForwardingKey.of(ForwardingKey.Kind.LOCAL_FDB, namespace, vni, mac);
  }

  /** The keys of all rows that the MAC may have: here, or over whichever family. */
  List<ForwardingKey> keys(MacAddress mac) {
    var keys = new ArrayList<ForwardingKey>();
    for (var vtep : underlay.vteps()) {
      keys.add(ForwardingKey.vxlanRow(namespace, vni, mac, vtep));
    }
    keys.add(ForwardingKey.of(ForwardingKey.Kind.BRIDGE_FDB, namespace, vni, mac));
    keys.add(local(mac));
    return keys;
  }

  /** Copies of broadcast frames, by VTEP and the VNI that it wants. */
  List<ForwardingObject> flood(SortedMap<IpAddress, Vni> list) {
    var rows = new ArrayList<ForwardingObject>();
    list.forEach((vtep, wanted) -> rows.add(new FloodEntry(namespace, vni, vtep, wanted)));
    return rows;
  }

  /** The key of what answers for an address. */
  ForwardingKey neighbour(IpAddress ip) {
    return ForwardingKey.of(ForwardingKey.Kind.NEIGHBOUR, namespace, vni, ip);
  }
}
