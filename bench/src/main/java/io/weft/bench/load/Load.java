package io.weft.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Puts a {@link LoadPlan} on a reflector and measures. One thread; everything is encoded before a
 * clock starts, and what is received is counted in place.
 */
public final class Load implements AutoCloseable {
  private static final long KEEPALIVE_NANOS = Duration.ofSeconds(30).toNanos();
  private static final Duration SETTLING = Duration.ofMillis(500);
  private static final Duration MOST_QUIET = Duration.ofSeconds(10);
  private static final Duration BETWEEN_PROBES = Duration.ofMillis(2);
  private static final long SELECT_MILLIS = 100;

  private final LoadPlan plan;
  private final long pid;
  private final Duration patience;
  private final Selector selector;
  private final RouteOctets octets;
  private final List<Client> senders = new ArrayList<>();
  private final List<Client> receivers = new ArrayList<>();
  private long nextKeepalives = System.nanoTime() + KEEPALIVE_NANOS;

  private Load(LoadPlan plan, long pid, Duration patience) throws IOException {
    this.plan = plan;
    this.pid = pid;
    this.patience = patience;
    selector = Selector.open();
    octets = new RouteOctets(plan);
  }

  /**
   * Runs the plan against the reflector at the address.
   *
   * @param pid its process, on this machine
   * @param patience for each phase
   * @throws IOException when the reflector refuses or ends a session
   */
  public static LoadResult run(
      LoadPlan plan, InetSocketAddress reflector, long pid, Duration patience) throws IOException {
    try (var load = new Load(plan, pid, patience)) {
      var bulk = load.encode();
      long rssBefore = ProcessMeter.residentKilobytes(pid);
      load.connect(reflector);
      return load.measure(bulk, rssBefore);
    }
  }

  /** Also reads all of it once: the code that counts is compiled before it is needed. */
  private List<ByteBuffer> encode() {
    var bulk = new ArrayList<ByteBuffer>();
    var rehearsal = new RoutesHeld(plan.numbers());
    for (int i = 0; i < plan.senders(); i++) {
      var messages = octets.announcements(i);
      for (int at = 0; at < messages.limit(); at += messages.getShort(at + 16) & 0xffff) {
        rehearsal.take(messages, at + RouteOctets.HEADER, messages.limit());
      }
      bulk.add(messages);
    }
    if (rehearsal.count() != plan.routes()) {
      throw new IllegalStateException(rehearsal.count() + " routes encoded of " + plan.routes());
    }
    return bulk;
  }

  private void connect(InetSocketAddress reflector) throws IOException {
    for (int i = 0; i < plan.receivers(); i++) {
      var routes = new RoutesHeld(plan.numbers());
      var address = LoadPlan.receiverAddress(i);
      receivers.add(new Client(selector, address, reflector, Optional.of(routes)));
      turn(0);
    }
    for (int i = 0; i < plan.senders(); i++) {
      var address = LoadPlan.senderAddress(i);
      senders.add(new Client(selector, address, reflector, Optional.empty()));
    }
    if (!await(
        () ->
            senders.stream().allMatch(Client::isEstablished)
                && receivers.stream().allMatch(Client::isEstablished))) {
      throw new IOException("not all sessions stood within " + patience.toSeconds() + " s");
    }
    rest(quiet());
  }

  /**
   * FRR holds back what it says to new neighbours for a second and 50 ms for each of them. That is
   * its way to begin, and not its speed: nothing is announced until it is over.
   */
  private Duration quiet() {
    return Duration.ofMillis(Math.min(1500 + 60L * plan.clients().size(), MOST_QUIET.toMillis()));
  }

