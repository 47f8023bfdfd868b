package io.weft.agent.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The other end of {@link ControlServer}: one JSON object per line each way. Not for several
 * threads at once.
 */
public final class ControlClient implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final SocketChannel channel;
  private final BufferedReader in;
  private final OutputStream out;

  private ControlClient(SocketChannel channel) {
    this.channel = channel;
    this.in =
        new BufferedReader(
            new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
    this.out = Channels.newOutputStream(channel);
  }

  /**
   * Connects to the agent's socket.
   *
   * @throws IOException with the path and what to do, when nobody answers there
   */
  public static ControlClient connect(Path socket) throws IOException {
    var channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException e) {
      channel.close();
      throw new IOException(
          "no agent answers on "
              + socket
              + " ("
              + e.getMessage()
              + "); is 'weft node' running, and are you root?",
          e);
    }
    return new ControlClient(channel);
  }

  /** A request to fill in. */
  public static ObjectNode request(String call) {
    return JSON.createObjectNode().put("call", call);
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @return the answer as it came, also when it says {@code "ok": false}
   * @throws IOException when the agent goes away meanwhile
   */
  public JsonNode call(ObjectNode request) throws IOException {
    out.write((request + "\n").getBytes(StandardCharsets.UTF_8));
    var line = in.readLine();
    if (line == null) {
      throw new IOException("the agent closed the connection before it answered");
    }
    return JSON.readTree(line);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
