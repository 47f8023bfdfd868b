package io.weft.simulation;

import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Does harm, one thing after the other. */
final class Faults {
  /** A MAC that moves five times in 180 s is frozen (RFC 7432 §15.1): each moves less. */
  private static final long MOVES_APART_NANOS = Duration.ofSeconds(100).toNanos();

  private static final List<Kind> REFUSABLE =
      List.of(Kind.BRIDGE, Kind.VXLAN, Kind.PORT, Kind.VXLAN_FDB, Kind.FLOOD, Kind.NEIGHBOUR);

  private static final int MORE_VTEPS = 1_000;

  private final FabricSize size;
  private final Stage stage;
  private final World world;
  private final Pods pods;
  private final SplitMix64 random;
  private final TreeMap<Fault, Integer> counts = new TreeMap<>();
  private final TreeMap<String, Long> lastMoves = new TreeMap<>();

  Faults(FabricSize size, Stage stage, SplitMix64 random) {
    this.size = size;
    this.stage = stage;
    this.world = stage.world();
    this.pods = stage.pods();
    this.random = random;
  }

  SortedMap<Fault, Integer> counts() {
    return counts;
  }

  private long millis(long leastSeconds, long mostSeconds) {
    return 1_000 * leastSeconds + random.below(1_000 * (mostSeconds - leastSeconds) + 1);
  }

  /** One more, of any kind. */
  void happen() {
    if (size.multicast()) {
      joinOrLeave();
    }
    if (size.learning()) {
      hear();
    }
    var kinds = List.copyOf(size.faults());
    var fault = kinds.get((int) random.below(kinds.size()));
    boolean done =
        switch (fault) {
          case NODE_CRASH -> stage.act(new Act.Crash(node(), millis(1, 20)));
          case REFLECTOR_CRASH -> stage.act(new Act.Crash(reflector(), millis(1, 20)));
          case AGENT_UPGRADE -> upgrade();
          case NODE_POWER_LOSS -> stage.act(new Act.Power(node(), millis(5, 60)));
          case RACK_POWER_LOSS -> rackLosesPower();
          case PAUSE -> stage.act(new Act.Pause(machine(), millis(1, 200)));
          case CLOCK_JUMP -> stage.act(new Act.Jump(machine(), millis(1, 3_600)));
          case SLOW_PEER ->
              stage.act(new Act.Slow(machine(), 100 + random.below(9_900), millis(10, 60)));
          case PARTITION -> stage.act(new Act.Cut(node(), reflector(), millis(1, 120)));
          case ONE_WAY_PARTITION ->
              stage.act(
                  random.below(2) == 0
                      ? new Act.CutWay(node(), reflector(), millis(1, 120))
                      : new Act.CutWay(reflector(), node(), millis(1, 120)));
          case PACKET_LOSS ->
              stage.act(
                  new Act.Degrade(
                      node(), reflector(), 10 + (int) random.below(41), 0, millis(5, 60)));
          case DELAY ->
              stage.act(
                  new Act.Degrade(
                      node(), reflector(), 0, 100 + random.below(4_900), millis(5, 60)));
          case CONNECTION_RESET -> stage.act(new Act.Reset(node(), reflector()));
          case FOREIGN_HAND -> lose(node());
          case FOREIGN_WRITE -> write(node());
          case KERNEL_REFUSAL -> stage.act(new Act.Refuse(node(), refusable(), millis(1, 5)));
          case LOST_NOTICES -> loseNotices(node());
          case CHURN -> churn();
          case MASS_CHURN -> massChurn();
          case POD_DEATH -> kill();
          case MIGRATION -> migrate();
          case MASS_MIGRATION -> massMigration();
          case FAILED_MIGRATION -> visit(50 + random.below(1_950));
          case THERE_AND_BACK -> thereAndBack();
          case DUPLICATE_MAC -> duplicate();
          case DUPLICATE_IP -> twin();
          case DUPLICATE_VTEP -> duplicateVtep();
          case VTEP_CHANGE ->
              stage.act(
                  new Act.Vtep(
                      node(), size.nodes() + 1 + (int) random.below(MORE_VTEPS), millis(1, 30)));
          case MALFORMED_PEER -> stage.act(new Act.Stranger(true, millis(5, 30)));
          case HOSTILE_PEER -> stage.act(new Act.Stranger(false, millis(5, 30)));
          case INTENT_CHANGE -> stage.act(intent());
        };
    if (done) {
      counts.merge(fault, 1, Integer::sum);
    }
  }

