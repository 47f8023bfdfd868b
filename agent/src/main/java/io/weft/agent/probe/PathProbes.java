package io.weft.agent.probe;

import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.overlay.node.Tunnel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks slowly at the path to every VTEP in use, whether it carries what the overlay promises: ICMP
 * echo from VTEP address to VTEP address, of the size of the outer packet, not to be fragmented. It
 * takes the way that VXLAN packets take, but for the choice among equal paths, which hashes UDP
 * ports. It changes nothing: what it finds is for people. One platform thread, one packet at a
 * time.
 */
public final class PathProbes implements AutoCloseable {
  /** Paths that are looked at, at most. */
  public static final int MAX_PATHS = 4096;

  /** Packets per second, at most. */
  public static final int PACKETS_PER_SECOND = 10;

  /** How long an answer is waited for. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private static final Duration REFRESH = Duration.ofSeconds(2);
  private static final Logger LOG = LoggerFactory.getLogger(PathProbes.class);

  private final Supplier<Optional<List<Tunnel>>> source;
  private final ProbeSchedule schedule;
  private final Duration refresh;
  private final Thread thread;
  private final Object lock = new Object();
  private boolean stopping; // guarded by lock, as the schedule is
  private long nextPacket = System.nanoTime();

  /**
   * Starts with its production pace: a path 3 s after it appears, then each in about five minutes,
   * one that is in doubt every 30 s. Works in the network namespace of the calling thread.
   *
   * @param source the tunnels in use, asked every two seconds; empty while nobody can say
   */
  public PathProbes(Supplier<Optional<List<Tunnel>>> source) {
    this(
        source,
        new ProbeSchedule.Pace(
            Duration.ofSeconds(3), Duration.ofMinutes(5), Duration.ofSeconds(30)),
        REFRESH);
  }

  PathProbes(Supplier<Optional<List<Tunnel>>> source, ProbeSchedule.Pace pace, Duration refresh) {
    this.source = source;
    this.schedule = new ProbeSchedule(pace, MAX_PATHS);
    this.refresh = refresh;
    this.thread = Thread.ofPlatform().name("probe").daemon(true).start(this::run);
  }

  /** What was found so far. */
  public ProbeView view() {
    synchronized (lock) {
      return schedule.view();
    }
  }

  private void run() {
    try (var rtnetlink = Rtnetlink.open()) {
      long refreshDue = System.nanoTime();
      while (!isStopping()) {
        if (refreshDue - System.nanoTime() <= 0) {
          refresh();
          refreshDue = System.nanoTime() + refresh.toNanos();
        }
        Optional<Tunnel> due;
        synchronized (lock) {
          due = schedule.due(System.nanoTime());
        }
        if (due.isPresent()) {
          look(rtnetlink, due.get());
        } else {
          await(refreshDue);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // it is closed
    } catch (RuntimeException | Error e) {
      LOG.error("probes failed; this is a defect of Weft. No path is looked at any more.", e);
    }
  }

  private boolean isStopping() {
    synchronized (lock) {
      return stopping;
    }
  }

  private void refresh() {
    var tunnels = source.get();
    synchronized (lock) {
      tunnels.ifPresent(each -> schedule.tunnels(System.nanoTime(), each));
    }
  }

  private void look(Rtnetlink rtnetlink, Tunnel tunnel) throws InterruptedException {
    OptionalInt guess;
    boolean wasSilent;
    synchronized (lock) {
      guess = schedule.guess(tunnel);
      wasSilent = schedule.wasSilent(tunnel);
    }
    PathState state;
    try (var echo = IcmpEcho.openHere(tunnel.local(), tunnel.remote())) {
      var ownMtu = rtnetlink.mtuTo(tunnel.remote());
      state =
          PathSearch.look(tunnel, ownMtu, guess, wasSilent, octets -> ping(echo, tunnel, octets));
    } catch (LinuxException e) {
      state = new PathState.Unknown(tunnel, String.valueOf(e.getMessage()));
    }
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    Optional<PathState> before;
    synchronized (lock) {
      before = schedule.found(System.nanoTime(), state);
    }
    report(before, state);
  }

  private EchoResult ping(IcmpEcho echo, Tunnel tunnel, int octets) {
    try {
      await(nextPacket);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return new EchoResult.Failed("interrupted");
    }
    nextPacket = System.nanoTime() + TimeUnit.SECONDS.toNanos(1) / PACKETS_PER_SECOND;
    return echo.ping(IcmpEcho.payloadFor(octets, tunnel.remote()), PATIENCE);
  }

  private static void await(long untilNanos) throws InterruptedException {
    long left = untilNanos - System.nanoTime();
    if (left > 0) {
      // Looks up often enough for whatever the schedule has due meanwhile.
      TimeUnit.NANOSECONDS.sleep(Math.min(left, TimeUnit.MILLISECONDS.toNanos(100)));
    }
  }

  /** What became worse, or well again, is worth a line in the log; that all is well, is not. */
  private static void report(Optional<PathState> before, PathState now) {
    if (before.equals(Optional.of(now))) {
      return;
    }
    switch (now) {
      case PathState.TooNarrow narrow -> LOG.warn("{}", ProbeWords.finding(narrow));
      case PathState.Passes(var tunnel) -> {
        if (before.isPresent()) {
          LOG.info("path to {}: {} octets pass", tunnel.remote(), tunnel.outerMtu());
        }
      }
      case PathState.Unknown(var tunnel, var reason) ->
          LOG.info("path to {}: its MTU cannot be checked: {}", tunnel.remote(), reason);
    }
  }

  @Override
  public void close() {
    synchronized (lock) {
      stopping = true;
    }
    thread.interrupt();
    try {
      thread.join(2_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
