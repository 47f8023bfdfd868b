package io.weft.agent.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
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

  /** File types (sys/stat.h). */
  private static final int S_IFMT = 0170000;

  private static final int S_IFSOCK = 0140000;

  /** Pause after a failed accept, such as for want of descriptors. */
  private static final long ACCEPT_PAUSE_NANOS = 100_000_000L;

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

  private final Path path;
  private final Map<String, Handler> handlers;
  private final ServerSocketChannel server;
  private final Semaphore slots = new Semaphore(MAX_CONNECTIONS);

  private ControlServer(Path path, Map<String, Handler> handlers, ServerSocketChannel server) {
    this.path = path;
    this.handlers = handlers;
    this.server = server;
  }

  /**
   * Opens the socket with mode 0600; one left by a dead agent is replaced.
   *
   * @throws IOException with the path, when another agent answers there, something else than a
   *     socket is there, or the place is not writable
   */
  public static ControlServer open(Path path, Map<String, Handler> handlers) throws IOException {
    makeDirectory(path);
    removeLeftOver(path);
    var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.bind(UnixDomainSocketAddress.of(path));
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    } catch (IOException e) {
      server.close();
      throw new IOException("cannot open the socket " + path + ": " + e.getMessage(), e);
    }
    var control = new ControlServer(path, new TreeMap<>(handlers), server);
    Thread.ofVirtual().name("control-accept").start(control::accept);
    return control;
  }

  private static void makeDirectory(Path path) throws IOException {
    var directory = path.toAbsolutePath().getParent();
    if (directory == null || Files.isDirectory(directory)) {
      return;
    }
    try {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw new IOException("cannot make the directory " + directory + " of the socket: " + e, e);
    }
  }

  private static void removeLeftOver(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if ((mode & S_IFMT) != S_IFSOCK) {
      throw new IOException(path + " is there and is not a socket; name another place");
    }
    if (someoneAnswers(path)) {
      throw new IOException("another agent answers on " + path + "; stop it first");
    }
    Files.delete(path);
  }

  private static boolean someoneAnswers(Path path) throws IOException {
    try (var probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return probe.connect(UnixDomainSocketAddress.of(path));
    } catch (SocketException e) {
      LOG.debug("{} is left over: {}", path, e.getMessage());
      return false;
    }
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        slots.acquire();
        var channel = server.accept();
        Thread.ofVirtual().name("control").start(() -> serve(channel));
      } catch (IOException e) {
        slots.release();
        if (server.isOpen()) {
          LOG.warn("cannot accept on {}: {}", path, e.getMessage());
          LockSupport.parkNanos(ACCEPT_PAUSE_NANOS);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void serve(SocketChannel channel) {
    try (channel) {
      var buffer = ByteBuffer.allocate(16 * 1024);
      while (channel.read(buffer) >= 0) {
        answerLines(channel, buffer);
        if (!buffer.hasRemaining()) {
          if (buffer.capacity() >= MAX_REQUEST) {
            LOG.warn("a request on {} is longer than {} octets", path, MAX_REQUEST);
            return;
          }
          buffer = ByteBuffer.allocate(buffer.capacity() * 4).put(buffer.flip());
        }
      }
    } catch (IOException e) {
      LOG.debug("control connection ended: {}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      slots.release();
    }
  }

  private void answerLines(SocketChannel channel, ByteBuffer buffer)
      throws IOException, InterruptedException {
    buffer.flip();
    for (int end = lineEnd(buffer); end >= 0; end = lineEnd(buffer)) {
      var line = new byte[end - buffer.position()];
      buffer.get(line).get();
      var answer = answer(new String(line, StandardCharsets.UTF_8));
      var out = ByteBuffer.wrap((answer + "\n").getBytes(StandardCharsets.UTF_8));
      while (out.hasRemaining()) {
        channel.write(out);
      }
    }
    buffer.compact();
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

  private static ObjectNode refusal(String reason, String message) {
    ObjectNode answer = JSON.createObjectNode().put("ok", false);
    answer.putObject("error").put("reason", reason).put("message", message);
    return answer;
  }

  /** Closes the socket and removes its file. */
  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(path);
  }
}
