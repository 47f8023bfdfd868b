package io.weft.agent.bgp;

import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.socket.TcpOptions;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The socket that peers connect to. While it cannot have its port, as when another BGP daemon has
 * it, it tries again and again, and says so once.
 */
final class BgpListener {
  private static final Logger LOG = LoggerFactory.getLogger(BgpListener.class);
  private static final int BACKLOG = 512;

  /** Between attempts to bind. */
  private static final Duration BIND_PAUSE = Duration.ofSeconds(2);

  /** Pause after a failed accept, such as for want of descriptors. */
  private static final Duration ACCEPT_PAUSE = Duration.ofMillis(100);

  private final IpAddress address;
  private final Optional<String> device;
  private final int port;
  private final boolean strangers;
  private final Opener opener;
  private final BiConsumer<BgpListener, SocketChannel> accepted;

  // Guarded by this.
  private PeerTransports peers;
  private Optional<ServerSocketChannel> channel = Optional.empty();
  private Optional<String> unbound = Optional.empty();
  private final Map<IpPrefix, Secret> keys = new TreeMap<>();
  private final Map<IpPrefix, String> unprotected = new TreeMap<>();
  private boolean closed;

  /** Held while the thread waits for a connection: so long the kernel listens, closed or not. */
  private final ReentrantLock accepting = new ReentrantLock();

  /**
   * Makes one that is not open yet.
   *
   * @param strangers whether others than {@code peers} may connect
   * @param accepted told of each connection, on one thread, and should not take long
   */
  BgpListener(
      IpAddress address,
      int port,
      PeerTransports peers,
      boolean strangers,
      BiConsumer<BgpListener, SocketChannel> accepted) {
    this(
        address,
        Optional.empty(),
        port,
        peers,
        strangers,
        () -> ServerSocketChannel.open(family(address)),
        accepted);
  }

  /**
   * One that takes connections by one link alone, in another network namespace, whose other ends
   * may demand TTL security of us.
   *
   * @param namespace the name; while there is none it is tried again as a port is
   */
  static BgpListener onDevice(
      IpAddress address,
      String namespace,
      String device,
      int port,
      PeerTransports peers,
      BiConsumer<BgpListener, SocketChannel> accepted) {
    // Only the socket is made in there: a thread is born into the namespace of its maker, and one
    // that waits there for tenants would in time make carriers there for all virtual threads.
    Opener opener =
        () ->
            NetworkNamespaces.<ServerSocketChannel, IOException>callIn(
                namespace, () -> ServerSocketChannel.open(family(address)));
    return new BgpListener(address, Optional.of(device), port, peers, true, opener, accepted);
  }

  private BgpListener(
      IpAddress address,
      Optional<String> device,
      int port,
      PeerTransports peers,
      boolean strangers,
      Opener opener,
      BiConsumer<BgpListener, SocketChannel> accepted) {
    this.address = address;
    this.device = device;
    this.port = port;
    this.peers = peers;
    this.strangers = strangers;
    this.opener = opener;
    this.accepted = accepted;
  }

  /** Makes the socket, which then belongs to the namespace where it was made. */
  private interface Opener {
    ServerSocketChannel open() throws IOException;
  }

  /** Binds, if that can be, before it returns. */
  void start() {
    bind();
    Thread.ofPlatform().name("bgp-accept").daemon(true).start(this::run);
  }

  IpAddress address() {
    return address;
  }

  /** What keeps all peers, or some, from connecting to us. */
  synchronized List<String> problems() {
    var problems = new ArrayList<String>();
    unbound.ifPresent(problems::add);
    unprotected.forEach((prefix, text) -> problems.add("peer " + prefix + ": no session: " + text));
    return problems;
  }

  /** Why nobody of these peers may be accepted: they would be without their password. */
  synchronized Optional<String> refusal(PeerTransport wanted) {
    return !strangers && !peers.all().contains(wanted)
        ? Optional.of("it is no neighbour at " + address)
        : Optional.ofNullable(unprotected.get(wanted.peers()));
  }

  /** From now on connections must have this. */
  synchronized void secure(PeerTransports next) {
    peers = next;
    channel.ifPresent(this::secure);
  }