  /** A host comes, or moves, to the port of another pod. */
  private void hear() {
    var learning = pods.all().stream().filter(pods::learns).toList();
    if (!learning.isEmpty()) {
      var pod = learning.get((int) random.below(learning.size()));
      var host = Hosts.name(pod.network(), (int) random.below(Hosts.MOST));
      if (isRested(host) && stage.act(new Act.Hear(host, pod.name()))) {
        lastMoves.put(host, world.now().toNanos());
      }
    }
  }

  private void joinOrLeave() {
    var all = pods.all();
    var pod = all.get((int) random.below(all.size())).name();
    var joined = List.copyOf(stage.joined(pod));
    if (joined.isEmpty() || random.below(3) > 0) {
      stage.act(new Act.Join(pod, Groups.any(random)));
    } else {
      stage.act(new Act.Leave(pod, joined.get((int) random.below(joined.size()))));
    }
  }

  private String node() {
    return "n" + (1 + random.below(size.nodes()));
  }

  private String reflector() {
    return "r" + (1 + random.below(size.reflectors()));
  }

  private Kind refusable() {
    return REFUSABLE.get((int) random.below(REFUSABLE.size()));
  }

  /** A namespace or a port that goes takes endpoints with it: that is {@link Fault#POD_DEATH}. */
  private boolean lose(String node) {
    var keys =
        world.kernel(node).objects().stream()
            .map(ForwardingObject::key)
            .filter(key -> key.kind() != Kind.NAMESPACE && key.kind() != Kind.PORT)
            .toList();
    return !keys.isEmpty()
        && stage.act(new Act.Lose(node, keys.get((int) random.below(keys.size()))));
  }

  private boolean kill() {
    var pod = idlePod();
    return pod.isPresent()
        && pods.count() > size.nodes()
        && stage.act(new Act.Kill(pod.get().name()));
  }

  private Optional<Pods.Pod> idlePod() {
    var all = pods.all();
    var pod = all.get((int) random.below(all.size()));
    return Optional.of(pod).filter(p -> !pods.isBusy(p) && world.isAlive("n" + p.node()));
  }

  private boolean churn() {
    var goes = idlePod();
    if (goes.isEmpty() || pods.count() <= size.nodes()) {
      return false;
    }
    stage.act(new Act.Remove(goes.get().name()));
    return comes().isPresent();
  }

  private boolean migrate() {
    var from = mayMove();
    return from.isPresent()
        && moves(from.get(), new Act.Move(from.get().name(), node(from.get()), millis(1, 2)));
  }

  /** While other nodes, and those that it was on, may not have heard of where it is. */
  private boolean thereAndBack() {
    var pod = mayMove();
    if (pod.isEmpty()) {
      return false;
    }
    var name = pod.get().name();
    long stays = 500 + random.below(2_000);
    var back = new Act.Move(name, pod.get().node(), random.below(500));
    stage.plan(world.now().toMillis() + stays, back);
    return moves(pod.get(), new Act.Move(name, node(pod.get()), random.below(stays)));
  }

  private boolean visit(long millis) {
    var from = mayMove();
    return from.isPresent()
        && moves(from.get(), new Act.Visit(from.get().name(), node(from.get()), millis));
  }

  /** It is in two places for long; either may go. */
  private boolean duplicate() {
    long millis = millis(5, 60);
    var from = mayMove();
    return random.below(2) == 0
        ? visit(millis)
        : from.isPresent()
            && moves(from.get(), new Act.Move(from.get().name(), node(from.get()), millis));
  }

  /** Of one that is known, which nodes refuse, or of one that comes at the same time. */
  private boolean twin() {
    var pod = random.below(2) == 0 ? mayMove() : comes();
    return pod.isPresent()
        && moves(pod.get(), new Act.Twin(pod.get().name(), node(pod.get()), millis(5, 60)));
  }

  private Optional<Pods.Pod> comes() {
    return pods.next(1 + (int) random.below(size.nodes()), (int) random.below(size.podsPerNode()))
        .filter(pod -> stage.act(Act.Create.of(pod)));
  }

