package io.weft.overlay.node;

import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.NodeLink;
import io.weft.overlay.forwarding.PodInterface;

/** What is answered to the call for an endpoint that stands. */
final class AttachReply {
  private AttachReply() {}

  static Attached of(NetworkInstance instance, Endpoint endpoint) {
    return new Attached(
        endpoint.name(),
        endpoint.network(),
        instance.intent().vni(),
        endpoint
            .link()
            .map(NodeLink::name)
            .or(() -> endpoint.pod().map(PodInterface::name))
            .orElse(""),
        endpoint.mac(),
        endpoint.addresses(),
        Attachments.gateways(
            instance.intent(), endpoint.addresses().stream().map(HostAddress::address).toList()),
        instance.mtu(),
        endpoint.cluster().addresses());
  }
}
