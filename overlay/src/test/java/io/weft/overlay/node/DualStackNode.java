package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macOf;
import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;

import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Route;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** A node with VTEPs of both families, and what others say to it. */
abstract class DualStackNode {
  static final Vni VNI = new Vni(100);
  static final Vni L3 = new Vni(5001);
  static final RouteTarget TARGET = RouteTarget.automatic(OneNode.AS, L3);
  static final NetworkIntent WEB = network("web", "red", 100);
  static final IpAddress V4 = OneNode.VTEP;
  static final IpAddress V6 = IpAddress.parse("fd00::1");
  static final Ipv4Address ROUTER = Ipv4Address.parse("10.0.0.1");
  static final Underlay BOTH = underlay(V4, V6);
  static final String MAC = "192.168.1.20";
  final OneNode one = new OneNode();

  static Underlay underlay(IpAddress... vteps) {
    return new Underlay(List.of(vteps), ROUTER, 1500, true);
  }

  void start(Underlay underlay, NetworkIntent... networks) {
    one.underlay = underlay;
    one.start(networks);
    one.attach(request("a", "web", "192.168.1.10"));
  }

  void change(Underlay underlay) {
    one.give(new NodeEvent.UnderlayChanged(Optional.of(underlay), ""));
  }

  static RouteDistinguisher rd(int node, boolean ipv6, int number) {
    return RouteDistinguisher.of(
        Ipv4Address.parse("10.0.0." + node), ipv6 ? number ^ 0x8000 : number);
  }

  static String vtep(int node, boolean ipv6) {
    return ipv6 ? "fd00::" + node : "10.0.0." + node;
  }

  static Route flood(int node, boolean ipv6) {
    return new InclusiveMulticast(rd(node, ipv6, 100), 0, IpAddress.parse(vtep(node, ipv6)));
  }

  static Route mac(int node, boolean ipv6, String ip) {
    return new MacIpAdvertisement(
        rd(node, ipv6, 100),
        Esi.ZERO,
        0,
        macOf(ip),
        Optional.of(IpAddress.parse(ip)),
        100,
        OptionalInt.empty());
  }

  void say(Route route, int node, boolean ipv6, ExtendedCommunity... more) {
    one.say(route, OneNode.attributes(vtep(node, ipv6), 100, more));
  }

  List<String> floodList() {
    return one.kernel(Kind.FLOOD).stream()
        .map(row -> ((FloodEntry) row).vtep().toString())
        .toList();
  }

  static List<ForwardingObject> rows(String ip, String vtep) {
    var address = IpAddress.parse(vtep);
    return List.of(
        new VxlanFdbEntry("weft-red", VNI, macOf(ip), address, VNI),
        new BridgeFdbEntry("weft-red", VNI, macOf(ip), !address.isIpv4()));
  }

  List<ForwardingObject> rows() {
    return Stream.of(Kind.VXLAN_FDB, Kind.BRIDGE_FDB)
        .flatMap(kind -> one.kernel(kind).stream())
        .toList();
  }
}
