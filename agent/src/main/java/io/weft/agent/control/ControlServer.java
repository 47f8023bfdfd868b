package io.weft.agent.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Unix socket for root alone: one JSON object per line each way, answers in the order of the
 * requests. {@code {"call": "status"}} is answered {@code {"ok": true, ...}}, or {@code {"ok":
 * false, "error": {"reason": "...", "message": "..."}}}.
 */
public final class ControlServer implements AutoCloseable {
  /** A longer request ends the connection. */
  public static final int MAX_REQUEST = 1024 * 1024;

  /** Connections at once; further ones wait. */
  public static final int MAX_CONNECTIONS = 64;

  private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Answers one call. */
  public interface Handler {
    /**
     * The answer, without {@code ok}.
     *
     * @throws CallRefused with what the caller shall read
     */
    ObjectNode answer(JsonNode request) throws CallRefused, InterruptedException;
  }

  /** A call that is answered with an error. */
  public static final class CallRefused extends Exception {
    private final String reason;

    /**
     * Refuses.
     *
     * @param reason for programs, in capitals
     * @param message for people
     */
    public CallRefused(String reason, String message) {
      super(message, null, false, false);
      this.reason = reason;
    }

    /** For programs, in capitals. */
    public String reason() {
      return reason;
    }
  }

  private final Map<String, Handler> handlers;
  private final UnixListener listener;

  private ControlServer(Path path, Map<String, Handler> handlers) throws IOException {
    this.handlers = handlers;
    this.listener = UnixListener.open(path, "control", MAX_CONNECTIONS, this::serve);
  }

  /**
   * Opens the socket.
   *
   * @throws IOException as {@link UnixListener#open}
   */
  public static ControlServer open(Path path, Map<String, Handler> handlers) throws IOException {
    return new ControlServer(path, new TreeMap<>(handlers));
  }

  private void serve(SocketChannel channel) throws IOException, InterruptedException {
    var buffer = ByteBuffer.allocate(16 * 1024);
    while (channel.read(buffer) >= 0) {
      answerLines(channel, buffer);
      if (!buffer.hasRemaining()) {
        if (buffer.capacity() >= MAX_REQUEST) {
          LOG.warn("a control request is longer than {} octets", MAX_REQUEST);
          return;
        }
        buffer = ByteBuffer.allocate(buffer.capacity() * 4).put(buffer.flip());
      }
    }
    if (buffer.position() > 0) {
      write(channel, refusal("INVALID_REQUEST", "a request is one JSON object and ends its line"));
    }
  }

  private void answerLines(SocketChannel channel, ByteBuffer buffer)
      throws IOException, InterruptedException {
    buffer.flip();
    for (int end = lineEnd(buffer); end >= 0; end = lineEnd(buffer)) {
      var line = new byte[end - buffer.position()];
      buffer.get(line).get();
      write(channel, answer(new String(line, StandardCharsets.UTF_8)));
    }
    buffer.compact();
  }

  private static void write(SocketChannel channel, ObjectNode answer) throws IOException {
    var out = ByteBuffer.wrap((answer + "\n").getBytes(StandardCharsets.UTF_8));
    while (out.hasRemaining()) {
      channel.write(out);
    }
  }

  private static int lineEnd(ByteBuffer buffer) {
    for (int i = buffer.position(); i < buffer.limit(); i++) {
      if (buffer.get(i) == '\n') {
        return i;
      }
    }
    return -1;
  }

  private ObjectNode answer(String line) throws InterruptedException {
    try {
      var request = JSON.readTree(line);
      var call = request.path("call").asText("");
      var handler = handlers.get(call);
      if (handler == null) {
        return refusal(
            "UNKNOWN_CALL",
            "unknown call '" + call + "'; known: " + String.join(", ", handlers.keySet()));
      }
      ObjectNode answer = JSON.createObjectNode().put("ok", true);
      answer.setAll(handler.answer(request));
      return answer;
    } catch (JsonProcessingException e) {
      return refusal("INVALID_REQUEST", "not JSON: " + e.getOriginalMessage());
    } catch (CallRefused e) {
      return refusal(e.reason(), String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.error("a call failed; this is a defect of Weft", e);
      return refusal("DEFECT", "the agent failed to answer; its log has more: " + e);
    }
  }

  /**
   * The answer that refuses a call.
   *
   * @param reason for programs, in capitals
   * @param message for people
   */
  public static ObjectNode refusal(String reason, String message) {
    ObjectNode answer = JSON.createObjectNode().put("ok", false);
    answer.putObject("error").put("reason", reason).put("message", message);
    return answer;
  }

  /** Closes the socket and removes its file. */
  @Override
  public void close() throws IOException {
    listener.close();
  }
}
