package io.weft.agent.bfd;

import io.weft.bfd.BfdEvent;
import io.weft.bfd.BfdSettings;
import io.weft.bfd.SessionKey;
import io.weft.linux.ffi.DatagramSocket;
import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxException;
import io.weft.net.IpAddress;
import io.weft.net.Octets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The UDP sockets of BFD sessions, in the network namespace of the calling thread: one to listen
 * for each local address and kind, and one to send for each session, whose source port is its own
 * (RFC 5881 §4). For one thread.
 */
final class BfdSockets implements AutoCloseable {
  static final int SINGLE_HOP_PORT = 3784; // RFC 5881 §4
  static final int MULTIHOP_PORT = 4784; // RFC 5883 §5

  private static final Logger LOG = LoggerFactory.getLogger(BfdSockets.class);
  private static final int FIRST_SOURCE_PORT = 49_152; // RFC 5881 §4: 49152..65535
  private static final int SOURCE_PORTS = 65_536 - FIRST_SOURCE_PORT;
  private static final int ATTEMPTS = 64;

  /** Datagrams read from one socket before anything else is looked at. */
  private static final int MOST_IN_A_ROW = 4_096;

  private static final int MOST_NAMES = 4_096;

  /** Where packets of some sessions come in. */
  private record Place(IpAddress local, boolean multihop) implements Comparable<Place> {
    private static final Comparator<Place> ORDER =
        Comparator.comparing(Place::local).thenComparing(Place::multihop);

    static Place of(BfdSettings session) {
      return new Place(session.local(), session.key().multihop());
    }

    @Override
    public int compareTo(Place other) {
      return ORDER.compare(this, other);
    }
  }

  private final SecureRandom random;
  private final TreeMap<Place, DatagramSocket> listeners = new TreeMap<>();
  private final TreeMap<SessionKey, DatagramSocket> senders = new TreeMap<>();
  private final TreeMap<SessionKey, IpAddress> locals = new TreeMap<>();
  private final TreeMap<Integer, String> linkNames = new TreeMap<>();

  BfdSockets(SecureRandom random) {
    this.random = random;
  }

  /**
   * Opens what sessions need to hear, closes what none needs any more; what one sends by is opened
   * when it first does.
   *
   * @param leaving sessions that only have last words to say
   * @return what could not be opened, in the kernel's words
   */
  List<String> change(Collection<BfdSettings> wanted, Collection<BfdSettings> leaving) {
    var places = new TreeSet<Place>();
    wanted.forEach(session -> places.add(Place.of(session)));
    retain(listeners, places);
    linkNames.clear(); // a link may have another name by now
    var troubles = new ArrayList<String>();
    for (var place : places) {
      try {
        if (!listeners.containsKey(place)) {
          int port = place.multihop() ? MULTIHOP_PORT : SINGLE_HOP_PORT;
          listeners.put(place, DatagramSocket.bind(place.local(), port, place.local().linkName()));
        }
      } catch (LinuxException e) {
        troubles.add("no BFD from " + place.local() + ": " + e.getMessage());
      }
    }
    var before = new TreeMap<>(locals);
    locals.clear();
    leaving.forEach(session -> locals.put(session.key(), session.local()));
    wanted.forEach(session -> locals.put(session.key(), session.local()));
    var usable = new HashSet<SessionKey>();
    locals.forEach(
        (key, local) -> {
          if (local.equals(before.get(key))) {
            usable.add(key);
          }
        });
    retain(senders, usable);
    return troubles;
  }

  private static <K> void retain(Map<K, DatagramSocket> sockets, Collection<K> used) {
    sockets
        .entrySet()
        .removeIf(
            entry -> {
              boolean unused = !used.contains(entry.getKey());
              if (unused) {
                entry.getValue().close();
              }
              return unused;
            });
  }

  /** For {@link Libc#poll}: what can be read once a packet has come. */
  List<Descriptor> descriptors() {
    return listeners.values().stream().map(DatagramSocket::descriptor).toList();
  }

  /** Hands over what has come, without waiting for more. */
  void drain(Consumer<BfdEvent.PacketReceived> receiver) {
    listeners.forEach((place, socket) -> drain(place, socket, receiver));
  }

  private void drain(
      Place place, DatagramSocket socket, Consumer<BfdEvent.PacketReceived> receiver) {
    for (int i = 0; i < MOST_IN_A_ROW; i++) {
      var datagram = socket.receive();
      if (datagram.isEmpty()) {
        return;
      }
      var got = datagram.get();
      var link = linkName(got.link());
      receiver.accept(
          new BfdEvent.PacketReceived(
              withZone(got.from(), link),
              place.local(),
              link,
              got.ttl(),
              got.octets(),
              place.multihop()));
    }
  }

  private static IpAddress withZone(IpAddress from, Optional<String> link) {
    return from.isLinkLocal() && !from.isIpv4() && link.isPresent()
        ? IpAddress.parseWithZone(from + "%" + link.get())
        : from;
  }

  private Optional<String> linkName(int index) {
    var known = linkNames.get(index);
    if (known != null || index == 0) {
      return Optional.ofNullable(known);
    }
    try {
      var name = Libc.if_indextoname(index);
      if (linkNames.size() >= MOST_NAMES) {
        linkNames.clear();
      }
      linkNames.put(index, name);
      return Optional.of(name);
    } catch (LinuxException _) {
      return Optional.empty(); // it went just now
    }
  }

  /** A packet that cannot leave is as one that is lost: the sessions notice, nobody else. */
  void send(SessionKey session, Octets octets) {
    try {
      var socket = senders.get(session);
      if (socket == null) {
        socket = sender(session);
        senders.put(session, socket);
      }
      if (socket.send(octets) < 0) {
        int result = socket.send(octets); // the first says what an ICMP error had left behind
        if (result == -Errno.ENODEV.number()) { // the link was made anew
          senders.remove(session);
          socket.close();
        }
      }
    } catch (LinuxException e) {
      LOG.debug("BFD packet to {} not sent: {}", session, e.getMessage());
    }
  }

  private DatagramSocket sender(SessionKey session) {
    var local = java.util.Objects.requireNonNull(locals.get(session));
    int start = random.nextInt(SOURCE_PORTS);
    LinuxException last = null;
    for (int i = 0; i < ATTEMPTS; i++) {
      DatagramSocket socket;
      try {
        socket =
            DatagramSocket.bind(
                local, FIRST_SOURCE_PORT + (start + i) % SOURCE_PORTS, session.interfaceName());
      } catch (LinuxException e) {
        last = e; // somebody else's port
        continue;
      }
      try {
        socket.connect(session.peer(), session.multihop() ? MULTIHOP_PORT : SINGLE_HOP_PORT);
        return socket;
      } catch (LinuxException e) {
        socket.close();
        throw e;
      }
    }
    throw java.util.Objects.requireNonNull(last);
  }

  @Override
  public void close() {
    retain(listeners, List.of());
    retain(senders, List.of());
  }
}
