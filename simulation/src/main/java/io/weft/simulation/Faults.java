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
    var kinds = List.copyOf(size.faults());
    var fault = kinds.get((int) random.below(kinds.size()));
    boolean done =
        switch (fault) {
          case NODE_CRASH -> stage.act(new Act.Crash(node(), millis(1, 20)));
          case REFLECTOR_CRASH -> stage.act(new Act.Crash(reflector(), millis(1, 20)));
          case PARTITION -> stage.act(new Act.Cut(node(), reflector(), millis(1, 120)));
          case FOREIGN_HAND -> lose(node());
          case KERNEL_REFUSAL -> stage.act(new Act.Refuse(node(), refusable(), millis(1, 5)));
          case CHURN -> churn();
          case POD_DEATH -> kill();
          case MIGRATION -> migrate();
        };
    if (done) {
      counts.merge(fault, 1, Integer::sum);
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
    return pods.next(1 + (int) random.below(size.nodes()), (int) random.below(size.podsPerNode()))
        .filter(pod -> stage.act(Act.Create.of(pod)))
        .isPresent();
  }

  private boolean migrate() {
    long now = world.now().toNanos();
    var from =
        idlePod()
            .filter(
                p ->
                    now - lastMoves.getOrDefault(p.name(), -MOVES_APART_NANOS)
                        >= MOVES_APART_NANOS);
    int node = 1 + (int) random.below(size.nodes());
    if (from.isEmpty() || node == from.get().node()) {
      return false;
    }
    lastMoves.put(from.get().name(), now);
    return stage.act(new Act.Move(from.get().name(), node, millis(1, 2)));
  }
}
