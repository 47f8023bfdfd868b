package io.weft.agent.bgp;

import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.socket.TcpOptions;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
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
  private volatile List<PeerTransport> configured = List.of();
  private volatile boolean closed;

  /** Events go to {@code events}, which may block. */
  public BgpTransport(Consumer<SpeakerEvent> events) {
    this(PORT, events);
  }

  /** With another port, ours and the peers' alike. */
  public BgpTransport(int port, Consumer<SpeakerEvent> events) {
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
    var channel = ServerSocketChannel.open(family(address));
    try {
      secure(channel, address.isIpv4(), List.of());
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(new InetSocketAddress(inet(address), port), BACKLOG);
    } catch (IOException | LinuxException e) {
      channel.close();
      throw new IOException(
          "cannot listen on " + address + " port " + port + ": " + e.getMessage(), e);
    }
    listener = Optional.of(channel);
    Thread.ofVirtual().name("bgp-accept").start(() -> accept(channel));
  }

  /**
   * From now on new connections follow these; standing ones stay. A listener demands passwords
   * before it accepts.
   *
   * @throws LinuxException when the kernel refuses, such as for want of TCP-MD5
   */
  public synchronized void configure(List<PeerTransport> peers) {
    var before = configured;
    configured = List.copyOf(peers);
    if (listener.isPresent() && local.isPresent()) {
      secure(listener.get(), local.get().isIpv4(), before);
    }
  }

  private void secure(ServerSocketChannel channel, boolean ipv4, List<PeerTransport> before) {
    for (var old : before) {
      boolean kept =
          configured.stream()
              .anyMatch(p -> p.peers().equals(old.peers()) && p.password().isPresent());
      if (old.peers().address().isIpv4() == ipv4 && old.password().isPresent() && !kept) {
        TcpOptions.md5(channel, old.peers(), "");
      }
    }
    for (var peer : configured) {
      if (peer.peers().address().isIpv4() == ipv4 && peer.password().isPresent()) {
        TcpOptions.md5(channel, peer.peers(), peer.password().get().value());
      }
      if (peer.peers().address().isIpv4() == ipv4 && peer.ttlSecurityHops().isPresent()) {
        TcpOptions.ttl(channel, ipv4, 255); // RFC 5082 §3: the answer to SYN as well
      }
    }
  }

  /** The narrowest range wins. */
  private Optional<PeerTransport> of(IpAddress peer) {
    return configured.stream()
        .filter(p -> p.peers().contains(peer))
        .max(Comparator.comparingInt(p -> p.peers().length()));
  }

  private static StandardProtocolFamily family(IpAddress address) {
    return address.isIpv4() ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6;
  }

  private static void limitHops(SocketChannel channel, IpAddress peer, PeerTransport wanted) {
    wanted.ttl().ifPresent(ttl -> TcpOptions.ttl(channel, peer.isIpv4(), ttl));
    if (wanted.minimumTtl() > 0) {
      TcpOptions.minimumTtl(channel, peer.isIpv4(), wanted.minimumTtl());
    }
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
        of(address).ifPresent(wanted -> limitHops(channel, address, wanted));
        add(channel, address, true);
      }
    } catch (IOException | LinuxException e) {
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
      var channel = SocketChannel.open(family(peer));
      var wanted = of(peer);
      try {
        wanted.ifPresent(w -> limitHops(channel, peer, w));
        wanted
            .flatMap(PeerTransport::password)
            .ifPresent(
                secret -> TcpOptions.md5(channel, new IpPrefix(peer, peer.bits()), secret.value()));
        var source = wanted.flatMap(PeerTransport::localAddress).or(() -> local);
        if (source.isPresent() && source.get().bits() == peer.bits()) {
          channel.bind(new InetSocketAddress(inet(source.get()), 0));
        }
        int to = wanted.map(PeerTransport::port).orElse(OptionalInt.empty()).orElse(port);
        channel.socket().connect(new InetSocketAddress(inet(peer), to), CONNECT_TIMEOUT_MILLIS);
        add(channel, peer, false);
      } catch (IOException | LinuxException e) {
        channel.close();
        throw e;
      }
    } catch (IOException | LinuxException e) {
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
