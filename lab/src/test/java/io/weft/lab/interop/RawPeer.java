package io.weft.lab.interop;

import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import io.weft.net.Octets;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A peer that says by hand, octet for octet, whatever a test wants to have said. */
final class RawPeer implements Closeable {
  private final Socket socket;
  private final MessageCodec codec = new MessageCodec();
  private final CountDownLatch established = new CountDownLatch(1);
  private final Map<Route, Held> held = new ConcurrentHashMap<>();
  private volatile Optional<Message.Notification> notification = Optional.empty();
  private volatile boolean ended;

  /** A route with its labels and attributes, as it came last. */
  record Held(Route route, PathAttributes attributes) {}

  private RawPeer(Socket socket) {
    this.socket = socket;
  }

  /** Connects and waits for the session to stand. */
  static RawPeer connect(Arena arena, Ipv4Address self, Ipv4Address peer)
      throws IOException, InterruptedException {
    var raw = arena.with(new RawPeer(dial(arena, self, peer)));
    var as = WeftSpeaker.AS;
    raw.send(
        new Message.Open(
            as,
            90,
            self,
            List.of(
                new Capability.Multiprotocol(Family.L2VPN_EVPN),
                new Capability.RouteRefresh(),
                new Capability.FourOctetAs(new AutonomousSystem(as.value())))));
    // Only now: a KEEPALIVE, which answers the peer's OPEN, must not leave before our own.
    Thread.ofPlatform().daemon(true).name("raw " + self).start(raw::read);
    if (!raw.established.await(60, TimeUnit.SECONDS)) {
      throw new IOException(self + ": no session with " + peer + ": " + raw.notification);
    }
    return raw;
  }

  private static Socket dial(Arena arena, Ipv4Address self, Ipv4Address peer) throws IOException {
    return NetworkNamespaces.<Socket, IOException>callIn(
        arena.namespace(),
        () -> {
          var socket = new Socket();
          socket.bind(new InetSocketAddress(InetAddress.getByAddress(self.octets()), 0));
          socket.connect(new InetSocketAddress(InetAddress.getByAddress(peer.octets()), 179), 5000);
          socket.setTcpNoDelay(true);
          return socket;
        });
  }

  synchronized void send(Message message) throws IOException {
    socket.getOutputStream().write(codec.encode(message));
  }

  /** An UPDATE of these attributes, in hexadecimal digits, under a header that is right. */
  synchronized void sendUpdate(String attributes) throws IOException {
    int length = attributes.length() / 2;
    var head = "ff".repeat(16) + String.format("%04x02%04x%04x", 23 + length, 0, length);
    socket.getOutputStream().write(Octets.parse(head + attributes).toArray());
  }

  private void read() {
    try {
      var in = new DataInputStream(socket.getInputStream());
      while (true) {
        var header = in.readNBytes(Message.HEADER_LENGTH);
        if (header.length < Message.HEADER_LENGTH) {
          break;
        }
        int length = codec.frameLength(header);
        var whole = new byte[length];
        System.arraycopy(header, 0, whole, 0, header.length);
        in.readFully(whole, header.length, length - header.length);
        take(codec.decode(whole));
      }
    } catch (IOException e) {
      // The end of the session, which is what is told below.
    } finally {
      ended = true;
    }
  }

  private void take(Decoded decoded) throws IOException {
    switch (decoded) {
      case Decoded.Good(Message.Open _) -> send(new Message.Keepalive());
      case Decoded.Good(Message.Keepalive _) -> {
        if (established.getCount() == 0) {
          send(new Message.Keepalive());
        }
        established.countDown();
      }
      case Decoded.Good(Message.Update update) -> {
        update.withdrawn().forEach(route -> held.remove(route.key()));
        update
            .announced()
            .forEach(r -> held.put(r.key(), new Held(r, update.attributes().orElseThrow())));
      }
      case Decoded.Good(Message.Notification said) -> notification = Optional.of(said);
      case Decoded.Good(Message.RouteRefresh _) -> {}
      case Decoded.Fatal(var said, var _) -> notification = Optional.of(said);
    }
  }

  /** What the peer has announced and not withdrawn. */
  Map<Route, Held> held() {
    return Map.copyOf(held);
  }

  /** The peer's last words, {@code code/subcode}; empty while the session stands. */
  String end() {
    return notification.map(n -> n.code() + "/" + n.subcode()).orElse(ended ? "closed" : "");
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
