package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.weft.agent.cni.PodNetworks.Misplaced;
import java.util.List;

/** Pods as JSON. */
public final class PodJson {
  private PodJson() {}

  /** Pods that keep the network they have until they are made anew. */
  public static ArrayNode misplaced(List<Misplaced> pods) {
    var array = JsonNodeFactory.instance.arrayNode();
    for (var each : pods) {
      array
          .addObject()
          .put("pod", each.pod())
          .put("endpoint", each.endpoint())
          .put("network", each.network())
          .put("now", each.now());
    }
    return array;
  }
}
