package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Optional;

/** TCP connections between network namespaces, as a test tries them. */
final class Connections {
  /** Milliseconds for what must come. */
  static final int PATIENCE = 4000;

  /** Milliseconds after which what must not come does not. */
  static final int NEVER = 400;

  private Connections() {}

  static ServerSocket listen(String namespace, String address, int port) throws Exception {
    return NetworkNamespaces.callIn(
        namespace,
        () -> {
          var server = new ServerSocket();
          server.setReuseAddress(true);
          server.bind(new InetSocketAddress(InetAddress.ofLiteral(address), port));
          return server;
        });
  }

  /** From where the server sees the connection to its own port; empty: it sees none. */
  static Optional<String> source(ServerSocket server, String from, String to) throws Exception {
    return source(server, from, to, server.getLocalPort());
  }

  /** From where the server sees the connection; empty: it sees none. */
  static Optional<String> source(ServerSocket server, String from, String to, int port)
      throws Exception {
    return source(server, from, to, port, PATIENCE);
  }

  static boolean refused(ServerSocket server, String from, String to) throws Exception {
    return refused(server, from, to, server.getLocalPort());
  }

  static boolean refused(ServerSocket server, String from, String to, int port) throws Exception {
    return source(server, from, to, port, NEVER).isEmpty();
  }

  private static Optional<String> source(
      ServerSocket server, String from, String to, int port, int patience) throws Exception {
    server.setSoTimeout(patience);
    return NetworkNamespaces.<Optional<String>, Exception>callIn(
        from,
        () -> {
          try (var client = new Socket()) {
            client.connect(new InetSocketAddress(InetAddress.ofLiteral(to), port), patience);
            try (var accepted = server.accept()) {
              accepted.getOutputStream().write(1);
              assertThat(client.getInputStream().read()).isEqualTo(1);
              return Optional.of(accepted.getInetAddress().getHostAddress());
            }
          } catch (IOException _) {
            return Optional.empty();
          }
        });
  }
}
