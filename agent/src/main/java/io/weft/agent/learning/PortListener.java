package io.weft.agent.learning;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.FdbKind;
import io.weft.linux.netlink.FdbTable;
import io.weft.linux.netlink.KernelNotice;
import io.weft.linux.netlink.NetlinkMonitor;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.NeighbourSocket;
import io.weft.overlay.node.HostBinding;
import io.weft.overlay.node.HostQuestion;
import io.weft.overlay.node.LearningPort;
import io.weft.overlay.node.Sighting;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears who is behind the ports that learn: frames by what the kernel puts into the bridge's
 * forwarding database, addresses by ARP and neighbour discovery. It also asks. One platform thread.
 */
public final class PortListener implements AutoCloseable {
  /** Messages read of one port before anything else is looked at. */
  private static final int MOST_IN_A_ROW = 64;

  /** After so many at once the rest waits, and the kernel drops what is too much. */
  private static final int PAUSE_MILLIS = 100;

  /** How long an order, or the end, stays unseen at most while ports are listened to. */
  private static final int ORDERS_MILLIS = 50;

  /** How often it is looked how long each MAC was silent. */
  private static final long AGES_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final int MAX_QUESTIONS = 4096;

  private static final Logger LOG = LoggerFactory.getLogger(PortListener.class);

  private final Consumer<List<Sighting>> heard;
  private final BlockingQueue<HostQuestion> questions = new ArrayBlockingQueue<>(MAX_QUESTIONS);
  private final BlockingQueue<HostBinding> bindings = new ArrayBlockingQueue<>(MAX_QUESTIONS);
  private final BlockingQueue<Boolean> woken = new ArrayBlockingQueue<>(1);
  private final TreeMap<LearningPort, NeighbourSocket> ports = new TreeMap<>();
  private final TreeMap<String, Tenant> tenants = new TreeMap<>();
  private final TreeMap<LearningPort, String> troubles = new TreeMap<>();
  private final Thread thread;
  private volatile List<LearningPort> wanted = List.of();
  private volatile boolean running = true;
  private long agesAt;

  private record Tenant(NetlinkMonitor monitor, Rtnetlink rtnetlink) {
    static Tenant open(String namespace) {
      var monitor = NetlinkMonitor.openIn(namespace);
      try {
        return new Tenant(monitor, Rtnetlink.openIn(namespace));
      } catch (RuntimeException e) {
        monitor.close();
        throw e;
      }
    }

    void close() {
      monitor.close();
      rtnetlink.close();
    }
  }

  /**
   * Starts; hears nothing yet.
   *
   * @param heard takes what was heard, with times of {@link System#nanoTime}; may block
   */
  public PortListener(Consumer<List<Sighting>> heard) {
    this.heard = heard;
    this.thread = Thread.ofPlatform().name("listener").daemon(true).start(this::run);
  }

  /** From now on these ports, and no others. */
  public void listen(List<LearningPort> next) {
    wanted = List.copyOf(next);
    boolean _ = woken.offer(true);
  }

  /** Asks hosts; what is too much is not asked, and is asked again by the brain. */
  public void ask(List<HostQuestion> asked) {
    asked.forEach(questions::offer);
    boolean _ = woken.offer(true);
  }

  /**
   * Tells the endpoints of this node who has an address; of what is too much they hear when they
   * ask.
   */
  public void tell(List<HostBinding> told) {
    told.forEach(bindings::offer);
    boolean _ = woken.offer(true);
  }

