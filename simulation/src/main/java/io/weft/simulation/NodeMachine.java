package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.Segment;
import io.weft.overlay.forwarding.Sharing;
import io.weft.overlay.ipam.AddressConfig;
import io.weft.overlay.ipam.AddressWrite;
import io.weft.overlay.node.Node;
import io.weft.overlay.node.NodeConfig;
import io.weft.overlay.node.NodeEffect;
import io.weft.overlay.node.NodeEvent;
import io.weft.overlay.node.NodeEvent.Observation;
import io.weft.overlay.node.NodeIntent;
import io.weft.overlay.node.NodeView;
import io.weft.overlay.node.Sighting;
import io.weft.overlay.node.Underlay;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A node: the agent's brain, which may crash, over a kernel, which stays. */
final class NodeMachine extends Machine {
  static final int MAX_ENDPOINTS = 1_000;
  static final String NAMESPACE_PREFIX = "weft-";

  /** Long enough for the word of the other reflector to come. */
  private static final long STEP_NANOS = 500_000;

  private final SplitMix64 random;
  private final KernelPace pace;
  private final Invariants invariants;
  private final LastWrite lastWrite;
  private final SimulatedKernel kernel;
  private final AddressConfig pools;
  private Consumer<AddressWrite> store =
      _ -> {
        throw new IllegalStateException("there is no store of addresses in this world");
      };
  private final Sharing sharing;
  private final Presence presence;
  private final TreeMap<Long, AttachResult> attached = new TreeMap<>();
  private final TreeMap<Long, Boolean> detached = new TreeMap<>();
  private final NodeVteps vteps;
  private Node node;

  private NodeIntent intent;
  private boolean keepsIntent = true;
  private final Map<Segment, NodeEvent.GroupsSeen> joined = new LinkedHashMap<>();
  private Optional<NodeEffect.ApplyChanges> inFlight = Optional.empty();
  private final Notices notices = new Notices();

  /** What the kernel said while the brain was busy, and what happened. */
  private final List<NodeEvent> said = new ArrayList<>();

  private List<KernelChange> written = List.of(); // last
  private List<NodeEffect> thought = List.of();

  /** The thought is of a time that has come. */
  private boolean timePassed;

  NodeMachine(
      String name,
      Underlay underlay,
      NodeIntent intent,
      SplitMix64 random,
      SimulatedKernel kernel,
      AddressConfig pools,
      Invariants invariants,
      LastWrite lastWrite,
      Surroundings around) {
    super(name, underlay.routerId(), around);
    this.vteps = new NodeVteps(underlay);
    this.intent = intent;
    this.random = random;
    this.pace = new KernelPace(random);
    this.kernel = kernel;
    this.pools = pools;
    this.sharing = around.sharing();
    this.invariants = invariants;
    this.lastWrite = lastWrite;
    invariants.add(name, this::kernel);
    presence = new Presence(this, invariants, intent);
    this.node = fresh();
  }

  private Node fresh() {
    return new Node(
        new NodeConfig(name, NAMESPACE_PREFIX, MAX_ENDPOINTS)
            .withAddresses(pools)
            .sharing(sharing));
  }

  @Override
  void begin() {
    node = fresh();
    if (keepsIntent) {
      give(new NodeEvent.IntentChanged(intent));
    }
    keepsIntent = true;
    tellUnderlay();
    kernel.stopSendingOn();
    kernel.objects(Kind.PORT).forEach(presence::found);
    joined.values().forEach(seen -> inKernelTime(() -> give(seen)));
    inKernelTime(() -> give(new NodeEvent.KernelObserved(List.copyOf(kernel.objects()))));
  }

  /** A batch that is being written when the agent dies is left somewhere in the middle. */
  @Override
  void end() {
    inFlight.ifPresent(
        batch -> {
          int done = (int) random.below(batch.changes().size() + 1L);
          var some = batch.changes().subList(0, done);
          prepareFor(some);
          kernel.apply(some);
          invariants.check(this, vteps.ofBatch(), some);
        });
    inFlight = Optional.empty();
    pace.forget();
    notices.forget();
    said.clear();
  }

  /** What it wants to have written into the store of addresses goes there. */
  void storeWith(Consumer<AddressWrite> other) {
    store = other;
  }

  void give(NodeEvent event) {
    step(() -> List.of(event), () -> {});
  }

  /** A step of the brain with what comes of the first; the other is done before what follows. */
  private void step(Supplier<List<NodeEvent>> happening, Runnable seen) {
    finishStep();
    long clock = clock();
    boolean heardAll = heardAll();
    think(
        () -> {
          var events = happening.get();
          events.forEach(trace::event);
          timePassed = events.stream().anyMatch(NodeEvent.DeadlineReached.class::isInstance);
          thought = node.step(clock, events);
          if (heardAll) {
            events.forEach(this::compare);
          }
          thought.forEach(trace::effect);
          connections.encodeOf(thought);
        },
        () -> {
          seen.run();
          carryOutThought();
        });
  }

