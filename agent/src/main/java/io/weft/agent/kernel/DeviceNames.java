package io.weft.agent.kernel;

import io.weft.linux.netlink.BridgePort;
import io.weft.net.IpAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.EgressObject;
import io.weft.overlay.forwarding.ForwardingObject;
import java.util.List;
import java.util.Optional;

/**
 * The names of our devices in a tenant's namespace, which follow from the VNI. Where nodes have
 * VTEPs of both families, those of IPv6 have a name of their own (decisions/0023).
 */
final class DeviceNames {
  private static final String BRIDGE = "br";
  private static final String VXLAN = "vx";
  private static final String VXLAN_IPV6 = "vy";
  private static final String SENDING = "to";
  private static final String SENDING_IPV6 = "ty";

  /** How the names of all vxlan ports begin. */
  static final List<String> TUNNELS = List.of(VXLAN, VXLAN_IPV6);

  private DeviceNames() {}

  static String bridge(Vni vni) {
    return BRIDGE + vni;
  }

  static Optional<Vni> ofBridge(String name) {
    return vniIn(name, BRIDGE);
  }

  /**
   * A vxlan port.
   *
   * @param dual nodes have VTEPs of both families
   */
  static String vxlan(Vni vni, IpAddress local, boolean dual) {
    return (dual && !local.isIpv4() ? VXLAN_IPV6 : VXLAN) + vni;
  }

  /** The names that the port towards VTEPs of a family may have, the one that stands first. */
  static List<String> vxlan(Vni vni, boolean ipv6) {
    return ipv6 ? List.of(VXLAN_IPV6 + vni, VXLAN + vni) : List.of(VXLAN + vni);
  }

  static Optional<Vni> ofVxlan(String name) {
    return vniIn(name, VXLAN).or(() -> vniIn(name, VXLAN_IPV6));
  }

  /**
   * A device that only sends into a foreign VNI.
   *
   * @param second that of IPv6 where nodes have VTEPs of both families
   */
  static String sendingPort(Vni foreign, boolean second) {
    return (second ? SENDING_IPV6 : SENDING) + foreign;
  }

  /** As {@link #vxlan(Vni, boolean)}, of a device that only sends. */
  static List<String> sending(Vni foreign, boolean ipv6) {
    return ipv6 ? List.of(SENDING_IPV6 + foreign, SENDING + foreign) : List.of(SENDING + foreign);
  }

  static Optional<Vni> ofSending(String name) {
    return vniIn(name, SENDING).or(() -> vniIn(name, SENDING_IPV6));
  }

  /**
   * How a vxlan port is set: what came in by one of two leaves by no other.
   *
   * @param unknown frames to MACs that the bridge does not know leave by it
   */
  static BridgePort tunnel(boolean dual, boolean unknown) {
    return BridgePort.TUNNEL.withIsolated(dual).withUnicastFlood(unknown);
  }

  /** How an endpoint's port is set: locked to what is announced, or open to what is learned. */
  static BridgePort port(boolean learn) {
    return learn ? BridgePort.LEARNING : BridgePort.PINNED;
  }

  /**
   * Whether an object is a device that keeps what exists once outside of its namespace: a VNI of
   * the underlay, a name in a pod. The kernel empties a namespace in its own time after the name is
   * gone (cleanup_net, net/core/net_namespace.c); until then both are taken.
   */
  static boolean isHeldOutside(ForwardingObject object) {
    return object instanceof ForwardingObject.VxlanPort
        || object instanceof ForwardingObject.SendingPort
        || object instanceof ForwardingObject.EndpointPort
        || object instanceof EgressObject.EgressLink;
  }

  private static Optional<Vni> vniIn(String name, String prefix) {
    if (!name.matches(prefix + "[1-9][0-9]{0,7}")) {
      return Optional.empty();
    }
    int value = Integer.parseInt(name.substring(prefix.length()));
    return value > Vni.MAX ? Optional.empty() : Optional.of(new Vni(value));
  }
}
