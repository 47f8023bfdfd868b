package io.weft.overlay.node;

import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.TapPort;
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

  /** The keys of {@link #of}. */
  static List<ForwardingKey> keys(String namespace, Endpoint endpoint) {
    var keys = new ArrayList<ForwardingKey>();
    keys.add(new ForwardingKey(Kind.PORT, namespace, 0, endpoint.port()));
    if (endpoint.link().orElse(null) instanceof NodeLink.Tap(var tap)) {
      keys.add(TapPort.key(tap));
    }
    return keys;
  }
}