  private void run() {
    agesAt = System.nanoTime() + AGES_NANOS;
    try {
      while (running) {
        follow();
        askAll();
        tellAll();
        var seen = new LinkedHashSet<Sighting>();
        boolean flooded = hear(seen);
        if (!seen.isEmpty()) {
          heard.accept(List.copyOf(seen));
        }
        if (flooded) {
          Thread.sleep(PAUSE_MILLIS);
        } else {
          await();
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      LOG.error("learning failed; this is a defect of Weft. No more hosts are learned.", e);
    } finally {
      ports.values().forEach(NeighbourSocket::close);
      tenants.values().forEach(Tenant::close);
    }
  }

  // ---- which ports ------------------------------------------------------------------------

  private void follow() {
    var next = wanted;
    for (var port : List.copyOf(ports.keySet())) {
      if (!next.contains(port)) {
        close(port);
      }
    }
    for (var port : next) {
      if (!ports.containsKey(port)) {
        open(port);
      }
    }
    for (var namespace : List.copyOf(tenants.keySet())) {
      if (ports.keySet().stream().noneMatch(port -> port.namespace().equals(namespace))) {
        Optional.ofNullable(tenants.remove(namespace)).ifPresent(Tenant::close);
      }
    }
  }

  private void open(LearningPort port) {
    try {
      var socket = NeighbourSocket.openIn(port.namespace(), port.port());
      ports.put(port, socket);
      tenants.computeIfAbsent(port.namespace(), Tenant::open);
      agesAt = System.nanoTime(); // who is there already
      troubles.remove(port);
    } catch (LinuxException e) {
      complain(port, e);
    }
  }

  private void close(LearningPort port) {
    Optional.ofNullable(ports.remove(port)).ifPresent(NeighbourSocket::close);
  }

  /** Once per trouble; the port is tried again, it may be another one of its name. */
  private void complain(LearningPort port, LinuxException e) {
    close(port);
    var trouble = String.valueOf(e.getMessage());
    if (!trouble.equals(troubles.put(port, trouble))) {
      LOG.warn("{} of {}: cannot be listened to: {}", port.port(), port.namespace(), trouble);
    }
  }

  // ---- hearing ----------------------------------------------------------------------------

  /** True when there may be more: somebody floods us. */
  private boolean hear(Set<Sighting> seen) {
    tenants.forEach((namespace, tenant) -> notices(namespace, tenant, seen));
    if (System.nanoTime() - agesAt >= 0) {
      agesAt = System.nanoTime() + AGES_NANOS;
      List.copyOf(ports.keySet()).forEach(port -> ages(port, seen));
    }
    boolean flooded = false;
    for (var port : List.copyOf(ports.keySet())) {
      flooded |= messages(port, seen);
    }
    return flooded;
  }

  private void notices(String namespace, Tenant tenant, Set<Sighting> seen) {
    for (var notice : tenant.monitor().drain()) {
      switch (notice) {
        case KernelNotice.FdbChanged(var row, boolean gone) when !gone && isHeard(row) ->
            port(namespace, row.link())
                .ifPresent(port -> seen.add(sighting(port, row, true, System.nanoTime())));
        case KernelNotice.Overrun _ -> agesAt = System.nanoTime();
        case KernelNotice.FdbChanged _,
            KernelNotice.LinkChanged _,
            KernelNotice.LinkGone _,
            KernelNotice.BridgePortChanged _,
            KernelNotice.NeighbourChanged _,
            KernelNotice.AddressChanged _,
            KernelNotice.RouteChanged _,
            KernelNotice.MdbChanged _,
            KernelNotice.RuleChanged _ -> {}
      }
    }
  }

  /**
   * A frame made it. One of a known host is static, and most notices of those are of our writes.
   */
  private static boolean isHeard(FdbEntry row) {
    return row.table() == FdbTable.MASTER && row.kind() == FdbKind.DYNAMIC;
  }

  private static boolean isKnown(FdbEntry row) {
    return row.table() == FdbTable.MASTER && row.kind() == FdbKind.STATIC;
  }

  private Optional<LearningPort> port(String namespace, int link) {
    return ports.entrySet().stream()
        .filter(e -> e.getKey().namespace().equals(namespace) && e.getValue().link() == link)
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private static Sighting sighting(LearningPort port, FdbEntry row, boolean fresh, long at) {
    return new Sighting(port.namespace(), port.port(), row.mac(), Optional.empty(), fresh, at);
  }

  /** Who the kernel knows behind the port, and for how long each was silent. */
  private void ages(LearningPort port, Set<Sighting> seen) {
    var socket = ports.get(port);
    var tenant = tenants.get(port.namespace());
    if (socket == null || tenant == null) {
      return;
    }
    try {
      long now = System.nanoTime();
      for (var age : tenant.rtnetlink().fdbAges(socket.link())) {
        var row = age.row();
        if ((isHeard(row) || isKnown(row)) && row.link() == socket.link()) {
          seen.add(sighting(port, row, isHeard(row), now - age.silent().toNanos()));
        }
      }
    } catch (LinuxException e) {
      complain(port, e);
    }
  }

  private boolean messages(LearningPort port, Set<Sighting> seen) {
    var socket = ports.get(port);
    try {
      for (int i = 0; socket != null && i < MOST_IN_A_ROW; i++) {
        var frame = socket.next();
        if (frame.isEmpty()) {
          return false;
        }
        NeighbourFrame.read(frame.get())
            .ifPresent(
                said ->
                    seen.add(
                        new Sighting(
                            port.namespace(),
                            port.port(),
                            said.mac(),
                            Optional.of(said.ip()),
                            true,
                            System.nanoTime())));
      }
      return socket != null;
    } catch (LinuxException e) {
      complain(port, e);
      return false;
    }
  }

  // ---- asking -----------------------------------------------------------------------------

  private void askAll() {
    var asked = new ArrayList<HostQuestion>();
    questions.drainTo(asked);
    asked.forEach(this::askNow);
  }

  private void askNow(HostQuestion question) {
    var socket = ports.get(question.port());
    if (socket == null || socket.send(NeighbourFrame.of(question)) != 0) {
      LOG.debug("{}: {} is not asked for", question.port(), question.ip());
    }
  }

  /** Out by the bridge, which keeps it from the fabric: others have been told by their nodes. */
  private void tellAll() {
    var told = new ArrayList<HostBinding>();
    bindings.drainTo(told);
    for (var binding : told) {
      try (var bridge = NeighbourSocket.openIn(binding.namespace(), binding.bridge())) {
        int _ = bridge.send(NeighbourFrame.of(binding));
      } catch (LinuxException e) {
        LOG.debug("{}: its endpoints are not told: {}", binding, e.getMessage());
      }
    }
  }

  private void await() throws InterruptedException {
    if (ports.isEmpty()) {
      var _ = woken.poll(wanted.isEmpty() ? 1_000 : PAUSE_MILLIS, TimeUnit.MILLISECONDS);
      return;
    }
    var descriptors = new ArrayList<Descriptor>();
    ports.values().forEach(socket -> descriptors.add(socket.descriptor()));
    tenants.values().forEach(tenant -> descriptors.add(tenant.monitor().descriptor()));
    Libc.poll(ORDERS_MILLIS, descriptors.toArray(Descriptor[]::new));
  }

  /** Stops. What stands in the kernel stays. */
  @Override
  public void close() {
    running = false;
    boolean _ = woken.offer(true);
    try {
      thread.join(2_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
