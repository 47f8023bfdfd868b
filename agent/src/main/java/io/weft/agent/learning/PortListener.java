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
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
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

  /** MACs that are told of behind one port before anything else is looked at. */
  private static final int MAX_SIGHTINGS = 1024;

  /** After so many at once the rest waits, and the kernel drops what is too much. */
  private static final int PAUSE_MILLIS = 100;

  /** How long an order, or the end, stays unseen at most while ports are listened to. */
  private static final int ORDERS_MILLIS = 50;

  /** How often it is looked how long each MAC was silent. */
  private static final long AGES_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** How soon, when the kernel dropped notices. */
  private static final long AGES_SOON_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final int MAX_QUESTIONS = 4096;

  private static final Logger LOG = LoggerFactory.getLogger(PortListener.class);

  private final Consumer<List<Sighting>> heard;
  private final BlockingQueue<HostQuestion> questions = new ArrayBlockingQueue<>(MAX_QUESTIONS);
  private final BlockingQueue<HostBinding> bindings = new ArrayBlockingQueue<>(MAX_QUESTIONS);
  private final BlockingQueue<Boolean> woken = new ArrayBlockingQueue<>(1);
  private final TreeMap<LearningPort, NeighbourSocket> ports = new TreeMap<>();
  private final TreeMap<String, Tenant> tenants = new TreeMap<>();
  private final TreeMap<LearningPort, String> troubles = new TreeMap<>();
  private final CompletableFuture<Void> failed = new CompletableFuture<>();
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

  /** What was heard in one pass. */
  private static final class Heard {
    private final Set<Sighting> sightings = new LinkedHashSet<>();
    private final TreeMap<LearningPort, Integer> macs = new TreeMap<>();

    /** There may be more: somebody floods us. */
    private boolean flooded;

    /** A MAC that the kernel did not know to be there. Who floods is told of in part. */
    void mac(LearningPort port, FdbEntry row, long at) {
      int count = macs.merge(port, 1, Integer::sum);
      flooded |= count > MOST_IN_A_ROW;
      if (count <= MAX_SIGHTINGS) {
        sightings.add(sighting(port, row, true, at));
      }
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

  /** Completes exceptionally when it has failed, and else never. */
  public CompletableFuture<Void> failed() {
    return failed;
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
        var seen = new Heard();
        hear(seen);
        if (!seen.sightings.isEmpty()) {
          heard.accept(List.copyOf(seen.sightings));
        }
        if (seen.flooded) {
          Thread.sleep(PAUSE_MILLIS);
        } else {
          await();
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      LOG.error("learning failed; this is a defect of Weft. What stands in the kernel stays.", e);
      failed.completeExceptionally(e);
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
      if (!ports.containsKey(port) || !tenants.containsKey(port.namespace())) {
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
      if (!ports.containsKey(port)) {
        ports.put(port, NeighbourSocket.openIn(port.namespace(), port.port()));
      }
      tenants.computeIfAbsent(port.namespace(), Tenant::open);
      readAges(0); // who is there already
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

  private void hear(Heard seen) {
    for (var tenant : List.copyOf(tenants.entrySet())) {
      notices(tenant.getKey(), tenant.getValue(), seen);
    }
    if (System.nanoTime() - agesAt >= 0) {
      agesAt = System.nanoTime() + AGES_NANOS;
      List.copyOf(ports.keySet()).forEach(port -> ages(port, seen));
    }
    for (var port : List.copyOf(ports.keySet())) {
      seen.flooded |= messages(port, seen);
    }
  }

  private void notices(String namespace, Tenant tenant, Heard seen) {
    for (var notice : drain(namespace, tenant)) {
      switch (notice) {
        case KernelNotice.FdbChanged(var row, boolean gone) when !gone && isHeard(row) ->
            port(namespace, row.link()).ifPresent(port -> seen.mac(port, row, System.nanoTime()));
        case KernelNotice.Overrun _ -> readAges(AGES_SOON_NANOS);
        case KernelNotice.FdbChanged _,
            KernelNotice.LinkChanged _,
            KernelNotice.LinkGone _,
            KernelNotice.BridgePortChanged _,
            KernelNotice.NeighbourChanged _,
            KernelNotice.AddressChanged _,
            KernelNotice.RouteChanged _,
            KernelNotice.MdbChanged _,
            KernelNotice.SettingChanged _,
            KernelNotice.RuleChanged _ -> {}
      }
    }
  }

  /** One that fails is opened again. */
  private List<KernelNotice> drain(String namespace, Tenant tenant) {
    try {
      return tenant.monitor().drain();
    } catch (LinuxException e) {
      LOG.warn("{}: nothing is heard for a moment: {}", namespace, e.getMessage());
      tenants.remove(namespace);
      tenant.close();
      return List.of();
    }
  }

  private void readAges(long within) {
    long at = System.nanoTime() + within;
    agesAt = at - agesAt < 0 ? at : agesAt;
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
  private void ages(LearningPort port, Heard seen) {
    var socket = ports.get(port);
    var tenant = tenants.get(port.namespace());
    if (socket == null || tenant == null) {
      return;
    }
    try {
      long now = System.nanoTime();
      for (var age : tenant.rtnetlink().fdbAges(socket.link(), MAX_SIGHTINGS)) {
        var row = age.row();
        long at = now - age.silent().toNanos();
        if (isHeard(row)) {
          seen.mac(port, row, at);
        } else if (isKnown(row)) {
          seen.sightings.add(sighting(port, row, false, at));
        }
      }
    } catch (LinuxException e) {
      complain(port, e);
    }
  }

  private boolean messages(LearningPort port, Heard seen) {
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
                    seen.sightings.add(
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

  private record Bridge(String namespace, String name) {}

  /** Out by the bridge, which keeps it from the fabric: others have been told by their nodes. */
  private void tellAll() {
    var told = new ArrayList<HostBinding>();
    bindings.drainTo(told, MOST_IN_A_ROW);
    var byBridge = new LinkedHashMap<Bridge, List<HostBinding>>();
    for (var binding : told) {
      var bridge = new Bridge(binding.namespace(), binding.bridge());
      byBridge.computeIfAbsent(bridge, _ -> new ArrayList<>()).add(binding);
    }
    byBridge.forEach(PortListener::tell);
  }

  private static void tell(Bridge bridge, List<HostBinding> told) {
    try (var socket = NeighbourSocket.openIn(bridge.namespace(), bridge.name())) {
      told.forEach(binding -> socket.send(NeighbourFrame.of(binding)));
    } catch (LinuxException e) {
      LOG.debug("{}: its endpoints are not told: {}", bridge, e.getMessage());
    }
  }

  private void await() throws InterruptedException {
    if (!bindings.isEmpty()) {
      return;
    }
    if (ports.isEmpty()) {
      var _ = woken.poll(wanted.isEmpty() ? 1_000 : PAUSE_MILLIS, TimeUnit.MILLISECONDS);
      return;
    }
    var descriptors = new ArrayList<Descriptor>();
    ports.values().forEach(socket -> descriptors.add(socket.descriptor()));
    tenants.values().forEach(tenant -> descriptors.add(tenant.monitor().descriptor()));
    try {
      Libc.poll(ORDERS_MILLIS, descriptors.toArray(Descriptor[]::new));
    } catch (LinuxException e) {
      LOG.debug("not waited for what is heard: {}", e.getMessage());
      Thread.sleep(PAUSE_MILLIS);
    }
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