  /** Nothing happened to the kernel that it was not told. */
  private boolean heardAll() {
    return said.isEmpty() && notices.isNone();
  }

  /** What it believes with the kernel that it was told of, if there is nothing that it was not. */
  private void compare(NodeEvent event) {
    switch (event) {
      case NodeEvent.ChangesApplied _ -> written.forEach(change -> compare(change.key()));
      case NodeEvent.KernelChanged(var seen) -> seen.forEach(each -> compare(each.key()));
      default -> {}
    }
  }

  private void compare(ForwardingKey key) {
    if (key.kind() != Kind.MOVED_MAC) { // which expires and is not told
      invariants.believed(this, key, node.standing(key), kernel.observe(key).object());
    }
  }

  private void carryOutThought() {
    var effects = thought;
    thought = List.of();
    for (var effect : effects) {
      switch (effect) {
        case NodeEffect.Bgp(var bgp) -> carryOut(bgp);
        case NodeEffect.ApplyChanges batch -> write(batch);
        case NodeEffect.ReplyToAttach(long request, var result) -> answer(request, result);
        case NodeEffect.ReplyToDetach(long request, boolean was) -> detached.put(request, was);
        case NodeEffect.WriteAddress(var wanted) -> store.accept(wanted);
        case NodeEffect.RefuseDetach _, NodeEffect.ReplyToAddresses _ ->
            throw new IllegalStateException("nobody asked for addresses");
        case NodeEffect.Report _,
            NodeEffect.EndpointBgp _,
            NodeEffect.ListenToEndpoints _,
            NodeEffect.ListenToPorts _,
            NodeEffect.AskHosts _,
            NodeEffect.TellHosts _ -> {}
      }
    }
  }

  private void answer(long request, AttachResult result) {
    requireNotApart(result);
    attached.put(request, result);
    presence.answered(result);
  }

  private void write(NodeEffect.ApplyChanges batch) {
    invariants.begins(this, batch, inFlight);
    if (timePassed) {
      long now = timeline().now();
      tell(() -> lastWrite.timePassed(batch.changes(), now));
    }
    inFlight = Optional.of(batch);
    vteps.beginBatch();
    inKernelTime(() -> written(batch));
  }

  /** The kernel works through a batch; a brain that is not busy hears of it at once. */
  private void written(NodeEffect.ApplyChanges batch) {
    finishStep();
    inFlight = Optional.empty();
    var changes = batch.changes();
    prepareFor(changes);
    long now = timeline().now();
    var self = vteps.ofBatch();
    tell(() -> lastWrite.written(name, changes, now));
    Runnable check = () -> tell(() -> invariants.check(this, self, changes));
    if (isBusy() || !said.isEmpty()) {
      takeWhenFree();
      think(() -> said.addAll(apply(batch)), check);
    } else {
      step(() -> apply(batch), check);
    }
    if (!isApart() && invariants.concernOthers(changes)) {
      finishStep();
    }
  }

  /** Within a thought: what the kernel says of it. */
  private List<NodeEvent> apply(NodeEffect.ApplyChanges batch) {
    var outcome = kernel.apply(batch.changes());
    written = batch.changes();
    var applied = new NodeEvent.ChangesApplied(batch.batch(), outcome.refusals());
    var told = notices.said(outcome.notices());
    return told.isEmpty() ? List.of(applied) : List.of(applied, new NodeEvent.KernelChanged(told));
  }

  private void prepareFor(List<KernelChange> changes) {
    tell(() -> presence.coming(changes));
    kernel.pass(timeline().now());
    if (changes.stream().anyMatch(change -> change.key().kind() == Kind.MOVED_MAC)) {
      inAnyLife(SimulatedKernel.EXPIRY_NANOS, () -> kernel.pass(timeline().now()));
    }
  }

  /** A brain that is busy takes it with what else comes meanwhile, as an event loop does. */
  private void hear(NodeEvent fromKernel) {
    if (isBusy() || !said.isEmpty()) {
      said.add(fromKernel);
      takeWhenFree();
    } else {
      give(fromKernel);
    }
  }

  void lose(ForwardingKey key) {
    note("loses " + key);
    notice(kernel.lose(key));
  }

  /** Someone else puts an object into its kernel; false where it cannot stand. */
  boolean plant(ForwardingObject object) {
    finish();
    var happened = kernel.plant(object);
    if (!happened.isEmpty()) {
      note("is given " + object);
      notice(happened);
    }
    return !happened.isEmpty();
  }

  private void notice(List<Observation> happened) {
    var told = isAlive() ? notices.said(happened) : List.<Observation>of();
    if (!told.isEmpty()) {
      tellBrain(() -> told);
    }
  }

