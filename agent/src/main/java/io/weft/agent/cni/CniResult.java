package io.weft.agent.cni;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import java.util.List;

/** The answers as the CNI specification wants them (§ Result types, § Error). */
final class CniResult {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private CniResult() {}

  /** The answer to VERSION, in the version that was asked in. */
  static ObjectNode versions(String asked) {
    var document = NODES.objectNode().put("cniVersion", asked);
    var supported = document.putArray("supportedVersions");
    CniVersion.texts().forEach(supported::add);
    return document;
  }

  /**
   * The answer to a failed call.
   *
   * @param version that the caller speaks, as far as is known
   */
  static ObjectNode failure(String version, CniFailure failure) {
    var document = NODES.objectNode().put("cniVersion", version).put("code", failure.code());
    document.put("msg", failure.getMessage());
    if (!failure.details().isEmpty()) {
      document.put("details", failure.details());
    }
    return document;
  }

  /**
   * The answer to ADD: what earlier plugins made, and behind it what this one made.
   *
   * @param defaults gateways that the container's default routes lead to now
   */
  static ObjectNode added(
      CniCall call, Attached attached, String interfaceName, List<IpAddress> defaults) {
    var document = NODES.objectNode().put("cniVersion", call.version().text());
    call.previous().ifPresent(previous -> document.setAll((ObjectNode) previous.deepCopy()));
    document.put("cniVersion", call.version().text());
    var interfaces = array(document, "interfaces");
    link(call, interfaces, AddressPlan.portName(attached.endpoint()), attached);
    int inside = interfaces.size();
    link(call, interfaces, interfaceName, attached)
        .put("mac", attached.mac().toString())
        .put("sandbox", call.networkNamespace());
    var ips = array(document, "ips");
    for (var known : attached.cluster()) { // first: it is the pod's for the cluster
      ips.add(ip(call, new HostAddress(known, known.bits()), List.of(), inside));
    }
    for (var host : attached.addresses()) {
      ips.add(ip(call, host, attached.gateways(), inside));
    }
    if (!defaults.isEmpty()) {
      var routes = array(document, "routes");
      for (var gateway : defaults) {
        routes
            .addObject()
            .put("dst", new IpPrefix(gateway.masked(0), 0).toString())
            .put("gw", gateway.toString());
      }
    }
    dns(call, document);
    return document;
  }

  /** The answer to ADD where nothing was made: what earlier plugins made. */
  static ObjectNode passedOn(CniCall call) {
    var document = NODES.objectNode();
    call.previous().ifPresent(previous -> document.setAll((ObjectNode) previous.deepCopy()));
    return document.put("cniVersion", call.version().text());
  }

  /** True when the endpoint's port is among the interfaces of a result. */
  static boolean hasPort(JsonNode result, String endpoint) {
    var port = AddressPlan.portName(endpoint);
    for (var each : result.path("interfaces")) {
      if (each.path("name").asText().equals(port)) {
        return true;
      }
    }
    return false;
  }

  private static ArrayNode array(ObjectNode document, String field) {
    return document.get(field) instanceof ArrayNode there ? there : document.putArray(field);
  }

  private static ObjectNode link(
      CniCall call, ArrayNode interfaces, String name, Attached attached) {
    var link = interfaces.addObject().put("name", name);
    if (call.version().isAtLeast(CniVersion.V1_1_0)) {
      link.put("mtu", attached.mtu());
    }
    return link;
  }

  private static ObjectNode ip(CniCall call, HostAddress host, List<IpAddress> gateways, int link) {
    var ip = NODES.objectNode();
    if (!call.version().isAtLeast(CniVersion.V1_0_0)) {
      ip.put("version", host.address().isIpv4() ? "4" : "6");
    }
    ip.put("interface", link).put("address", host.toString());
    gateways.stream()
        .filter(host.prefix()::contains)
        .findFirst()
        .ifPresent(gateway -> ip.put("gateway", gateway.toString()));
    return ip;
  }

  /** What the configuration says of DNS goes to the runtime as it is, unless there is some. */
  private static void dns(CniCall call, ObjectNode document) {
    JsonNode dns = call.configuration().path("dns");
    if (dns.isObject() && !document.has("dns")) {
      document.set("dns", dns);
    }
  }
}
