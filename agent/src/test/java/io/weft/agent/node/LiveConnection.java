package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** A TCP connection between two network namespaces that is to outlive what happens to them. */
final class LiveConnection implements AutoCloseable {
  private static final int PORT = 7000;
  private static final int PATIENCE_MILLIS = 30_000;

  private final ServerSocket server;
  private final Socket client;
  private final Socket accepted;

  LiveConnection(String from, String to, IpAddress address) throws Exception {
    var there = new InetSocketAddress(InetAddress.getByAddress(address.octets()), PORT);
    server =
        NetworkNamespaces.callIn(
            to,
            () -> {
              var listening = new ServerSocket();
              listening.bind(there);
              return listening;
            });
    client =
        NetworkNamespaces.callIn(
            from,
            () -> {
              var connecting = new Socket();
              connecting.connect(there, PATIENCE_MILLIS);
              return connecting;
            });
    server.setSoTimeout(PATIENCE_MILLIS);
    accepted = server.accept();
    client.setSoTimeout(PATIENCE_MILLIS);
    accepted.setSoTimeout(PATIENCE_MILLIS);
  }

  /** Something goes there and comes back. */
  void exchange() throws IOException {
    for (int i = 1; i <= 20; i++) {
      client.getOutputStream().write(i);
      assertThat(accepted.getInputStream().read()).isEqualTo(i);
      accepted.getOutputStream().write(i + 100);
      assertThat(client.getInputStream().read()).isEqualTo(i + 100);
    }
  }

  @Override
  public void close() throws IOException {
    client.close();
    accepted.close();
    server.close();
  }
}
