package io.weft.agent.cni;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * One call from the runtime's side: what {@code cni/weft.c} does, in Java, for hosts where that was
 * not compiled.
 *
 * @param output for standard output
 */
public record PluginCall(int exitCode, String output) {
  /**
   * Hands the call to the agent.
   *
   * @param environment of the process
   * @param configuration from standard input
   */
  public static PluginCall of(Map<String, String> environment, byte[] configuration) {
    var json = read(configuration);
    var socket = json.path("agentSocket").asText(CniServer.DEFAULT_SOCKET);
    try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      var out = ByteBuffer.wrap(octets(environment, configuration));
      while (out.hasRemaining()) {
        channel.write(out);
      }
      channel.shutdownOutput();
      var answer = Channels.newInputStream(channel).readAllBytes();
      if (answer.length > 0 && answer[0] != '0' && answer[0] != '1') {
        return failed(
            json,
            new CniFailure(
                CniFailure.INVALID_CONFIGURATION,
                "agentSocket is not the agent's socket for the CNI plugin",
                socket));
      }
      if (answer.length > 0) {
        return new PluginCall(
            answer[0] == '0' ? 0 : 1,
            new String(answer, 1, answer.length - 1, StandardCharsets.UTF_8));
      }
      return away(environment, json, socket + " closed without an answer");
    } catch (IOException e) {
      return away(environment, json, socket + ": " + e.getMessage());
    }
  }

  private static JsonNode read(byte[] configuration) {
    try {
      return new ObjectMapper().readTree(new String(configuration, StandardCharsets.UTF_8));
    } catch (JsonProcessingException _) {
      return JsonNodeFactory.instance.objectNode(); // the agent says what is wrong with it
    }
  }

  private static byte[] octets(Map<String, String> environment, byte[] configuration) {
    var out = new ByteArrayOutputStream();
    out.writeBytes((CniCall.GREETING + "\0").getBytes(StandardCharsets.UTF_8));
    environment.forEach(
        (name, value) -> {
          if (name.startsWith("CNI_")) {
            out.writeBytes((name + "=" + value + "\0").getBytes(StandardCharsets.UTF_8));
          }
        });
    out.write(0);
    out.writeBytes(configuration);
    return out.toByteArray();
  }

  private static PluginCall away(Map<String, String> environment, JsonNode json, String details) {
    boolean status = "STATUS".equals(environment.get("CNI_COMMAND"));
    var failure =
        new CniFailure(
            status ? CniFailure.NOT_AVAILABLE : CniFailure.TRY_AGAIN,
            "the agent of this node does not answer; it is starting or stopped: try again later",
            details);
    return failed(json, failure);
  }

  private static PluginCall failed(JsonNode json, CniFailure failure) {
    var version = json.path("cniVersion").asText(CniVersion.V0_4_0.text());
    return new PluginCall(1, CniResult.failure(version, failure) + "\n");
  }
}
