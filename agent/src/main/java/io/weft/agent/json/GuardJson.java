package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.kernel.GuardView;

/** What a node's packet filters have stopped, as JSON. */
public final class GuardJson {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private GuardJson() {}

  /**
   * At ports by reason, VXLAN packets by source, and packets of pods of other nodes by the tenant's
   * namespace.
   */
  public static ObjectNode stopped(GuardView view) {
    var document = NODES.objectNode();
    document.set("ports", ports(view, ""));
    var vxlan = document.putObject("vxlan").put("packets", view.vxlan());
    var sources = vxlan.putArray("sources");
    view.strangers()
        .forEach(
            (source, packets) ->
                sources.addObject().put("address", source.toString()).put("packets", packets));
    var services = document.putArray("services");
    view.services()
        .forEach(
            (namespace, packets) ->
                services.addObject().put("namespace", namespace).put("packets", packets));
    return document.put("repairs", view.repairs());
  }

  /**
   * Frames at ports, by reason.
   *
   * @param endpoint whose port; empty: all
   */
  public static ArrayNode ports(GuardView view, String endpoint) {
    var ports = NODES.arrayNode();
    view.stopped()
        .forEach(
            (port, counts) -> {
              var owner = view.endpoints().getOrDefault(port, "");
              if (!endpoint.isEmpty() && !endpoint.equals(owner)) {
                return;
              }
              var node = ports.addObject().put("port", port);
              if (!owner.isEmpty()) {
                node.put("endpoint", owner);
              }
              node.put("frames", counts.values().stream().mapToLong(Long::longValue).sum());
              var reasons = node.putObject("reasons");
              counts.forEach((reason, count) -> reasons.put(reason.word(), count));
            });
    return ports;
  }
}