  private LoadResult measure(List<ByteBuffer> bulk, long rssBefore) throws IOException {
    long self = ProcessHandle.current().pid();
    double cpuBefore = ProcessMeter.cpuSeconds(pid);
    double selfBefore = ProcessMeter.cpuSeconds(self);
    double machineBefore = ProcessMeter.machineSeconds();
    long began = System.nanoTime();
    for (int i = 0; i < senders.size(); i++) {
      senders.get(i).send(bulk.get(i));
    }
    boolean complete = await(() -> allHold(plan.routes()));
    double load = secondsSince(began);
    double generatorCpu = ProcessMeter.cpuSeconds(self) - selfBefore;
    rest(SETTLING);
    double elapsed = secondsSince(began);
    double cpu = ProcessMeter.cpuSeconds(pid) - cpuBefore;
    double others =
        ProcessMeter.machineSeconds()
            - machineBefore
            - cpu
            - (ProcessMeter.cpuSeconds(self) - selfBefore);
    var probes = complete ? probe() : List.<Double>of();
    complete &= probes.size() == plan.probes();
    double idle = complete && plan.idleSeconds() > 0 ? idle() : Double.NaN;
    double withdrawal = complete && plan.closing() ? closeFirst() : Double.NaN;
    return new LoadResult(
        complete && !(plan.closing() && Double.isNaN(withdrawal)),
        complete || load < patience.toSeconds() ? load : Double.NaN,
        cpu,
        probes,
        withdrawal,
        idle,
        rssBefore,
        ProcessMeter.residentKilobytes(pid),
        ProcessMeter.peakKilobytes(pid),
        generatorCpu,
        Math.max(0, others / elapsed));
  }

  /** Milliseconds, sorted; fewer than planned when one did not come. */
  private List<Double> probe() throws IOException {
    var sender = senders.getLast();
    int last = senders.size() - 1;
    var times = new ArrayList<Double>();
    for (int number = plan.routes(); number < plan.numbers(); number++) {
      var announcement = octets.probe(last, number);
      var withdrawal = octets.withdrawal(last, number);
      rest(BETWEEN_PROBES);
      long began = System.nanoTime();
      sender.send(announcement);
      if (!await(() -> allHold(plan.routes() + 1))) {
        break;
      }
      times.add(secondsSince(began) * 1000);
      sender.send(withdrawal);
      if (!await(() -> allHold(plan.routes()))) {
        break;
      }
    }
    times.sort(null);
    return times;
  }

  private double idle() throws IOException {
    double before = ProcessMeter.cpuSeconds(pid);
    rest(Duration.ofSeconds(plan.idleSeconds()));
    return (ProcessMeter.cpuSeconds(pid) - before) / plan.idleSeconds();
  }

  private double closeFirst() throws IOException {
    int left = plan.routes() - plan.firstOf(1);
    long began = System.nanoTime();
    senders.getFirst().close();
    return await(() -> allHold(left)) ? secondsSince(began) : Double.NaN;
  }

  private boolean allHold(int count) {
    for (var receiver : receivers) {
      if (receiver.routes().count() != count) {
        return false;
      }
    }
    return true;
  }

  private static double secondsSince(long began) {
    return (System.nanoTime() - began) / 1e9;
  }

  private boolean await(BooleanSupplier condition) throws IOException {
    long until = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > until) {
        return false;
      }
      turn(SELECT_MILLIS);
    }
    return true;
  }

  private void rest(Duration length) throws IOException {
    long until = System.nanoTime() + length.toNanos();
    for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
      turn(Math.clamp(left / 1_000_000, 1, SELECT_MILLIS));
    }
  }

  private void turn(long millis) throws IOException {
    if (millis == 0) {
      selector.selectNow();
    } else {
      selector.select(millis);
    }
    for (SelectionKey key : selector.selectedKeys()) {
      if (key.attachment() instanceof Client client) {
        client.ready();
      }
    }
    selector.selectedKeys().clear();
    if (System.nanoTime() > nextKeepalives) {
      nextKeepalives += KEEPALIVE_NANOS;
      for (var client : senders) {
        keepAlive(client);
      }
      for (var client : receivers) {
        keepAlive(client);
      }
    }
  }

  private static void keepAlive(Client client) throws IOException {
    if (client.isEstablished()) {
      client.send(RouteOctets.keepalive());
    }
  }

  @Override
  public void close() throws IOException {
    for (var client : senders) {
      client.close();
    }
    for (var client : receivers) {
      client.close();
    }
    selector.close();
  }
}
