package io.weft.agent.record;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.json.BgpJson;
import io.weft.agent.json.NodeJson;
import java.util.List;

/** What a replay shows, as JSON: the step, and the node behind it as the agent would say it. */
public final class ReplayJson {
  private ReplayJson() {}

  /** The whole document. */
  public static ObjectNode document(Replay replay) {
    var document = JsonNodeFactory.instance.objectNode();
    replay
        .last()
        .ifPresent(
            last -> {
              document.put("step", last.number()).put("time", last.when().toString());
              texts(document.putArray("events"), last.events());
              texts(document.putArray("effects"), last.effects());
            });
    var node = replay.node();
    var view = node.view();
    long now = replay.last().map(Replay.Played::nowNanos).orElse(0L);
    document.set("status", NodeJson.status(view, node.deviations(now)));
    document.set("networks", NodeJson.networks(view));
    view.bgp().ifPresent(bgp -> document.set("peers", BgpJson.peers(bgp, now)));
    texts(document.putArray("kernel"), node.standing());
    return document;
  }

  private static void texts(ArrayNode array, List<?> values) {
    values.forEach(value -> array.add(value.toString()));
  }
}
