package io.weft.simulation;

import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** Does harm, one thing after the other, and makes good what it did. */
final class Faults {
  /** A MAC that moves five times in 180 s is frozen (RFC 7432 §15.1): each moves less. */
  private static final long MOVES_APART_NANOS = Duration.ofSeconds(100).toNanos();

  private static final List<Kind> REFUSABLE =
      List.of(Kind.BRIDGE, Kind.VXLAN, Kind.PORT, Kind.VXLAN_FDB, Kind.FLOOD, Kind.NEIGHBOUR);

  private final FabricSize size;
  private final World world;
  private final Pods pods;
  private final SplitMix64 random;
  private final TreeMap<Fault, Integer> counts = new TreeMap<>();
  private final TreeMap<String, Long> lastMoves = new TreeMap<>();
  private final TreeMap<Long, List<Runnable>> remedies = new TreeMap<>();
  private final TreeSet<String> troubled = new TreeSet<>();

  Faults(FabricSize size, World world, Pods pods, SplitMix64 random) {
    this.size = size;
    this.world = world;
    this.pods = pods;
    this.random = random;
  }

  SortedMap<Fault, Integer> counts() {
    return counts;
  }

  /** Makes good what is due by now. */
  void remedy() {
    long now = world.now().toNanos();
    while (!remedies.isEmpty() && remedies.firstKey() <= now) {
      remedies.pollFirstEntry().getValue().forEach(Runnable::run);
    }
  }

  /** True when nothing is left to make good. */
  boolean isOver() {
    return remedies.isEmpty();
  }

  private void later(long leastSeconds, long mostSeconds, Runnable remedy) {
    long millis = 1_000 * leastSeconds + random.below(1_000 * (mostSeconds - leastSeconds) + 1);
    long at = world.now().plusMillis(millis).toNanos();
    remedies.computeIfAbsent(at, _ -> new ArrayList<>()).add(remedy);
  }

  /** One more, of any kind. */
  void happen() {
    var kinds = List.copyOf(size.faults());
    var fault = kinds.get((int) random.below(kinds.size()));
    boolean done =
        switch (fault) {
          case NODE_CRASH -> crash(node());
          case REFLECTOR_CRASH -> crash(reflector());
          case PARTITION -> partition(node(), reflector());
          case FOREIGN_HAND -> lose(node());
          case KERNEL_REFUSAL -> refuse(node());
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

  private boolean crash(String machine) {
    if (!world.isAlive(machine)) {
      return false;
    }
    world.crash(machine);
    pods.crashed(machine);
    later(1, 20, () -> world.restart(machine));
    return true;
  }

  private boolean partition(String node, String reflector) {
    var link = node + " " + reflector;
    if (!troubled.add(link)) {
      return false;
    }
    world.cut(node, reflector);
    later(
        1,
        120,
        () -> {
          world.heal(node, reflector);
          troubled.remove(link);
        });
    return true;
  }

  /** A namespace or a port that goes takes endpoints with it: that is {@link Fault#POD_DEATH}. */
  private boolean lose(String node) {
    var keys =
        world.kernel(node).objects().stream()
            .map(ForwardingObject::key)
            .filter(key -> key.kind() != Kind.NAMESPACE && key.kind() != Kind.PORT)
            .toList();
    if (keys.isEmpty()) {
      return false;
    }
    world.lose(node, keys.get((int) random.below(keys.size())));
    return true;
  }

  private boolean kill() {
    var pod = idlePod();
    if (pod.isEmpty() || pods.count() <= size.nodes()) {
      return false;
    }
    var node = "n" + pod.get().node();
    for (var object : world.kernel(node).objects(Kind.PORT)) {
      if (object instanceof EndpointPort port && port.endpoint().equals(pod.get().name())) {
        world.lose(node, port.key());
        pods.died(pod.get());
        return true;
      }
    }
    return false;
  }

  private boolean refuse(String node) {
    var kind = REFUSABLE.get((int) random.below(REFUSABLE.size()));
    var trouble = node + " " + kind;
    if (!troubled.add(trouble)) {
      return false;
    }
    world.kernel(node).refuse(kind);
    later(
        1,
        5,
        () -> {
          world.kernel(node).allow(kind);
          troubled.remove(trouble);
        });
    return true;
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
    pods.remove(goes.get());
    return pods.create(1 + (int) random.below(size.nodes()), (int) random.below(size.podsPerNode()))
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
    pods.move(from.get(), node);
    later(1, 2, () -> pods.leave(from.get()));
    return true;
  }
}
