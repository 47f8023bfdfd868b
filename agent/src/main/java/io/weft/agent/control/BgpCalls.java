package io.weft.agent.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.control.ControlServer.CallRefused;
import io.weft.agent.json.BgpJson;
import io.weft.agent.json.Importers;
import io.weft.agent.json.RouteFilter;
import io.weft.agent.json.RouteQuestion;
import io.weft.agent.json.WhyJson;
import io.weft.bgp.speaker.Explanation;
import io.weft.bgp.speaker.SpeakerInspection;
import java.util.Optional;
import java.util.function.Function;

/** The calls about routes, which a node and a reflector answer alike. */
public final class BgpCalls {
  private BgpCalls() {}

  /** Asks a speaker on its brain's thread. */
  public interface Asker {
    /**
     * The answer.
     *
     * @param slice is called until it gives one, each time for a short time
     */
    <T> T ask(Function<SpeakerInspection, Optional<T>> slice)
        throws CallRefused, InterruptedException;
  }

  /** {@code routes}, with the arguments of {@link RouteFilter}. */
  public static ObjectNode routes(JsonNode call, Asker asker)
      throws CallRefused, InterruptedException {
    RouteFilter filter;
    try {
      filter = RouteFilter.of(call);
    } catch (IllegalArgumentException e) {
      throw new CallRefused("INVALID_REQUEST", String.valueOf(e.getMessage()));
    }
    return BgpJson.routes(asker.ask(new RouteSearch(filter)::go));
  }

  /** What of a node takes in, or says, what was asked about; empty on a reflector. */
  public interface ImporterSource {
    Optional<Importers> of(RouteQuestion question, Explanation.Several told)
        throws CallRefused, InterruptedException;
  }

  /** {@code why}, with the text {@code route}. */
  public static ObjectNode why(JsonNode call, ImporterSource importers, Asker asker)
      throws CallRefused, InterruptedException {
    var text = call.path("route").asText();
    RouteQuestion question;
    try {
      question = RouteQuestion.parse(text);
    } catch (IllegalArgumentException e) {
      throw new CallRefused("INVALID_REQUEST", String.valueOf(e.getMessage()));
    }
    var told = asker.ask(new WhySearch(question)::go);
    var status = asker.ask(speaker -> Optional.of(speaker.status()));
    return WhyJson.why(status, importers.of(question, told), text, told);
  }
}
