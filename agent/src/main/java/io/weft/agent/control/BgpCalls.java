package io.weft.agent.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.control.ControlServer.CallRefused;
import io.weft.agent.json.BgpJson;
import io.weft.agent.json.RouteFilter;
import io.weft.agent.json.RouteQuestion;
import io.weft.agent.json.WhyJson;
import io.weft.bgp.speaker.Explanation;
import io.weft.bgp.speaker.SpeakerView;
import io.weft.bgp.wire.Route;
import io.weft.overlay.node.NodeView.NetworkView;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The calls about routes, which a node and a reflector answer alike. */
public final class BgpCalls {
  private BgpCalls() {}

  /** {@code routes}, with the arguments of {@link RouteFilter}. */
  public static ObjectNode routes(JsonNode call, SpeakerView view) throws CallRefused {
    try {
      return BgpJson.routes(view, RouteFilter.of(call));
    } catch (IllegalArgumentException e) {
      throw new CallRefused("INVALID_REQUEST", String.valueOf(e.getMessage()));
    }
  }

  /** Asks the speaker what became of the routes that are meant. */
  public interface Explainer {
    Explanation.Several explain(Predicate<Route> meant, int most)
        throws CallRefused, InterruptedException;
  }

  /** {@code why}, with the text {@code route}; {@code networks} of a node. */
  public static ObjectNode why(
      JsonNode call, SpeakerView view, Optional<List<NetworkView>> networks, Explainer explainer)
      throws CallRefused, InterruptedException {
    var text = call.path("route").asText();
    RouteQuestion question;
    try {
      question = RouteQuestion.parse(text);
    } catch (IllegalArgumentException e) {
      throw new CallRefused("INVALID_REQUEST", String.valueOf(e.getMessage()));
    }
    var told = explainer.explain(question::means, WhyJson.MAX_ROUTES);
    return WhyJson.why(view, networks, text, told);
  }
}
