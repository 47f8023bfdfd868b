package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.StableHash;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The devices of one network on a node, and the gateways on them, without what is behind them.
 *
 * @param node name of the node
 */
record SegmentDevices(String namespace, String node, NetworkIntent intent, Underlay underlay) {
  /** MTU of the segment's interfaces: what was asked for, never more than the underlay carries. */
  int mtu() {
    int possible = underlay.overlayMtu();
    return Math.min(possible, intent.mtu().orElse(possible));
  }

  /** All of them, in the order in which they are made. */
  List<ForwardingObject> objects() {
    var objects = new ArrayList<ForwardingObject>();
    objects.add(bridge());
    ipv6Routing().ifPresent(objects::add);
    objects.addAll(gateways());
    objects.addAll(vxlanPorts());
    return objects;
  }

  ForwardingObject.Bridge bridge() {
    boolean routed = intent.isRouted();
    var mac = routed ? AddressPlan.GATEWAY_MAC : deviceMac("bridge");
    return new ForwardingObject.Bridge(
        namespace, intent.vni(), mac, mtu(), intent.isRouted(true), intent.multicast().snoops());
  }

  Optional<ForwardingObject> ipv6Routing() {
    return intent.isRouted(false)
        ? Optional.of(ForwardingObject.Ipv6Routing.of(namespace, intent.vni()))
        : Optional.empty();
  }

  List<ForwardingObject> gateways() {
    var objects = new ArrayList<ForwardingObject>();
    for (var gateway : intent.gateways()) {
      objects.add(
          new ForwardingObject.GatewayAddress(
              namespace, intent.vni(), gateway.address(), gateway.prefixLength()));
    }
    if (intent.isRouted(false)) {
      objects.add(
          new ForwardingObject.GatewayAddress(
              namespace, intent.vni(), AddressPlan.GATEWAY_LINK_LOCAL, 64));
    } else if (intent.multicast().snoops()) {
      objects.add(
          new ForwardingObject.GatewayAddress(
              namespace, intent.vni(), AddressPlan.linkLocal(bridge().mac()), 64));
    }
    return objects;
  }

  private List<ForwardingObject.VxlanPort> vxlanPorts() {
    return new SegmentRows(namespace, intent.vni(), underlay)
        .ports(vtep -> deviceMac(isSecond(vtep) ? "vxlan ipv6" : "vxlan"), mtu());
  }

  /** Beside a port of IPv4, or where there may be one. */
  private boolean isSecond(IpAddress vtep) {
    return underlay.dual() && !vtep.isIpv4();
  }

  /** Locally administered, the same at each start of this node: no neighbour is flushed. */
  private MacAddress deviceMac(String device) {
    long hash = StableHash.of(device + " " + intent.vni() + " " + node);
    return new MacAddress(0x0200_0000_0000L | (hash & 0x00ff_ffff_ffffL));
  }
}
