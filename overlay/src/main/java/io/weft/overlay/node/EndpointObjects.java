package io.weft.overlay.node;

import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
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
        endpoint.declared());
  }

  /**
   * All of it.
   *
   * @param standby nothing comes out of its port: that is locked, and no MAC may pass
   */
  static List<ForwardingObject> of(EndpointPort port, boolean standby) {
    var objects = new ArrayList<ForwardingObject>();
    objects.add(port);
    if (!standby) {
      objects.add(new LocalFdbEntry(port.namespace(), port.vni(), port.mac(), port.port()));
    }
    if (port.link().orElse(null) instanceof NodeLink.Tap(var tap)) {
      objects.add(new TapPort(tap, port.port(), port.mtu()));
    }
    return objects;
  }

  /** The keys of {@link #of}. */
  static List<ForwardingKey> keys(String namespace, Vni vni, Endpoint endpoint, boolean standby) {
    var keys = new ArrayList<ForwardingKey>();
    keys.add(new ForwardingKey(Kind.PORT, namespace, 0, endpoint.port()));
    if (!standby) {
      keys.add(ForwardingKey.of(Kind.LOCAL_FDB, namespace, vni, endpoint.mac()));
    }
    if (endpoint.link().orElse(null) instanceof NodeLink.Tap(var tap)) {
      keys.add(TapPort.key(tap));
    }
    return keys;
  }
}
