package io.weft.agent.cni;

import io.weft.agent.control.ControlServer;
import io.weft.agent.control.UnixListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the plugin program reaches the node: a Unix socket for root alone, one call for each
 * connection. A call is what the program sends until it ends its half; the answer is a digit, the
 * program's exit code, and what it prints.
 */
public final class CniServer implements AutoCloseable {
  /** Where the plugin program looks for it when nothing is said. */
  public static final String DEFAULT_SOCKET = "/run/weft/weft-cni.sock";

  /** A longer call is not read on. */
  static final int MAX_CALL = 1024 * 1024 + 64 * 1024;

  /** Calls at once; further ones wait. */
  static final int MAX_CALLS = 128;

  private static final Logger LOG = LoggerFactory.getLogger(CniServer.class);

  private static final String SUFFIX = "-cni.sock";

  private final Path path;
  private final CniPlugin plugin;
  private final UnixListener listener;

  private CniServer(Path path, CniPlugin plugin) throws IOException {
    this.path = path;
    this.plugin = plugin;
    this.listener = UnixListener.open(path, "cni", MAX_CALLS, this::serve);
  }

  /**
   * Opens the socket.
   *
   * @throws IOException as {@link UnixListener#open}
   */
  public static CniServer open(Path path, Attachments node) throws IOException {
    return new CniServer(path, new CniPlugin(node));
  }

  /** The socket beside a control socket: {@code weft-cni.sock} beside {@code weft.sock}. */
  public static Path beside(Path control) {
    var name = String.valueOf(control.getFileName());
    var stem = name.endsWith(".sock") ? name.substring(0, name.length() - 5) : name;
    return control.resolveSibling(stem + SUFFIX);
  }

  private static Path control(Path cni) {
    var name = String.valueOf(cni.getFileName());
    return name.endsWith(SUFFIX)
        ? cni.resolveSibling(name.substring(0, name.length() - SUFFIX.length()) + ".sock")
        : cni;
  }

  private void serve(SocketChannel channel) throws IOException, InterruptedException {
    var octets = new ByteArrayOutputStream();
    var buffer = ByteBuffer.allocate(16 * 1024);
    while (channel.read(buffer) >= 0) {
      if (octets.size() == 0 && buffer.position() > 0 && buffer.get(0) == '{') {
        write(channel, notForCommands());
        return; // who sends this waits for an answer before it ends its half
      }
      octets.write(buffer.array(), 0, buffer.position());
      buffer.clear();
      if (octets.size() > MAX_CALL) {
        LOG.warn("a CNI call is longer than {} octets; it is not answered", MAX_CALL);
        return;
      }
    }
    var answer = plugin.answer(octets.toByteArray());
    write(channel, (answer.succeeded() ? "0" : "1") + answer.output());
  }

  /** For the command line, which speaks to the control socket. */
  private String notForCommands() {
    return ControlServer.refusal(
            "WRONG_SOCKET",
            path
                + " is the socket of the CNI plugin; commands use the agent's control socket, "
                + control(path))
        + "\n";
  }

  private static void write(SocketChannel channel, String text) throws IOException {
    var out = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (out.hasRemaining()) {
      channel.write(out);
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
