package io.weft.bench.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/** One session with the reflector, without a thread of its own; never blocks. */
final class Client {
  private static final int READ_BUFFER = 64 * 1024;

  private final SocketChannel channel;
  private final SelectionKey key;
  private final ByteBuffer in = ByteBuffer.allocateDirect(READ_BUFFER);
  private final Deque<ByteBuffer> out = new ArrayDeque<>();
  private final Optional<RoutesHeld> routes;
  private final String address;
  private boolean established;

  /** Without {@code routes}, what comes is read and not looked at. */
  Client(
      Selector selector, String address, InetSocketAddress reflector, Optional<RoutesHeld> routes)
      throws IOException {
    this.address = address;
    this.routes = routes;
    channel = SocketChannel.open();
    channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.bind(new InetSocketAddress(InetAddress.ofLiteral(address), 0));
    channel.connect(reflector);
    channel.configureBlocking(false);
    key = channel.register(selector, SelectionKey.OP_READ, this);
    send(RouteOctets.open(address));
  }

  boolean isEstablished() {
    return established;
  }

  RoutesHeld routes() {
    return routes.orElseThrow();
  }

  void send(ByteBuffer message) throws IOException {
    out.add(message);
    write();
  }

  /** Does what the selector found to be possible. */
  void ready() throws IOException {
    if (key.isValid() && key.isReadable()) {
      read();
    }
    if (key.isValid() && key.isWritable()) {
      write();
    }
  }

  void close() throws IOException {
    established = false;
    channel.close();
  }

  private void write() throws IOException {
    while (!out.isEmpty()) {
      channel.write(out.getFirst());
      if (out.getFirst().hasRemaining()) {
        key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        return;
      }
      out.removeFirst();
    }
    key.interestOps(SelectionKey.OP_READ);
  }

  private void read() throws IOException {
    int got = channel.read(in);
    if (got < 0) {
      throw new IOException(address + ": the reflector closed the session");
    }
    int at = 0;
    while (in.position() - at >= RouteOctets.HEADER) {
      int length = in.getShort(at + 16) & 0xffff;
      if (in.position() - at < length) {
        break;
      }
      take(at, length);
      at += length;
    }
    in.limit(in.position()).position(at);
    in.compact();
  }

  private void take(int at, int length) throws IOException {
    switch (in.get(at + 18)) {
      case RouteOctets.OPEN -> send(RouteOctets.keepalive());
      case RouteOctets.KEEPALIVE -> established = true;
      case RouteOctets.UPDATE -> {
        if (routes.isPresent()) {
          routes.get().take(in, at + RouteOctets.HEADER, at + length);
        }
      }
      case RouteOctets.NOTIFICATION ->
          throw new IOException(
              address
                  + ": NOTIFICATION "
                  + in.get(at + RouteOctets.HEADER)
                  + "/"
                  + in.get(at + RouteOctets.HEADER + 1));
      default -> {} // ROUTE-REFRESH: not asked of senders in a measurement
    }
  }
}
