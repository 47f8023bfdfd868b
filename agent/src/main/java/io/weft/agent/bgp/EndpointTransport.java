package io.weft.agent.bgp;

import io.weft.agent.bgp.BgpConnection.Edge;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.linux.ffi.LinuxException;
import io.weft.net.IpAddress;
import io.weft.overlay.node.EndpointListener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TCP for BGP with endpoints: listens in the tenants' namespaces, each network's gateway on its own
 * bridge. All endpoints together are read by one thread, which takes its time: they share the brain
 * with the fabric, and must not keep it busy.
 */
public final class EndpointTransport implements AutoCloseable {
  /** Connections at most, of all networks; one more is closed. */
  static final int MAX_CONNECTIONS = 256;

  /** After each event there is so long a pause, so that 10,000 come in a second at most. */
  static final Duration PAUSE = Duration.ofNanos(100_000);

  /** Between two accepted connections of one gateway, at least. */
  static final Duration ACCEPT_PAUSE = Duration.ofMillis(10);

  private static final Logger LOG = LoggerFactory.getLogger(EndpointTransport.class);

  private final int port;
  private final BiConsumer<String, List<SpeakerEvent>> events;
  private final ReadLoop reader = new ReadLoop();
  private final WriteLoop writer = new WriteLoop();
  private final Map<Long, Standing> connections = new ConcurrentHashMap<>();
  private final AtomicLong ids = new AtomicLong();

  // Guarded by this.
  private final Map<EndpointListener, BgpListener> listeners = new LinkedHashMap<>();
  private List<EndpointListener> wanted = List.of();
  private SortedMap<String, PeerTransports> secured = Collections.emptySortedMap();
  private boolean closed;

  /** A connection with an endpoint of a network. */
  private record Standing(String network, BgpConnection connection) {}

  /** {@code events} is told of each network's by name; it may block. */
  public EndpointTransport(BiConsumer<String, List<SpeakerEvent>> events) {
    this(BgpTransport.PORT, events);
  }

  EndpointTransport(int port, BiConsumer<String, List<SpeakerEvent>> events) {
    this.port = port;
    this.events = events;
    reader.start();
    writer.start();
  }

  /**
   * From now on connections with endpoints must have this, by network: to be called before {@link
   * #listen}, and at each change. A connection that was made by something else ends.
   */
  public synchronized void configure(SortedMap<String, List<PeerTransport>> next) {
    var secure = new TreeMap<String, PeerTransports>();
    next.forEach((network, transports) -> secure.put(network, new PeerTransports(transports)));
    secured = secure;
    listeners.forEach((where, listener) -> listener.secure(of(where.network())));
    for (var each : connections.values()) {
      var connection = each.connection();
      connection
          .made()
          .changeTo(of(each.network()).of(connection.peer()))
          .ifPresent(connection::end);
    }
  }

  private synchronized PeerTransports of(String network) {
    return secured.getOrDefault(network, PeerTransports.NONE);
  }

  /** From now on endpoints may connect there, and nowhere else; does not wait for it. */
  public void listen(List<EndpointListener> next) {
    synchronized (this) {
      wanted = List.copyOf(next);
    }
    // Entering namespaces takes its time, and the caller is the brain's thread.
    Thread.ofVirtual().name("endpoint-listen").start(this::follow);
  }

  private synchronized void follow() {
    listeners
        .entrySet()
        .removeIf(
            entry -> {
              boolean unused = closed || !wanted.contains(entry.getKey());
              if (unused) {
                entry.getValue().close();
              }
              return unused;
            });
    for (var each : wanted) {
      if (!closed && !listeners.containsKey(each)) {
        open(each);
      }
    }
  }

  private void open(EndpointListener where) {
    var listener =
        BgpListener.onDevice(
            where.gateway(),
            where.namespace(),
            "br" + where.vni(),
            port,
            of(where.network()),
            (by, channel) -> accepted(by, where.network(), channel));
    listener.start();
    listeners.put(where, listener);
  }

