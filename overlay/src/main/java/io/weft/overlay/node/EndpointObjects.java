package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.TapPort;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.NodeLink;
import java.util.ArrayList;
import java.util.List;

/** What one endpoint needs in the kernel for itself. */
final class EndpointObjects {
  private EndpointObjects() {}

  /** Its port of the bridge. What is behind a link of the node has its routes from elsewhere. */
  static EndpointPort port(String namespace, NetworkIntent network, Endpoint endpoint, int mtu) {
    return new EndpointPort(
        namespace,
        endpoint.port(),
        network.vni(),
        endpoint.name(),
        endpoint.network(),
        endpoint.mac(),
        endpoint.addresses().stream().map(HostAddress::address).toList(),
        endpoint.sticky(),
        mtu,
        endpoint.link().isPresent() ? List.of() : network.gatewaysOf(endpoint.addresses()),
        endpoint.pod(),
        endpoint.link(),
        endpoint.declared(),
        endpoint.learn());
  }

  /** Its port and what that stands on. Rows of MACs that pass a locked port are not among them. */
  static List<ForwardingObject> of(EndpointPort port) {
    var objects = new ArrayList<ForwardingObject>();
    objects.add(port);
    if (port.link().orElse(null) instanceof NodeLink.Tap(var tap)) {
      objects.add(new TapPort(tap, port.port(), port.mtu()));
    }
    return objects;
  }

  /** What it leads to is not there, and cannot be had. */
  static boolean isLost(EndpointPort port, ForwardingPlan plan) {
    return plan.isGone(port.key()) && plan.failure(port.key()).isPresent();
  }

  /** The keys of {@link #of}. */
  static List<ForwardingKey> keys(String namespace, Endpoint endpoint) {
    var keys = new ArrayList<ForwardingKey>();
    keys.add(new ForwardingKey(Kind.PORT, namespace, 0, endpoint.port()));
    if (endpoint.link().orElse(null) instanceof NodeLink.Tap(var tap)) {
      keys.add(TapPort.key(tap));
    }
    return keys;
  }

  /**
   * What must stand before the endpoint is attached, in the order in which it is made. A kernel
   * that refuses to route IPv6 is no reason to be without IPv4: that is only reported.
   */
  static List<ForwardingKey> required(
      Endpoint endpoint,
      SegmentDevices devices,
      SegmentRows rows,
      IpAddress vtep,
      ForwardingPlan plan) {
    var keys = new ArrayList<ForwardingKey>();
    keys.add(new ForwardingObject.TenantNamespace(rows.namespace()).key());
    keys.add(devices.bridge().key());
    devices.gateways().forEach(gateway -> keys.add(gateway.key()));
    keys.add(rows.port(vtep));
    keys.addAll(keys(rows.namespace(), endpoint));
    keys.add(rows.local(endpoint.mac()));
    for (var prefix : endpoint.routed()) {
      keys.add(ForwardingObject.EndpointRoute.key(rows.namespace(), prefix));
    }
    // What is behind it goes with the tenant's routing, which may be gone; its MAC may be
    // elsewhere.
    keys.removeIf(
        key ->
            (key.kind() == Kind.ENDPOINT_ROUTE || key.kind() == Kind.LOCAL_FDB)
                && plan.desired(key).isEmpty());
    return keys;
  }
}
