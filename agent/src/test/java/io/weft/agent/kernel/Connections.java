package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/** TCP connections between network namespaces, as a test tries them. */
public final class Connections {
  /** Milliseconds for what must come. */
  static final int PATIENCE = 4000;

  /** Milliseconds in which what must not come could; what comes after it is permitted. */
  static final int NEVER = 400;

  private Connections() {}

  /** A listening socket that knows where it is. */
  public static final class Server extends ServerSocket {
    private final String namespace;

    private Server(String namespace) throws IOException {
      this.namespace = namespace;
    }
  }

  /** Listens at this address and port of the namespace. */
  public static Server listen(String namespace, String address, int port) throws Exception {
    return NetworkNamespaces.callIn(
        namespace,
        () -> {
          var server = new Server(namespace);
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
    server.setSoTimeout(PATIENCE);
    return NetworkNamespaces.<Optional<String>, Exception>callIn(
        from,
        () -> {
          try (var client = new Socket()) {
            client.connect(new InetSocketAddress(InetAddress.ofLiteral(to), port), PATIENCE);
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

  static boolean refused(Server server, String from, String to) throws Exception {
    return refused(server, from, to, server.getLocalPort());
  }

  /** Whether a connection does not come to the server, from a port that the kernel chooses. */
  public static boolean refused(Server server, String from, String to, int port) throws Exception {
    return refused(server, from, new InetSocketAddress(0), to, port);
  }

  /**
   * Whether a connection does not come to the server: it neither stands after a while, nor once
   * another stands that begins later, within the server's namespace, and is accepted first.
   *
   * @param own the client's address and port
   */
  static boolean refused(Server server, String from, InetSocketAddress own, String to, int port)
      throws Exception {
    awaitNone(server);
    try (var client =
        NetworkNamespaces.<SocketChannel, IOException>callIn(from, SocketChannel::open)) {
      client.configureBlocking(false);
      client.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      client.bind(own);
      return !begins(client, new InetSocketAddress(InetAddress.ofLiteral(to), port))
          && isFirst(server)
          && !stands(client);
    }
  }

  /** Takes those whose clients gave up before. */
  private static void awaitNone(ServerSocket server) throws IOException {
    server.setSoTimeout(1);
    try {
      while (true) {
        server.accept().close();
      }
    } catch (SocketTimeoutException _) {
      // none is left
    }
  }

  private static boolean begins(SocketChannel client, InetSocketAddress to)
      throws InterruptedException {
    try {
      client.connect(to);
    } catch (IOException _) {
      return false; // no route, say
    }
    Thread.sleep(NEVER);
    return stands(client);
  }

  private static boolean stands(SocketChannel client) {
    try {
      return client.isConnected() || (client.isConnectionPending() && client.finishConnect());
    } catch (IOException _) {
      return false; // it was told so
    }
  }

  /** Whether the server accepts a connection from its own namespace, and no other before it. */
  private static boolean isFirst(Server server) throws Exception {
    loopbackUp(server.namespace);
    var own = server.getInetAddress();
    var to = own.isAnyLocalAddress() ? InetAddress.ofLiteral("127.0.0.1") : own;
    server.setSoTimeout(PATIENCE);
    try (var client =
        NetworkNamespaces.<Socket, IOException>callIn(server.namespace, Connections::socket)) {
      client.connect(new InetSocketAddress(to, server.getLocalPort()), PATIENCE);
      try (var accepted = server.accept()) {
        return accepted.getRemoteSocketAddress().equals(client.getLocalSocketAddress());
      }
    }
  }

  /** One that is in the namespace already: else it is made when it connects. */
  private static Socket socket() throws IOException {
    var socket = new Socket();
    socket.setReuseAddress(true);
    return socket;
  }

  /** A pod's is down as long as no CNI plugin has been there. */
  static void loopbackUp(String namespace) {
    try (var links = Rtnetlink.openIn(namespace)) {
      links.setLink(links.requireLink("lo").index(), LinkSettings.UP);
    }
  }

  /**
   * What comes to the socket; empty: nothing does within this time in ms, nor before what it sends
   * to itself then, for which the namespace's loopback is up.
   */
  static Optional<DatagramPacket> received(DatagramSocket socket, int patience) throws IOException {
    var packet = new DatagramPacket(new byte[1], 1);
    try {
      socket.setSoTimeout(patience);
      socket.receive(packet);
      return Optional.of(packet);
    } catch (SocketTimeoutException _) {
      byte own = 99;
      var loopback = new InetSocketAddress("127.0.0.1", socket.getLocalPort());
      socket.send(new DatagramPacket(new byte[] {own}, 1, loopback));
      socket.setSoTimeout(PATIENCE);
      socket.receive(packet);
      return Optional.of(packet).filter(each -> each.getData()[0] != own);
    }
  }
}
