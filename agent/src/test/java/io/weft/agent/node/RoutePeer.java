package io.weft.agent.node;

import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.RouteTargetMembership;
import io.weft.bgp.wire.UpdatePacking;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteTarget;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * An iBGP neighbour of a node as a reflector is: it sends what the node's memberships ask for (RFC
 * 4684), and reads what comes.
 */
final class RoutePeer implements AutoCloseable {
  private static final int AS = 65000;

  private final Socket socket;
  private final MessageCodec codec = new MessageCodec();
  private final CountDownLatch established = new CountDownLatch(1);

  private final Wanted wanted;

  /** What the neighbour has to say. */
  interface Wanted {
    /** Announces the routes that carry the target. */
    void say(RoutePeer peer, RouteTarget target) throws IOException;

    /** Takes every UPDATE that comes, on the reading thread. */
    default void heard(Message.Update update) {}
  }

  private RoutePeer(Socket socket, Wanted wanted) {
    this.socket = socket;
    this.wanted = wanted;
  }

  /** Connects from one address to the node's; returns when the session stands. */
  static RoutePeer connect(String namespace, Ipv4Address self, Ipv4Address node, Wanted wanted)
      throws Exception {
    var peer = new RoutePeer(dial(namespace, self, node), wanted);
    peer.send(
        new Message.Open(
            new AutonomousSystem(AS),
            90,
            self,
            List.of(
                new Capability.Multiprotocol(Family.L2VPN_EVPN),
                new Capability.Multiprotocol(Family.ROUTE_TARGET),
                new Capability.RouteRefresh(),
                new Capability.FourOctetAs(new AutonomousSystem(AS)))));
    Thread.ofPlatform().daemon(true).name("routes").start(peer::read);
    if (!peer.established.await(60, TimeUnit.SECONDS)) {
      throw new IOException("no session with " + node);
    }
    peer.send(Message.Update.endOfRib(Family.ROUTE_TARGET));
    return peer;
  }

  private static Socket dial(String namespace, Ipv4Address self, Ipv4Address node)
      throws Exception {
    long until = System.nanoTime() + NodeProcess.TIMEOUT_NANOS;
    while (true) {
      try {
        return NetworkNamespaces.<Socket, IOException>callIn(
            namespace,
            () -> {
              var socket = new Socket();
              socket.setReuseAddress(true);
              socket.bind(new InetSocketAddress(InetAddress.getByAddress(self.octets()), 0));
              socket.connect(
                  new InetSocketAddress(InetAddress.getByAddress(node.octets()), 179), 5000);
              socket.setTcpNoDelay(true);
              return socket;
            });
      } catch (IOException e) {
        if (System.nanoTime() > until) {
          throw e;
        }
        Thread.sleep(20);
      }
    }
  }

  private synchronized void send(Message message) throws IOException {
    socket.getOutputStream().write(codec.encode(message));
  }

  void announce(PathAttributes attributes, List<? extends Route> routes) throws IOException {
    for (var message : UpdatePacking.announce(attributes, routes)) {
      send(message);
    }
  }

  private void answer(Message.Update update) throws IOException {
    wanted.heard(update);
    if (update.endOfRib().equals(Optional.of(Family.ROUTE_TARGET))) {
      send(Message.Update.endOfRib(Family.L2VPN_EVPN));
    }
    for (var route : update.announced()) {
      if (route instanceof RouteTargetMembership membership && membership.target().isPresent()) {
        wanted.say(this, membership.target().get());
      }
    }
  }

  private void read() {
    try {
      var in = new DataInputStream(socket.getInputStream());
      while (true) {
        var header = in.readNBytes(Message.HEADER_LENGTH);
        if (header.length < Message.HEADER_LENGTH) {
          return;
        }
        int length = codec.frameLength(header);
        var whole = new byte[length];
        System.arraycopy(header, 0, whole, 0, header.length);
        in.readFully(whole, header.length, length - header.length);
        switch (codec.decode(whole)) {
          case Decoded.Good(Message.Open _) -> send(new Message.Keepalive());
          case Decoded.Good(Message.Keepalive _) -> {
            if (established.getCount() == 0) {
              send(new Message.Keepalive());
            }
            established.countDown();
          }
          case Decoded.Good(Message.Update update) -> answer(update);
          default -> {} // nothing else is measured here
        }
      }
    } catch (IOException _) {
      // The session ended; the test sees it in the node's status.
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
