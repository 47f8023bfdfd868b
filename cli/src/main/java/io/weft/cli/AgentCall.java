package io.weft.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.control.ControlClient;
import io.weft.agent.node.NodeOptions;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options that every command to an agent has, and the call itself. */
final class AgentCall {
  @Option(
      names = "--socket",
      paramLabel = "PATH",
      defaultValue = NodeOptions.DEFAULT_SOCKET,
      description = "The agent's socket (default: ${DEFAULT-VALUE}).")
  private Path socket = Path.of(NodeOptions.DEFAULT_SOCKET);

  @Option(names = "--json", description = "Print the agent's answer as one JSON document.")
  private boolean json;

  /** Nobody answers on the socket. */
  static final class NoAgent extends IOException {
    private static final long serialVersionUID = 1;

    NoAgent(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  /** The agent said no, and why. */
  static final class Refused extends IOException {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }

  boolean json() {
    return json;
  }

  static ObjectNode request(String call) {
    return ControlClient.request(call);
  }

  /** The agent's answer, which is {@code ok}. */
  JsonNode call(ObjectNode request) throws IOException {
    try (var client = connect()) {
      var answer = client.call(request);
      if (!answer.path("ok").asBoolean()) {
        var error = answer.path("error");
        throw new Refused(
            error.path("message").asText() + " [" + error.path("reason").asText() + "]");
      }
      return answer;
    }
  }

  private ControlClient connect() throws NoAgent {
    try {
      return ControlClient.connect(socket);
    } catch (IOException e) {
      throw new NoAgent(e);
    }
  }

  /** The document as people and programs can read it. */
  static String text(JsonNode document) throws JsonProcessingException {
    return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(document);
  }
}