  /** What keeps endpoints from connecting, for people; empty when nothing does. */
  public synchronized List<String> problems() {
    var problems = new ArrayList<String>();
    listeners.forEach(
        (where, listener) ->
            listener
                .problems()
                .forEach(text -> problems.add("network " + where.network() + ": " + text)));
    return problems;
  }

  private void accepted(BgpListener by, String network, SocketChannel channel) {
    try {
      try {
        var peer = address(channel.getRemoteAddress());
        var wanted = of(network).of(peer);
        var refusal = refusal(by, wanted);
        if (refusal.isPresent()) {
          LOG.debug("network {}: {} refused: {}", network, peer, refusal.get());
          channel.close();
        } else {
          add(network, peer, wanted, channel);
        }
      } catch (IOException | LinuxException e) {
        LOG.debug("network {}: accepted and lost at once: {}", network, e.getMessage());
        channel.close();
      }
    } catch (IOException e) {
      LOG.debug("cannot be closed: {}", e.getMessage());
    }
    LockSupport.parkNanos(ACCEPT_PAUSE.toNanos());
  }

  private Optional<String> refusal(BgpListener by, PeerTransport wanted) {
    return connections.size() >= MAX_CONNECTIONS
        ? Optional.of(MAX_CONNECTIONS + " connections stand")
        : wanted.barred().or(() -> by.refusal(wanted));
  }

  private void add(String network, IpAddress peer, PeerTransport wanted, SocketChannel channel)
      throws IOException {
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    PeerTransport.protect(channel, peer, wanted);
    var ours = address(channel.getLocalAddress());
    long id = ids.incrementAndGet();
    channel.configureBlocking(false);
    var edge = new Edge(reader, writer, come -> tell(network, come));
    var connection = new BgpConnection(id, peer, wanted, channel, edge);
    if (!enter(id, new Standing(network, connection))) {
      channel.close();
      return;
    }
    tell(network, List.of(new SpeakerEvent.Accepted(id, peer, Optional.of(ours))));
    connection.start();
  }

  /** Without a zone: names of links are of another namespace here. */
  private static IpAddress address(java.net.SocketAddress end) {
    return IpAddress.of(((InetSocketAddress) end).getAddress().getAddress());
  }

  /** False when it must not be: all is closed, or it was accepted by what holds no longer. */
  private synchronized boolean enter(long id, Standing standing) {
    var connection = standing.connection();
    var wanted = of(standing.network()).of(connection.peer());
    if (closed || connection.made().changeTo(wanted).isPresent()) {
      return false;
    }
    connections.put(id, standing);
    return true;
  }

  private void tell(String network, List<SpeakerEvent> come) {
    for (var event : come) {
      if (event instanceof SpeakerEvent.Disconnected(long connection, _)) {
        connections.remove(connection);
      }
    }
    events.accept(network, come);
    LockSupport.parkNanos(PAUSE.toNanos() * come.size());
  }

  /** Carries out Send and Close; it never connects. */
  public void carryOut(SpeakerEffect effect) {
    switch (effect) {
      case SpeakerEffect.Send(long id, var messages) ->
          Optional.ofNullable(connections.get(id))
              .ifPresent(each -> each.connection().send(messages, true));
      case SpeakerEffect.Close(long id, var reason) -> {
        LOG.debug("closing connection {} with an endpoint: {}", id, reason);
        Optional.ofNullable(connections.remove(id)).ifPresent(each -> each.connection().close());
      }
      case SpeakerEffect.Connect _,
          SpeakerEffect.BestPathChanged _,
          SpeakerEffect.PeerUp _,
          SpeakerEffect.PeerDown _,
          SpeakerEffect.EndOfRibReceived _,
          SpeakerEffect.Report _ -> {}
    }
  }

  /** Closes the listeners and, without a word to the endpoints, all connections. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      listeners.values().forEach(BgpListener::close);
      listeners.clear();
    }
    connections.values().forEach(each -> each.connection().close());
    connections.clear();
    reader.stop();
    writer.stop();
  }
}
