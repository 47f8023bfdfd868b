package io.weft.agent.bfd;

import io.weft.bfd.Bfd;
import io.weft.bfd.BfdEffect;
import io.weft.bfd.BfdEvent;
import io.weft.bfd.BfdSettings;
import io.weft.bfd.BfdView;
import io.weft.bfd.SessionKey;
import io.weft.linux.ffi.DatagramSocket;
import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxException;
import io.weft.net.IpAddress;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * BFD sessions from one local address: UDP 3784 for one hop (RFC 5881 §4), 4784 for several (RFC
 * 5883 §5). One platform thread owns the brain and the sockets. After each wait it first reads what
 * has come and only then looks at deadlines, so that a delay of this process alone takes no path
 * down.
 */
public final class BfdTransport implements AutoCloseable {
  public static final int SINGLE_HOP_PORT = 3784;
  public static final int MULTIHOP_PORT = 4784;

  private static final Logger LOG = LoggerFactory.getLogger(BfdTransport.class);
  private static final int FIRST_SOURCE_PORT = 49_152; // RFC 5881 §4: 49152..65535
  private static final int SOURCE_PORTS = 65_536 - FIRST_SOURCE_PORT;
  private static final int REQUESTS = 64;

  /** Datagrams read from one socket before anything else is looked at. */
  private static final int MOST_IN_A_ROW = 4_096;

  private final IpAddress local;
  private final Consumer<PathState> listener;
  private final SecureRandom random = new SecureRandom();
  private final Bfd brain = new Bfd(random.nextLong());
  private final DatagramSocket singleHop;
  private final DatagramSocket multihop;
  private final TreeMap<SessionKey, DatagramSocket> senders = new TreeMap<>();
  private final ArrayBlockingQueue<Runnable> requests = new ArrayBlockingQueue<>(REQUESTS);
  private final Object waking = new Object();
  private final Thread thread;
  private Descriptor wake = Libc.eventfd();
  private boolean ended;
  private volatile boolean running = true;

  /**
   * Binds in the network namespace of the calling thread, and starts.
   *
   * @param local the address of all sessions
   * @param listener told of each change, on the thread of BFD: must hand over and return
   * @throws LinuxException when an address or port cannot be had
   */
  public BfdTransport(IpAddress local, Consumer<PathState> listener) {
    this.local = local;
    this.listener = listener;
    this.singleHop = DatagramSocket.bind(local, SINGLE_HOP_PORT);
    try {
      this.multihop = DatagramSocket.bind(local, MULTIHOP_PORT);
    } catch (RuntimeException e) {
      singleHop.close();
      throw e;
    }
    // A thread inherits the namespace of its parent: the sockets of sessions are made there too.
    this.thread = Thread.ofPlatform().name("bfd").daemon(true).start(this::run);
  }

  /**
   * Makes exactly these sessions run.
   *
   * @throws IllegalArgumentException for a session that is not from the local address, or has an
   *     interface, which is not supported yet
   */
  public void sessions(List<BfdSettings> wanted) {
    for (var one : wanted) {
      if (!one.local().equals(local)) {
        throw new IllegalArgumentException(
            "BFD session " + one.key() + " is from " + one.local() + ", this transport " + local);
      }
      if (one.key().interfaceName().isPresent()) {
        throw new IllegalArgumentException(
            "BFD session " + one.key() + ": sessions bound to an interface are not supported");
      }
    }
    var event = new BfdEvent.SessionsChanged(wanted);
    ask(
        () -> {
          step(event);
          closeUnused();
          return true;
        });
  }

  /** How all sessions stand. */
  public BfdView view() {
    return ask(brain::view);
  }

