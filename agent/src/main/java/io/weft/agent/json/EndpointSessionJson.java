package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.weft.overlay.node.EndpointSessionView;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** BGP with endpoints as JSON: how each stands, what is taken from it, and what is not, and why. */
public final class EndpointSessionJson {
  private EndpointSessionJson() {}

  /**
   * An object for each session.
   *
   * @param nowNanos on the clock of the node
   */
  public static ArrayNode sessions(List<EndpointSessionView> views, long nowNanos) {
    var sessions = JsonNodeFactory.instance.arrayNode();
    for (var view : views) {
      var node = sessions.addObject();
      node.put("network", view.network()).put("endpoint", view.endpoint());
      node.put("address", view.address().toString());
      view.as().ifPresent(as -> node.put("asn", as.value()));
      node.put("state", view.state());
      view.sinceNanos()
          .ifPresent(
              since -> node.put("seconds", TimeUnit.NANOSECONDS.toSeconds(nowNanos - since)));
      node.put("accepted", view.accepted());
      var refused = node.putArray("refused");
      for (var each : view.refused()) {
        refused.addObject().put("prefix", each.prefix().toString()).put("reason", each.reason());
      }
      node.put("moreRefused", view.moreRefused());
      view.lastReason().ifPresent(reason -> node.put("lastReason", reason));
    }
    return sessions;
  }
}