  private Optional<Pods.Pod> mayMove() {
    return idlePod().filter(this::isRested);
  }

  private boolean isRested(Pods.Pod pod) {
    return isRested(pod.name());
  }

  private boolean isRested(String name) {
    long now = world.now().toNanos();
    return now - lastMoves.getOrDefault(name, -MOVES_APART_NANOS) >= MOVES_APART_NANOS;
  }

  private boolean moves(Pods.Pod pod, Act act) {
    boolean moves = stage.act(act);
    if (moves) {
      lastMoves.put(pod.name(), world.now().toNanos());
    }
    return moves;
  }

  /** Another than the pod's. */
  private int node(Pods.Pod pod) {
    return other(pod.node());
  }

  private int other(int node) {
    return 1 + (int) (node + random.below(size.nodes() - 1L)) % size.nodes();
  }

  private boolean duplicateVtep() {
    int node = 1 + (int) random.below(size.nodes());
    return stage.act(new Act.Vtep("n" + node, other(node), millis(1, 30)));
  }

  private boolean massMigration() {
    int node = 1 + (int) random.below(size.nodes());
    boolean some = false;
    for (var pod : idlePods(node)) {
      if (isRested(pod)) {
        some |= moves(pod, new Act.Move(pod.name(), node(pod), millis(1, 2)));
      }
    }
    return some;
  }

  private List<Pods.Pod> idlePods(int node) {
    return pods.all().stream()
        .filter(pod -> pod.node() == node && !pods.isBusy(pod) && world.isAlive("n" + node))
        .toList();
  }

  private boolean massChurn() {
    int node = 1 + (int) random.below(size.nodes());
    var go = idlePods(node);
    go.forEach(pod -> stage.act(new Act.Remove(pod.name())));
    for (int i = 0; i < go.size(); i++) {
      pods.next(node, i % size.podsPerNode()).ifPresent(pod -> stage.act(Act.Create.of(pod)));
    }
    return !go.isEmpty();
  }

  private boolean upgrade() {
    long at = world.now().toMillis();
    for (int node = 1; node <= size.nodes(); node++) {
      stage.plan(at, new Act.Crash("n" + node, 200 + random.below(1_800)));
      at += random.below(3_000);
    }
    return true;
  }

  private boolean rackLosesPower() {
    int most = Math.max(1, size.nodes() / 3);
    int first = 1 + (int) random.below(size.nodes() - most + 1L);
    long millis = millis(5, 60);
    boolean some = stage.act(new Act.Power(reflector(), millis));
    for (int node = first; node < first + most; node++) {
      some |= stage.act(new Act.Power("n" + node, millis + random.below(2_000)));
    }
    return some;
  }

  private Act intent() {
    var parts = FabricIntent.parts(size);
    return new Act.Intend(
        parts.get((int) random.below(parts.size())),
        (int) random.below(size.networks()),
        (int) random.below(FabricIntent.VERSIONS),
        random.below(5_000));
  }

  /** A node or a reflector. */
  private String machine() {
    return random.below(4) == 0 ? reflector() : node();
  }

  private boolean write(String node) {
    var objects = world.kernel(node).objects();
    if (random.below(2) == 0) {
      var some = objects.stream().filter(o -> Alterations.altered(o).isPresent()).toList();
      return !some.isEmpty()
          && stage.act(new Act.Alter(node, some.get((int) random.below(some.size())).key()));
    }
    var bridges =
        objects.stream()
            .filter(ForwardingObject.Bridge.class::isInstance)
            .map(ForwardingObject.Bridge.class::cast)
            .filter(bridge -> FabricIntent.isOfNetwork(bridge.vni()))
            .toList();
    return !bridges.isEmpty()
        && stage.act(
            new Act.Plant(
                node,
                Alterations.key(
                    bridges.get((int) random.below(bridges.size())), (int) random.below(100))));
  }

  /** Someone does something meanwhile; false when there was nothing to notice. */
  private boolean loseNotices(String node) {
    boolean deaf = stage.act(new Act.Deafen(node, millis(1, 20)));
    boolean lost = false;
    for (int i = 0; deaf && i < 3 && lose(node); i++) {
      lost = true;
      write(node);
    }
    return lost;
  }
}
