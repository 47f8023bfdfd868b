package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.net.IpAddress;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.NodeLink;
import io.weft.overlay.node.NodeView;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A node's view as JSON: {@code status}, {@code networks}, and the answer to an attach call. */
public final class NodeJson {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private NodeJson() {}

  /**
   * The node as a whole.
   *
   * @param problems of the configuration, in words
   */
  public static ObjectNode status(NodeView view, List<String> problems) {
    var document = NODES.objectNode();
    document.put("role", "node").put("name", view.name());
    view.underlay()
        .ifPresentOrElse(
            underlay -> {
              document.put("vtep", underlay.vtep().toString());
              if (underlay.dual()) {
                BgpJson.texts(
                    document.putArray("vteps"),
                    underlay.vteps().stream().map(IpAddress::toString).toList());
              }
              document.put("underlayMtu", underlay.mtu());
              document.put("overlayMtu", underlay.overlayMtu());
            },
            () -> document.put("vtepMissing", view.underlayReason()));
    view.bgp()
        .ifPresent(
            bgp -> {
              document.put("asn", bgp.as().value()).put("routerId", bgp.routerId().toString());
              var peers = document.putObject("peers");
              peers.put("configured", bgp.peers().size());
              peers.put("established", bgp.established());
            });
    document.put("converged", view.converged());
    var kernel = document.putObject("kernel");
    kernel.put("objects", view.kernelObjects()).put("pending", view.kernelPending());
    kernel.put("writes", view.kernelWrites());
    var failures = kernel.putArray("failures");
    for (var failure : view.kernelFailures()) {
      failures
          .addObject()
          .put("object", failure.key().toString())
          .put("reason", failure.reason())
          .put("attempts", failure.attempts());
    }
    endpoints(view, document);
    waiting(view, document);
    attaching(view, document);
    unusedRoutes(view, document);
    BgpJson.texts(document.putArray("problems"), problems);
    return document;
  }

  /**
   * MACs that are here and elsewhere.
   *
   * @param nowNanos on the clock of the node
   */
  public static ArrayNode duplicates(NodeView view, long nowNanos) {
    var duplicates = NODES.arrayNode();
    for (var duplicate : view.duplicates()) {
      var node = duplicates.addObject();
      node.put("mac", duplicate.mac().toString()).put("network", duplicate.network());
      node.put("endpoint", duplicate.endpoint());
      duplicate.vtep().ifPresent(vtep -> node.put("vtep", vtep.toString()));
      node.put("moves", duplicate.moves());
      node.put("seconds", TimeUnit.NANOSECONDS.toSeconds(nowNanos - duplicate.sinceNanos()));
      long left = Math.max(0, duplicate.recoverAtNanos() - nowNanos);
      node.put("recoversInSeconds", TimeUnit.NANOSECONDS.toSeconds(left));
    }
    return duplicates;
  }

  private static void endpoints(NodeView view, ObjectNode document) {
    var endpoints = document.putArray("endpoints");
    for (var each : view.endpoints()) {
      var node = endpoints.addObject();
      var endpoint = each.endpoint();
      node.put("name", endpoint.name()).put("network", endpoint.network());
      node.put("attached", each.attached()).put("sticky", endpoint.sticky());
      node.put("declared", endpoint.declared());
      endpoint.link().ifPresent(link -> link(node, link));
      node.put("port", endpoint.port());
      if (endpoint.learn()) {
        node.put("learn", true);
      }
      if (!endpoint.mac().isZero()) {
        node.put("mac", endpoint.mac().toString());
      }
      BgpJson.texts(node.putArray("addresses"), endpoint.addresses());
      if (!endpoint.cluster().addresses().isEmpty()) {
        BgpJson.texts(node.putArray("clusterAddresses"), endpoint.cluster().addresses());
      }
      if (!endpoint.prefixes().isEmpty()) {
        BgpJson.texts(node.putArray("prefixes"), endpoint.prefixes());
      }
    }
  }

  /** Calls that wait. */
  private static void attaching(NodeView view, ObjectNode document) {
    var calls = document.putArray("attaching");
    view.attaching()
        .forEach(
            (endpoint, waitsFor) ->
                calls.addObject().put("endpoint", endpoint).put("waitsFor", waitsFor));
  }

  /** What resources declare and what is not so. */
  private static void waiting(NodeView view, ObjectNode document) {
    var waiting = document.putArray("waitingEndpoints");
    for (var each : view.waitingEndpoints()) {
      var node = waiting.addObject().put("name", each.name()).put("network", each.network());
      each.link().ifPresent(link -> link(node, link));
      node.put("reason", each.reason());
    }
  }

  private static void link(ObjectNode node, NodeLink link) {
    switch (link) {
      case NodeLink.Device(var name) -> node.put("link", name);
      case NodeLink.Vlan(var name, int id) -> node.put("link", name).put("vlan", id);
      case NodeLink.Tap(var name) -> node.put("tap", name);
    }
  }

  /** What leads nowhere on this node although a tenant imports it. */
  private static void unusedRoutes(NodeView view, ObjectNode document) {
    if (view.unusedRoutes().isEmpty()) {
      return;
    }
    var unused = document.putArray("unusedRoutes");
    for (var tenant : view.unusedRoutes()) {
      for (var reason : tenant.reasons()) {
        unused.addObject().put("tenant", tenant.tenant()).put("reason", reason);
      }
    }
  }

  /** The networks that the node knows, realised here or not. */
  public static ObjectNode networks(NodeView view) {
    var document = NODES.objectNode();
    var networks = document.putArray("networks");
    for (var network : view.networks()) {
      var node = networks.addObject();
      var intent = network.intent();
      node.put("name", intent.name());
      intent.tenant().ifPresent(tenant -> node.put("tenant", tenant));
      node.put("vni", intent.vni().value());
      node.put("namespace", network.namespace());
      node.put("realised", network.realised()).put("orphaned", network.orphaned());
      network.rd().ifPresent(rd -> node.put("rd", rd.toString()));
      node.put("mtu", network.mtu());
      node.put("localEndpoints", network.localEndpoints());
      node.put("remoteMacs", network.remoteMacs());
      node.put("floodTargets", network.floodTargets());
      BgpJson.texts(node.putArray("subnets"), intent.subnets());
      BgpJson.texts(
          node.putArray("gateways"), intent.gateways().stream().map(HostAddress::address).toList());
      BgpJson.texts(node.putArray("importTargets"), intent.importTargets());
      BgpJson.texts(node.putArray("exportTargets"), intent.exportTargets());
    }
    return document;
  }

  /** What an attached endpoint got. */
  public static ObjectNode attached(Attached attached) {
    var document = NODES.objectNode();
    document.put("endpoint", attached.endpoint()).put("network", attached.network());
    document.put("vni", attached.vni().value()).put("interface", attached.interfaceName());
    if (!attached.mac().isZero()) {
      document.put("mac", attached.mac().toString());
    }
    document.put("mtu", attached.mtu());
    BgpJson.texts(document.putArray("addresses"), attached.addresses());
    BgpJson.texts(document.putArray("gateways"), attached.gateways());
    if (!attached.cluster().isEmpty()) {
      BgpJson.texts(document.putArray("clusterAddresses"), attached.cluster());
    }
    return document;
  }
}
