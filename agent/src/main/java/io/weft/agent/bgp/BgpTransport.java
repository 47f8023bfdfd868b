package io.weft.agent.bgp;

import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries out what a speaker wants of TCP, and tells it what happens there. */
public final class BgpTransport implements AutoCloseable {
  /** RFC 4271 §8: the port that BGP listens on. */
  public static final int PORT = 179;

  /** A connection that does not stand by then has failed. */
  static final int CONNECT_TIMEOUT_MILLIS = 5_000;

  /** Connections at most, those not yet known to the speaker included; one more is closed. */
  static final int MAX_CONNECTIONS = 10_000;

  private static final int BACKLOG = 512;

  /**
   * So many connections have platform threads, which the kernel wakes itself; further ones have
   * virtual threads, which cost less each, and two hand-overs more for every message.
   */
  static final int MAX_PLATFORM_THREADS = 64;

  private static final Logger LOG = LoggerFactory.getLogger(BgpTransport.class);

  /** Pause after a failed accept, such as for want of descriptors. */
  private static final Duration ACCEPT_PAUSE = Duration.ofMillis(100);

  private final int port;
  private final Consumer<SpeakerEvent> events;
  private final Map<Long, BgpConnection> connections = new ConcurrentHashMap<>();
  private final AtomicLong ids = new AtomicLong();
  private volatile Optional<IpAddress> local = Optional.empty();
  private volatile Optional<ServerSocketChannel> listener = Optional.empty();
  private volatile boolean closed;

  /** Events go to {@code events}, which may block. */
  public BgpTransport(Consumer<SpeakerEvent> events) {
    this(PORT, events);
  }

  /** With another port, ours and the peers' alike. */
  BgpTransport(int port, Consumer<SpeakerEvent> events) {
    this.port = port;
    this.events = forgetting(events);
  }

  private Consumer<SpeakerEvent> forgetting(Consumer<SpeakerEvent> target) {
    return event -> {
      if (event instanceof SpeakerEvent.Disconnected(long connection, _)) {
        connections.remove(connection);
      }
      target.accept(event);
    };
  }

  /**
   * From now on connections leave from this address, and peers may connect to it. Standing ones
   * stay.
   *
   * @throws IOException when the port is taken or the address is not this machine's
   */
  public synchronized void listen(IpAddress address) throws IOException {
    if (local.filter(address::equals).isPresent() && listener.isPresent()) {
      return;
    }
    closeListener();
    local = Optional.of(address);
    var channel = ServerSocketChannel.open();
    try {
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(new InetSocketAddress(inet(address), port), BACKLOG);
    } catch (IOException e) {
      channel.close();
      throw new IOException(
          "cannot listen on " + address + " port " + port + ": " + e.getMessage(), e);
    }
    listener = Optional.of(channel);
    Thread.ofVirtual().name("bgp-accept").start(() -> accept(channel));
  }

  private void accept(ServerSocketChannel channel) {
    while (channel.isOpen()) {
      try {
        accepted(channel.accept());
      } catch (IOException e) {
        if (channel.isOpen()) {
          LOG.warn("cannot accept a BGP connection: {}", e.getMessage());
          LockSupport.parkNanos(ACCEPT_PAUSE.toNanos());
        }
      }
    }
  }

  private void accepted(SocketChannel channel) throws IOException {
    try {
      var peer = (InetSocketAddress) channel.getRemoteAddress();
      var address = IpAddress.of(peer.getAddress().getAddress());
      if (connections.size() >= MAX_CONNECTIONS) {
        LOG.debug("{}: refused, {} connections stand", address, MAX_CONNECTIONS);
        channel.close();
      } else {
        add(channel, address, true);
      }
    } catch (IOException e) {
      channel.close(); // it is gone already, or cannot be used: the peer comes again
      LOG.debug("accepted and lost at once: {}", e.getMessage());
    }
  }

  /** Carries out Connect, Send and Close; other effects are not for TCP and are ignored. */
  public void carryOut(SpeakerEffect effect) {
    switch (effect) {
      case SpeakerEffect.Connect(var peer) ->
          Thread.ofVirtual().name("bgp-connect-" + peer).start(() -> connect(peer));
      case SpeakerEffect.Send(long id, var messages) -> {
        var connection = connections.get(id);
        if (connection != null) {
          connection.send(messages);
        }
      }
      case SpeakerEffect.Close(long id, var reason) -> {
        LOG.debug("closing connection {}: {}", id, reason);
        var connection = connections.remove(id);
        if (connection != null) {
          connection.close();
        }
      }
      case SpeakerEffect.BestPathChanged _,
          SpeakerEffect.PeerUp _,
          SpeakerEffect.PeerDown _,
          SpeakerEffect.EndOfRibReceived _,
          SpeakerEffect.Report _ -> {}
    }
  }

  private void connect(IpAddress peer) {
    try {
      var channel = SocketChannel.open();
      try {
        var source = local;
        if (source.isPresent() && source.get().bits() == peer.bits()) {
          channel.bind(new InetSocketAddress(inet(source.get()), 0));
        }
        channel.socket().connect(new InetSocketAddress(inet(peer), port), CONNECT_TIMEOUT_MILLIS);
        add(channel, peer, false);
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      events.accept(new SpeakerEvent.ConnectFailed(peer, String.valueOf(e.getMessage())));
    }
  }

  private void add(SocketChannel channel, IpAddress peer, boolean accepted) throws IOException {
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    long id = ids.incrementAndGet();
    var connection = new BgpConnection(id, channel, events);
    connections.put(id, connection);
    if (closed) {
      connections.remove(id);
      channel.close();
      return;
    }
    events.accept(
        accepted ? new SpeakerEvent.Accepted(id, peer) : new SpeakerEvent.Connected(id, peer));
    connection.start(
        connections.size() <= MAX_PLATFORM_THREADS
            ? Thread.ofPlatform().daemon(true)
            : Thread.ofVirtual());
  }

  private static InetAddress inet(IpAddress address) throws UnknownHostException {
    return InetAddress.getByAddress(address.octets());
  }

  private synchronized void closeListener() throws IOException {
    if (listener.isPresent()) {
      listener.get().close();
      listener = Optional.empty();
    }
  }

  /** Closes the listener and, without a word to the peers, all connections. */
  @Override
  public void close() throws IOException {
    closed = true;
    closeListener();
    connections.values().forEach(BgpConnection::close);
    connections.clear();
  }
}