  /** Tells every peer that the session is down on purpose, once, and ends. */
  @Override
  public void close() {
    if (running) {
      sessions(List.of());
      running = false;
      raise();
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private <T> T ask(Supplier<T> question) {
    var answer = new CompletableFuture<T>();
    Runnable request =
        () -> {
          try {
            answer.complete(question.get());
          } catch (RuntimeException e) {
            answer.completeExceptionally(e);
          }
        };
    try {
      if (!running || !requests.offer(request, 5, TimeUnit.SECONDS)) {
        throw new IllegalStateException("BFD on " + local + " has ended or does not answer");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while asking BFD", e);
    }
    raise();
    return answer.orTimeout(5, TimeUnit.SECONDS).join();
  }

  private void raise() {
    synchronized (waking) {
      if (thread.isAlive() && !ended) {
        Libc.raise(wake);
      }
    }
  }

  private void run() {
    try {
      while (running) {
        once();
      }
    } catch (RuntimeException | Error e) {
      LOG.error(
          "BFD on {} failed; this is a defect of Weft. No path is watched any more.", local, e);
    } finally {
      running = false;
      senders.values().forEach(DatagramSocket::close);
      singleHop.close();
      multihop.close();
      synchronized (waking) {
        ended = true;
        wake.close();
      }
    }
  }

  private void once() {
    int ready =
        Libc.poll(waitMillis(), wakeDescriptor(), singleHop.descriptor(), multihop.descriptor());
    if (ready > 0) {
      drain(singleHop, false);
      drain(multihop, true);
      answerRequests();
    }
    var deadline = brain.nextDeadline();
    if (deadline.isPresent() && deadline.getAsLong() <= System.nanoTime()) {
      drain(singleHop, false);
      drain(multihop, true);
      step(new BfdEvent.DeadlineReached());
    }
  }

  private int waitMillis() {
    var deadline = brain.nextDeadline();
    if (deadline.isEmpty()) {
      return -1;
    }
    long nanos = Math.max(0, deadline.getAsLong() - System.nanoTime());
    return (int) Math.min(Integer.MAX_VALUE, (nanos + 999_999) / 1_000_000);
  }

  private Descriptor wakeDescriptor() {
    synchronized (waking) {
      return wake;
    }
  }

  private void answerRequests() {
    synchronized (waking) {
      if (requests.isEmpty() || !running) {
        return;
      }
      wake.close(); // it stays readable once raised
      wake = Libc.eventfd();
    }
    for (var request = requests.poll(); request != null; request = requests.poll()) {
      request.run();
    }
  }

  private void drain(DatagramSocket socket, boolean hops) {
    for (int i = 0; i < MOST_IN_A_ROW; i++) {
      var datagram = socket.receive();
      if (datagram.isEmpty()) {
        return;
      }
      var got = datagram.get();
      step(new BfdEvent.PacketReceived(got.from(), local, got.ttl(), got.octets(), hops));
    }
  }

  private void step(BfdEvent event) {
    for (var effect : brain.step(System.nanoTime(), event)) {
      switch (effect) {
        case BfdEffect.SendPacket send -> send(send);
        case BfdEffect.PathUp(var session) ->
            listener.accept(new PathState(session.peer(), true, false, "up"));
        case BfdEffect.PathDown(var session, var text, var administrative) ->
            listener.accept(new PathState(session.peer(), false, administrative, text));
        case BfdEffect.Report(var text) -> LOG.info("{}", text);
      }
    }
  }

  /** A packet that cannot leave is as one that is lost: the sessions notice, nobody else. */
  private void send(BfdEffect.SendPacket packet) {
    try {
      var socket = senders.get(packet.session());
      if (socket == null) {
        socket = sender(packet.session());
        senders.put(packet.session(), socket);
      }
      if (socket.send(packet.octets()) < 0) {
        int _ = socket.send(packet.octets()); // the first says what an ICMP error had left behind
      }
    } catch (LinuxException e) {
      LOG.debug("BFD packet to {} not sent: {}", packet.session(), e.getMessage());
    }
  }

  private DatagramSocket sender(SessionKey session) {
    int start = random.nextInt(SOURCE_PORTS);
    LinuxException last = null;
    for (int i = 0; i < 64; i++) {
      DatagramSocket socket;
      try {
        socket = DatagramSocket.bind(local, FIRST_SOURCE_PORT + (start + i) % SOURCE_PORTS);
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

  private void closeUnused() {
    var used = new HashSet<SessionKey>();
    brain.view().sessions().forEach(session -> used.add(session.settings().key()));
    senders
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
}