  private void tellBrain(Supplier<List<Observation>> what) {
    notices.leave();
    inKernelTime(
        () -> {
          notices.arrive();
          hear(new NodeEvent.KernelChanged(what.get()));
        });
  }

  /** From now on its kernel says nothing of what others do. */
  void deafen() {
    note("hears nothing of its kernel");
    notices.begin();
  }

  /** The kernel says that it dropped notices: all is looked at, and what differs is told. */
  void hearAgain() {
    finish();
    var missed = notices.end();
    if (isAlive() && !missed.isEmpty()) {
      tellBrain(() -> missed.stream().map(kernel::observe).toList());
    }
  }

  /** Its kernel and all that was in it is gone; only for a machine that is down. */
  void reboot() {
    kernel.reboot();
    joined.clear();
  }

  /** Hosts join and leave multicast groups; the kernel knows it while no agent lives, too. */
  void join(NodeEvent.GroupsSeen groups) {
    finish();
    joined.put(groups.segment(), groups);
    presence.joined(groups);
    if (isAlive()) {
      inKernelTime(() -> give(groups));
    }
  }

  /** What its kernel is asked for comes when that has the time. */
  void inKernelTime(Runnable action) {
    long now = timeline().now();
    later(pace.next(now) - now, action);
  }

  void intend(NodeIntent next) {
    finish();
    intent = next;
    presence.intended(intent);
    if (isAlive()) {
      queue(new NodeEvent.IntentChanged(intent));
    }
  }

  /** It will be told this, and others perhaps sooner: they may hold what follows from that. */
  void expect(NodeIntent next) {
    presence.intended(next);
    presence.intended(intent);
  }

  /** Its next life begins with no intent, until it is given one. */
  void loseIntent() {
    keepsIntent = false;
  }

  void underlay(List<IpAddress> next, int mtu) {
    underlay(vteps.with(next, mtu));
  }

  void underlay(Underlay found) {
    finish();
    vteps.become(found);
    presence.again();
    if (isAlive()) {
      whenRunning(this::tellUnderlay);
    }
  }

  private void tellUnderlay() {
    give(vteps.tell());
  }

  /** Something happens now to an agent that lives; all that does so at once is one step. */
  void happen(NodeEvent event) {
    finish();
    requireAlive();
    queue(event);
  }

  private void queue(NodeEvent event) {
    said.add(event);
    takeWhenFree();
  }

  void hear(String namespace, String port, MacAddress mac, Optional<IpAddress> ip) {
    finish();
    presence.heard(namespace, port, mac, ip);
    happen(
        new NodeEvent.HostsHeard(List.of(new Sighting(namespace, port, mac, ip, true, clock()))));
  }

  Optional<AttachResult> attached(long request) {
    return answer(attached, request);
  }

  Optional<Boolean> detached(long request) {
    return answer(detached, request);
  }

  /** Who is apart answers nobody, and need not come back for it. */
  private <T> Optional<T> answer(Map<Long, T> answers, long request) {
    if (!isApart()) {
      finish();
    }
    return Optional.ofNullable(answers.get(request));
  }

  /** By the neighbour's configuration, as the agent's connections do. */
  @Override
  IpAddress addressTowards(IpAddress peer) {
    return NodeVteps.towards(peer, intent).orElse(address);
  }

  /** Its VTEPs, and those that it had: they stay, and what is sent there comes. */
  SortedSet<IpAddress> addresses() {
    return vteps.ever();
  }

  List<IpAddress> vteps() {
    return vteps.underlay().vteps();
  }

  Underlay underlay() {
    return vteps.underlay();
  }

  /** The kernel is through with a batch, and nobody was told. */
  boolean waitsForKernel() {
    finish();
    return inFlight.isPresent() && pace.isThrough(timeline().now());
  }

  SimulatedKernel kernel() {
    finish();
    return kernel;
  }

  /** The brain knows that this stands. */
  boolean believes(Shared.Row row) {
    finish();
    return node.standing(row.key())
        .filter(known -> known.observable().equals(row.object()))
        .isPresent();
  }

  NodeView view() {
    finish();
    return node.view();
  }

  @Override
  boolean isAtRest() {
    return inFlight.isEmpty() && heardAll();
  }

  @Override
  long longestThought() {
    return KernelPace.LEAST_NANOS;
  }

  @Override
  long stepNanos() {
    return STEP_NANOS;
  }

  @Override
  void take(List<Arrival> arrivals) {
    finishStep();
    var before = List.copyOf(said);
    said.clear();
    step(
        () -> {
          var all = new ArrayList<NodeEvent>(before);
          connections.events(arrivals).forEach(event -> all.add(new NodeEvent.Bgp(event)));
          return all;
        },
        () -> {});
  }

  @Override
  OptionalLong nextDeadline() {
    return node.nextDeadline();
  }

  @Override
  void deadlineReached() {
    give(new NodeEvent.DeadlineReached());
  }
}
