package io.weft.simulation;

import io.weft.net.Vni;
import io.weft.overlay.forwarding.EgressObject;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.MovedMac;
import io.weft.overlay.forwarding.TenantHop;
import io.weft.overlay.forwarding.UnknownUnicast;
import java.util.ArrayList;
import java.util.List;

/** What stands on what in a kernel. */
final class Grounds {
  private Grounds() {}

  /** A row of a bridge or a flag of its port, which is its device's. */
  static boolean isOfBridge(ForwardingObject object) {
    return object instanceof ForwardingObject.LocalFdbEntry
        || object instanceof ForwardingObject.BridgeFdbEntry
        || object instanceof UnknownUnicast;
  }

  /** True when others may stand on it. */
  static boolean isGround(Kind kind) {
    return switch (kind) {
      case NAMESPACE, EGRESS_FILTER, EGRESS_LINK, EGRESS_PORT, BRIDGE, VXLAN, PORT, SENDING_PORT ->
          true;
      case UNDERLAY_ROUTE,
          EGRESS_ADDRESS,
          EGRESS_ROUTE,
          DEAD_END,
          GATEWAY,
          IPV6_ROUTING,
          LOCAL_FDB,
          TAP,
          ENDPOINT_ROUTE,
          VXLAN_FDB,
          BRIDGE_FDB,
          FLOOD,
          UNKNOWN_UNICAST,
          MULTICAST,
          MOVED_MAC,
          NEIGHBOUR,
          SENDING_FDB,
          SENDING_NEIGHBOUR,
          TRANSIT_GUARD,
          TENANT_ROUTE ->
          false;
    };
  }

  /** What must stand for an object to be made. */
  static List<ForwardingKey> needs(ForwardingObject object) {
    if (isOfBridge(object)) { // which bridge it is, its device tells
      return grounds(object).subList(0, 1);
    }
    var needs = new ArrayList<>(grounds(object));
    switch (object) {
      case ForwardingObject.EndpointPort port ->
          needs.addAll(device(Kind.BRIDGE, port.namespace(), port.vni()));
      case ForwardingObject.VxlanPort port ->
          needs.addAll(device(Kind.BRIDGE, port.namespace(), port.vni()));
      default -> {}
    }
    return needs;
  }

  /** What an object stands on; a port outlives its bridge, as in Linux, but not unharmed. */
  static List<ForwardingKey> grounds(ForwardingObject object) {
    var space = object.namespace();
    return switch (object) {
      case ForwardingObject.UnderlayRoute _,
          ForwardingObject.TenantNamespace _,
          ForwardingObject.TapPort _ ->
          List.of();
      case EgressObject.EgressFilter _ when space.isEmpty() -> List.of();
      case ForwardingObject.Ipv6Routing routing -> List.of(routed(routing));
      case ForwardingObject.Bridge _,
          ForwardingObject.EndpointPort _,
          ForwardingObject.VxlanPort _,
          EgressObject.EgressFilter _,
          EgressObject.DeadEnd _,
          ForwardingObject.SendingPort _,
          ForwardingObject.TransitGuard _ ->
          List.of(new ForwardingKey(Kind.NAMESPACE, space, 0, ""));
      case EgressObject.EgressLink _ ->
          List.of(new ForwardingKey(Kind.EGRESS_FILTER, space, 0, ""));
      case EgressObject.EgressPort port ->
          List.of(new ForwardingKey(Kind.EGRESS_LINK, port.tenant(), 0, ""));
      case EgressObject.EgressAddress address ->
          space.isEmpty()
              ? List.of(new ForwardingKey(Kind.EGRESS_PORT, "", 0, address.device()))
              : List.of(new ForwardingKey(Kind.EGRESS_LINK, space, 0, ""));
      case EgressObject.EgressRoute _ when space.isEmpty() -> List.of();
      case EgressObject.EgressRoute _ -> List.of(new ForwardingKey(Kind.EGRESS_LINK, space, 0, ""));
      case ForwardingObject.LocalFdbEntry entry ->
          List.of(
              new ForwardingKey(Kind.PORT, space, 0, entry.port()),
              new ForwardingKey(Kind.BRIDGE, space, entry.vni().value(), ""));
      case ForwardingObject.VxlanFdbEntry entry ->
          List.of(ForwardingKey.vxlanPort(space, entry.vni(), entry.vtep()));
      case ForwardingObject.BridgeFdbEntry entry ->
          List.of(
              ForwardingKey.vxlanPort(space, entry.vni(), entry.ipv6()),
              new ForwardingKey(Kind.BRIDGE, space, entry.vni().value(), ""));
      case UnknownUnicast flag ->
          List.of(
              ForwardingKey.vxlanPort(space, flag.vni(), flag.ipv6()),
              new ForwardingKey(Kind.BRIDGE, space, flag.vni().value(), ""));
      case ForwardingObject.MulticastEntry entry ->
          List.of(ForwardingKey.vxlanPort(space, entry.vni(), entry.vtep()));
      case ForwardingObject.FloodEntry entry ->
          List.of(ForwardingKey.vxlanPort(space, entry.vni(), entry.vtep()));
      case MovedMac moved -> List.of(ForwardingKey.vxlanPort(space, moved.vni(), moved.ipv6()));
      case ForwardingObject.NeighbourEntry entry -> device(Kind.BRIDGE, space, entry.vni());
      case ForwardingObject.GatewayAddress entry -> device(Kind.BRIDGE, space, entry.vni());
      case ForwardingObject.SendingFdbEntry entry ->
          List.of(ForwardingKey.sendingPort(space, entry.vni(), entry.vtep()));
      case ForwardingObject.SendingNeighbour entry ->
          List.of(ForwardingKey.sendingPort(space, entry.vni(), entry.vtep()));
      case ForwardingObject.EndpointRoute entry ->
          entry.hops().stream()
              .flatMap(hop -> device(Kind.BRIDGE, space, hop.vni()).stream())
              .toList();
      case ForwardingObject.TenantRoute entry ->
          entry.hops().stream().map(hop -> device(space, hop)).toList();
    };
  }

  /** The device whose packets are routed. */
  private static ForwardingKey routed(ForwardingObject.Ipv6Routing routing) {
    var device = routing.device();
    return device.equals(EgressObject.EgressLink.NAME)
        ? new ForwardingKey(Kind.EGRESS_LINK, routing.namespace(), 0, "")
        : new ForwardingKey(
            Kind.BRIDGE, routing.namespace(), Integer.parseInt(device.substring(2)), "");
  }

  /** That a way leads over. */
  static ForwardingKey device(String namespace, TenantHop hop) {
    return hop.foreign()
        ? ForwardingKey.sendingPort(namespace, hop.vni(), hop.via())
        : new ForwardingKey(Kind.BRIDGE, namespace, hop.vni().value(), "");
  }

  private static List<ForwardingKey> device(Kind kind, String namespace, Vni vni) {
    return List.of(new ForwardingKey(kind, namespace, vni.value(), ""));
  }
}
