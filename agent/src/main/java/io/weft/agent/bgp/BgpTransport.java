package io.weft.agent.bgp;

import io.weft.agent.bgp.BgpConnection.Edge;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.socket.TcpOptions;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
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

  /**
   * With so many connections few messages are written by who sends them, which saves a hand-over;
   * with more of them, what all are told would keep the sender from its work.
   */
  static final int MAX_WRITTEN_AT_ONCE = 64;

  private static final Logger LOG = LoggerFactory.getLogger(BgpTransport.class);

  private final int port;
  private final Consumer<List<SpeakerEvent>> events;
  private final Edge edge;
  private final Map<Long, BgpConnection> connections = new ConcurrentHashMap<>();
  private final AtomicLong ids = new AtomicLong();
  private volatile List<IpAddress> local = List.of();

  // Guarded by this.
  private final List<BgpListener> listeners = new ArrayList<>();
  private final SortedMap<IpAddress, BgpListener> onLinks = new TreeMap<>();
  private SortedMap<IpAddress, List<IpAddress>> links = Collections.emptySortedMap();

  private volatile PeerTransports peers = PeerTransports.NONE;
  private volatile boolean closed;

  /** Events go to {@code events}, which may block; those that came together at once. */
  public BgpTransport(Consumer<List<SpeakerEvent>> events) {
    this(PORT, events);
  }

  /** With another port, ours and the peers' alike. */
  public BgpTransport(int port, Consumer<List<SpeakerEvent>> events) {
    this.port = port;
    this.events = forgetting(events);
    this.edge = new Edge(new ReadLoop(), new WriteLoop(), this.events);
    edge.reader().start();
    edge.writer().start();
  }

  private Consumer<List<SpeakerEvent>> forgetting(Consumer<List<SpeakerEvent>> target) {
    return come -> {
      for (var event : come) {
        if (event instanceof SpeakerEvent.Disconnected(long connection, _)) {
          connections.remove(connection);
        }
      }
      target.accept(come);
    };
  }

  /** As {@link #listen(List)}, at one address. */
  public void listen(IpAddress address) {
    listen(List.of(address));
  }

  /**
   * From now on connections leave from these addresses, at most one of each family, and peers may
   * connect to them. Standing ones stay. Called in the network namespace where that is to be. While
   * a port cannot be had it is tried again, and {@link #problems} says so.
   */
  public synchronized void listen(List<IpAddress> addresses) {
    local = List.copyOf(addresses);
    listeners.removeIf(
        each -> {
          boolean unused = !addresses.contains(each.address());
          if (unused) {
            each.close();
          }
          return unused;
        });
    for (var address : addresses) {
      if (listeners.stream().noneMatch(each -> each.address().equals(address))) {
        var next = new BgpListener(address, port, peers, true, this::accepted);
        listeners.add(next);
        next.start();
      }
    }
    listenOnLinks();
  }

  /**
   * Neighbours on links connect to our end of the link: from now on these may, to that address, and
   * nobody else. Takes effect with {@link #listen}.
   *
   * @param neighbours by our address; a link-local one has its link as zone
   */
  public synchronized void links(SortedMap<IpAddress, List<IpAddress>> neighbours) {
    links = neighbours;
    listenOnLinks();
  }

  private void listenOnLinks() {
    if (local.isEmpty() || closed) {
      return;
    }
    var wanted = new TreeMap<>(links);
    local.forEach(wanted::remove);
    onLinks
        .entrySet()
        .removeIf(
            entry -> {
              boolean unused = !wanted.containsKey(entry.getKey());
              if (unused) {
                entry.getValue().close();
              }
              return unused;
            });
    wanted.forEach(
        (address, neighbours) -> {
          var theirs = peers.only(neighbours);
          var standing = onLinks.get(address);
          if (standing != null) {
            standing.secure(theirs);
            return;
          }
          var next = new BgpListener(address, port, theirs, false, this::accepted);
          onLinks.put(address, next);
          next.start();
        });
  }

  /**
   * From now on connections must have this: to be called before {@link #listen}, and at each change
   * (but not on the thread that takes the events). A connection that was made by something else
   * ends with the reason; others stay.
   */
  public synchronized void configure(List<PeerTransport> next) {
    peers = new PeerTransports(next);
    listeners.forEach(each -> each.secure(peers));
    listenOnLinks();
    connections.values().forEach(this::endIfOutdated);
  }

  private void endIfOutdated(BgpConnection connection) {
    if (connection.isStarted()) {
      connection.made().changeTo(peers.of(connection.peer())).ifPresent(connection::end);
    }
  }

  /** What keeps peers from connecting to us, for people; empty when nothing does. */
  public synchronized List<String> problems() {
    return Stream.concat(listeners.stream(), onLinks.values().stream())
        .flatMap(each -> each.problems().stream())
        .toList();
  }

  private static void limitHops(SocketChannel channel, IpAddress peer, PeerTransport wanted) {
    TcpOptions.ttl(channel, peer.isIpv4(), wanted.ttl().orElse(TcpOptions.SYSTEM_TTL));
    TcpOptions.minimumTtl(channel, peer.isIpv4(), wanted.minimumTtl());
  }

  private void accepted(BgpListener by, SocketChannel channel) {
    try {
      try {
        var remote = (InetSocketAddress) channel.getRemoteAddress();
        var peer = Zones.of(remote.getAddress());
        var wanted = peers.of(peer);
        var refusal = refusal(by, wanted).or(() -> tooFar(channel, wanted));
        if (refusal.isPresent()) {
          LOG.debug("{}: refused: {}", peer, refusal.get());
          channel.close();
        } else {
          limitHops(channel, peer, wanted);
          PeerTransport.protect(
              channel, peer, wanted); // the listener's key may have been another just before
          add(channel, peer, wanted, true);
        }
      } catch (IOException | LinuxException e) {
        LOG.debug("accepted and lost at once: {}", e.getMessage());
        channel.close(); // it is gone already, or cannot be used: the peer comes again
      }
    } catch (IOException e) {
      LOG.debug("cannot be closed: {}", e.getMessage());
    }
  }

  /** What came between the handshake and now, the kernel has not checked: the SYN tells. */
  private static Optional<String> tooFar(SocketChannel channel, PeerTransport wanted) {
    if (wanted.minimumTtl() == 0) {
      return Optional.empty();
    }
    int ttl = TcpOptions.ttlOfSyn(channel);
    return ttl < wanted.minimumTtl()
        ? Optional.of("it came with TTL " + ttl + ", below " + wanted.minimumTtl())
        : Optional.empty();
  }

  private Optional<String> refusal(BgpListener by, PeerTransport wanted) {
    return connections.size() >= MAX_CONNECTIONS
        ? Optional.of(MAX_CONNECTIONS + " connections stand")
        : wanted.barred().or(() -> by.refusal(wanted));
  }

  /** Carries out Connect, Send and Close; other effects are not for TCP and are ignored. */
  public void carryOut(SpeakerEffect effect) {
    switch (effect) {
      case SpeakerEffect.Connect(var peer) ->
          Thread.ofVirtual().name("bgp-connect-" + peer).start(() -> connect(peer));
      case SpeakerEffect.Send(long id, var messages) -> {
        var connection = connections.get(id);
        if (connection != null) {
          connection.send(messages, connections.size() <= MAX_WRITTEN_AT_ONCE);
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
    var wanted = peers.of(peer);
    if (wanted.barred().isPresent()) {
      tell(new SpeakerEvent.ConnectFailed(peer, wanted.barred().get()));
      return;
    }
    try {
      var channel = SocketChannel.open(BgpListener.family(peer));
      try {
        limitHops(channel, peer, wanted);
        PeerTransport.protect(channel, peer, wanted);
        var source = source(peer, wanted);
        if (source.isPresent()) {
          channel.bind(new InetSocketAddress(Zones.inet(source.get()), 0));
        }
        int to = wanted.port().orElse(port);
        channel
            .socket()
            .connect(new InetSocketAddress(Zones.inet(peer), to), CONNECT_TIMEOUT_MILLIS);
        add(channel, peer, wanted, false);
      } catch (IOException | LinuxException e) {
        channel.close();
        throw e;
      }
    } catch (IOException | LinuxException e) {
      tell(new SpeakerEvent.ConnectFailed(peer, String.valueOf(e.getMessage())));
    }
  }

  private void tell(SpeakerEvent event) {
    events.accept(List.of(event));
  }

  /** Empty: the kernel chooses, which is the address of the link that leads to the peer. */
  private Optional<IpAddress> source(IpAddress peer, PeerTransport wanted) {
    boolean ofLink = wanted.fromLink() || peer.isLinkLocal();
    return wanted
        .localAddress()
        .or(() -> ofLink ? Optional.empty() : ofFamily(peer))
        .filter(address -> address.bits() == peer.bits());
  }

  private Optional<IpAddress> ofFamily(IpAddress peer) {
    return local.stream().filter(address -> address.bits() == peer.bits()).findFirst();
  }

  private void add(SocketChannel channel, IpAddress peer, PeerTransport made, boolean accepted)
      throws IOException {
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    var end = (InetSocketAddress) channel.getLocalAddress();
    var ours = Optional.of(Zones.of(end.getAddress()));
    long id = ids.incrementAndGet();
    channel.configureBlocking(false);
    var connection = new BgpConnection(id, peer, made, channel, edge);
    connections.put(id, connection);
    if (closed) {
      connections.remove(id);
      channel.close();
      return;
    }
    tell(
        accepted
            ? new SpeakerEvent.Accepted(id, peer, ours)
            : new SpeakerEvent.Connected(id, peer, ours));
    connection.start();
    endIfOutdated(connection); // configured anew while it was made
  }

  private synchronized void closeListeners() {
    listeners.forEach(BgpListener::close);
    listeners.clear();
    onLinks.values().forEach(BgpListener::close);
    onLinks.clear();
  }

  /** Closes the listeners and, without a word to the peers, all connections. */
  @Override
  public void close() {
    closed = true;
    closeListeners();
    connections.values().forEach(BgpConnection::close);
    connections.clear();
    edge.reader().stop();
    edge.writer().stop();
  }
}