  private void secure(ServerSocketChannel socket) {
    boolean ipv4 = address.isIpv4();
    var wanted = new TreeMap<IpPrefix, Secret>();
    for (var peer : peers.of(ipv4)) {
      peer.password().ifPresent(secret -> wanted.put(peer.peers(), secret));
    }
    for (var prefix : List.copyOf(keys.keySet())) {
      if (!wanted.containsKey(prefix)) {
        TcpOptions.md5(socket, prefix, new byte[0]);
        keys.remove(prefix);
      }
    }
    unprotected.clear();
    wanted.forEach((prefix, secret) -> protect(socket, prefix, secret));
    boolean limited = peers.of(ipv4).stream().anyMatch(p -> p.ttlSecurityHops().isPresent());
    // RFC 5082 §3: the answer to a SYN has the full TTL as well.
    TcpOptions.ttl(socket, ipv4, limited || device.isPresent() ? 255 : TcpOptions.SYSTEM_TTL);
    TcpOptions.minimumTtl(socket, ipv4, peers.listenerMinimumTtl(ipv4));
    TcpOptions.saveSyn(socket, limited);
  }

  private void protect(ServerSocketChannel socket, IpPrefix prefix, Secret secret) {
    if (!Optional.of(secret).equals(Optional.ofNullable(keys.get(prefix)))) {
      try {
        TcpOptions.md5(socket, prefix, secret.reveal());
        keys.put(prefix, secret);
      } catch (LinuxException e) {
        unprotected.put(prefix, "the kernel does not take its password: " + e.getMessage());
        LOG.warn("peer {}: no session: {}", prefix, unprotected.get(prefix));
      }
    }
  }

  private void run() {
    while (!isClosed()) {
      var bound = bind();
      if (bound.isPresent()) {
        accept(bound.get());
      } else {
        LockSupport.parkNanos(BIND_PAUSE.toNanos());
      }
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private synchronized Optional<ServerSocketChannel> bind() {
    if (closed || channel.isPresent()) {
      return channel;
    }
    try {
      var socket = opener.open();
      try {
        keys.clear();
        device.ifPresent(link -> TcpOptions.bindToDevice(socket, link));
        secure(socket);
        socket.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        socket.bind(new InetSocketAddress(Zones.inet(address), port), BACKLOG);
      } catch (IOException | LinuxException e) {
        socket.close();
        throw e;
      }
      channel = Optional.of(socket);
      if (unbound.isPresent()) {
        LOG.info("peers can connect to {} port {} now", address, port);
      }
      unbound = Optional.empty();
    } catch (IOException | LinuxException e) {
      var text = reason(e);
      if (!unbound.equals(Optional.of(text))) {
        LOG.warn("{}", text);
      }
      unbound = Optional.of(text);
    }
    return channel;
  }

  private String reason(Exception e) {
    return "peers cannot connect to "
        + address
        + " port "
        + port
        + ": "
        + e.getMessage()
        + (isTaken(e) ? " (does another BGP daemon run here?)" : "")
        + "; tried again every "
        + BIND_PAUSE.toSeconds()
        + " s, and connections of our own are made";
  }

  /** Not so where the address is not there yet: Java says the same of both, but for the words. */
  private static boolean isTaken(Exception e) {
    return e instanceof BindException && String.valueOf(e.getMessage()).contains("in use");
  }

  static StandardProtocolFamily family(IpAddress address) {
    return address.isIpv4() ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6;
  }

  private void accept(ServerSocketChannel socket) {
    while (socket.isOpen()) {
      try {
        accepted.accept(this, next(socket));
      } catch (IOException e) {
        if (socket.isOpen()) {
          LOG.warn("cannot accept a BGP connection: {}", e.getMessage());
          LockSupport.parkNanos(ACCEPT_PAUSE.toNanos());
        }
      }
    }
  }

  private SocketChannel next(ServerSocketChannel socket) throws IOException {
    accepting.lock();
    try {
      return socket.accept();
    } finally {
      accepting.unlock();
    }
  }

  /** When it returns nobody can connect any more, and another may have the port. */
  synchronized void close() {
    closed = true;
    try {
      if (channel.isPresent()) {
        channel.get().close();
        accepting.lock(); // the thread is on its way out of the kernel
        try {
          channel = Optional.empty();
        } finally {
          accepting.unlock();
        }
      }
    } catch (IOException e) {
      LOG.debug("{}: {}", address, e.getMessage()); // nothing is left to be done with it
    }
  }
}
