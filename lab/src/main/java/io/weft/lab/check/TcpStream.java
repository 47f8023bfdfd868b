package io.weft.lab.check;

import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** One TCP connection that carries a number every few milliseconds, from one end to the other. */
final class TcpStream implements AutoCloseable {
  private static final int INTERVAL_MILLIS = 5;
  private static final int PATIENCE_MILLIS = 20_000;

  private final ServerSocketChannel listener;
  private final SocketChannel sender;
  private final SocketChannel receiver;
  private final Thread thread;
  private volatile boolean stopping;
  private volatile long sent;
  private volatile String failure = "";

  /** Connects; without a thread within the namespaces. */
  TcpStream(String from, String to, IpAddress address) throws IOException {
    var target = InetAddress.getByAddress(address.octets());
    listener =
        NetworkNamespaces.<ServerSocketChannel, IOException>callIn(
            to, () -> ServerSocketChannel.open().bind(new InetSocketAddress(target, 0)));
    var end = (InetSocketAddress) listener.getLocalAddress();
    var opened = NetworkNamespaces.<SocketChannel, IOException>callIn(from, SocketChannel::open);
    opened.setOption(StandardSocketOptions.TCP_NODELAY, true);
    opened.socket().connect(end, PATIENCE_MILLIS);
    sender = opened;
    receiver = listener.accept();
    thread = Thread.ofPlatform().name("tcp stream").daemon().start(this::run);
  }

  private void run() {
    var octets = ByteBuffer.allocate(Long.BYTES);
    long numbers = 0;
    try {
      while (!stopping) {
        octets.clear().putLong(++numbers).flip();
        while (octets.hasRemaining()) {
          sender.write(octets);
        }
        sent = numbers;
        Thread.sleep(INTERVAL_MILLIS);
      }
      sender.shutdownOutput();
    } catch (IOException e) {
      failure = String.valueOf(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops sending, and reads all; the numbers that came, or what went wrong. */
  String finish() throws IOException, InterruptedException {
    stopping = true;
    thread.join(PATIENCE_MILLIS);
    receiver.socket().setSoTimeout(PATIENCE_MILLIS);
    var in = receiver.socket().getInputStream();
    long expected = 0;
    while (true) {
      var octets = in.readNBytes(Long.BYTES);
      if (octets.length < Long.BYTES) {
        break;
      }
      expected++;
      if (ByteBuffer.wrap(octets).getLong() != expected) {
        return "number " + expected + " is missing";
      }
    }
    return failure.isEmpty() && expected == sent
        ? ""
        : "%d of %d numbers came; %s".formatted(expected, sent, failure);
  }

  long sent() {
    return sent;
  }

  @Override
  public void close() throws IOException {
    stopping = true;
    thread.interrupt();
    sender.close();
    receiver.close();
    listener.close();
  }
}
