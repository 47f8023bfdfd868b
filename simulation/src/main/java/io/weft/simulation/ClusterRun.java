package io.weft.simulation;

import io.weft.net.Vni;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * A cluster on one virtual clock: two controllers give VNIs to networks over an API server, nodes
 * take addresses out of blocks and claims that the same server keeps, pods come and go, and things
 * happen to all of them by chance.
 */
public final class ClusterRun {
  private static final int MOST_PODS = 24;
  private static final Duration BEGINNING = Duration.ofSeconds(40);

  private final long seed;
  private final SplitMix64 random;
  private final ClusterStage stage;
  private final SortedSet<ClusterFault> faults;
  private final TreeMap<ClusterFault, Integer> counts = new TreeMap<>();
  private final ArrayDeque<ClusterScript.Line> planned = new ArrayDeque<>();
  private long podNames;
  private long end;

  /** {@code faults}: what happens by chance. */
  public ClusterRun(long seed, Set<ClusterFault> faults) {
    this(seed, faults, builder -> builder);
  }

  ClusterRun(long seed, Set<ClusterFault> faults, Function<World.Builder, World.Builder> settings) {
    this.seed = seed;
    this.random = new SplitMix64(~seed);
    this.faults = new TreeSet<>(faults);
    this.stage = new ClusterStage(seed, settings);
  }

  /** How often each fault happened. */
  public SortedMap<ClusterFault, Integer> counts() {
    return counts;
  }

  /** How often an address was seen at two holders of its claim, every 100 ms. */
  long shared() {
    return stage.shared();
  }

  /** Pods that came up at a node that saw a copy of the API, and not the API. */
  long fromCopies() {
    return stage.pods().fromCopies();
  }

  /** SHA-256 of what happened. */
  public String traceSha256() {
    return stage.world().traceSha256();
  }

  /** What was done. */
  public ClusterScript script() {
    return stage.script(end);
  }

  /**
   * Runs it with faults for so long, and until all is well; what did not hold, and what happened
   * last: nothing is best.
   */
  public List<String> run(Duration faultTime) {
    try {
      pass(BEGINNING, false);
      pass(faultTime, true);
      stage.askForAny();
      end = stage.millis();
      var found = stage.settle();
      return found.isEmpty() ? found : told(found, stage.last());
    } catch (RuntimeException e) { // of a brain as well
      stage.world().timeline().abandon(e);
      end = end == 0 ? stage.millis() : end;
      var lines = new ArrayList<>(stage.last());
      lines.add("and of the trace:");
      lines.addAll(stage.world().lastEvents());
      return told(List.of(stage.failure(e)), lines);
    }
  }

  private List<String> told(List<String> violations, List<String> last) {
    var all = new ArrayList<>(violations);
    all.add("seed %d; what happened last:\n  %s".formatted(seed, String.join("\n  ", last)));
    return all;
  }

  private void pass(Duration time, boolean harm) {
    long until = stage.millis() + time.toMillis();
    long nextFault = stage.millis();
    while (stage.millis() < until) {
      stage.step();
      while (!planned.isEmpty() && planned.getFirst().millis() <= stage.millis()) {
        stage.act(planned.removeFirst().act());
      }
      if (random.below(5) == 0) {
        churn();
      }
      if (harm && stage.millis() >= nextFault) {
        happen();
        nextFault = stage.millis() + random.below(4_000);
      }
    }
  }

  // ---- Pods ---------------------------------------------------------------------------------

  private void churn() {
    var pods = List.copyOf(stage.pods().all());
    if (pods.size() < MOST_PODS && random.below(3) > 0) {
      boolean claims = random.below(4) == 0;
      boolean first = random.below(2) == 0;
      var name = claims ? "vm" + random.below(4) + (first ? "a" : "b") : "p" + podNames++;
      int network =
          claims
              ? name.charAt(2) % ClusterStage.NETWORKS
              : (int) random.below(ClusterStage.NETWORKS);
      stage.act(new ClusterAct.Come(name, 1 + (int) random.below(ClusterStage.NODES), network));
    } else if (!pods.isEmpty()) {
      stage.act(new ClusterAct.Go(pods.get((int) random.below(pods.size())).name()));
    }
  }

  // ---- Faults -------------------------------------------------------------------------------

  private long millis(long leastSeconds, long mostSeconds) {
    return 1_000 * leastSeconds + random.below(1_000 * (mostSeconds - leastSeconds) + 1);
  }

  private void happen() {
    var kinds = List.copyOf(faults);
    if (kinds.isEmpty()) {
      return;
    }
    var fault = kinds.get((int) random.below(kinds.size()));
    if (does(fault)) {
      counts.merge(fault, 1, Integer::sum);
    }
  }

  private boolean does(ClusterFault fault) {
    return switch (fault) {
      case API_AWAY -> stage.act(new ClusterAct.ApiAway(millis(1, 60)));
      case STALE_WATCH ->
          process()
              .filter(p -> stage.act(new ClusterAct.Stale(p, millis(1, 30), millis(5, 60))))
              .isPresent();
      case WATCH_EXPIRED -> process().filter(p -> stage.act(new ClusterAct.Expire(p))).isPresent();
      case API_CONFLICT -> {
        for (int i = 1; i < 20 && planned.isEmpty(); i++) {
          planned.add(new ClusterScript.Line(stage.millis() + 250L * i, new ClusterAct.Touch()));
        }
        yield stage.act(new ClusterAct.Touch());
      }
      case CONTROLLER_CRASH ->
          stage.act(new ClusterAct.CrashController(controller(), millis(1, 40)));
      case NODE_CRASH ->
          stage.act(new ClusterAct.CrashNode(node(), random.below(2) == 0, millis(1, 20)));
      case RESTART_WITHOUT_API ->
          stage.act(new ClusterAct.ApiAway(millis(10, 60)))
              && stage.act(new ClusterAct.CrashNode(node(), true, millis(1, 5)));
      case NODE_POWER_LOSS -> stage.act(new ClusterAct.Power(node(), millis(5, 60)));
      case CLOCK_JUMP ->
          stage.act(new ClusterAct.Jump(controller(), random.below(120_001) - 60_000));
      case INTENT_CHANGE -> change();
    };
  }

  private String node() {
    return "n" + (1 + random.below(ClusterStage.NODES));
  }

  private String controller() {
    return "c" + (1 + random.below(ClusterStage.CONTROLLERS));
  }

  /** One that watches, if any does. */
  private Optional<String> process() {
    var all = stage.watching();
    return all.isEmpty() ? Optional.empty() : Optional.of(all.get((int) random.below(all.size())));
  }

  /** Networks with pods keep their names; others come and go. False: nothing has changed. */
  private boolean change() {
    var given =
        random.below(2) == 0
            ? Optional.<Vni>empty()
            : Optional.of(new Vni(ClusterStage.POOL.first().value() + (int) random.below(15)));
    return switch ((int) random.below(3)) {
      case 0 -> stage.act(new ClusterAct.Ask("net" + random.below(ClusterStage.NETWORKS), given));
      case 1 -> stage.act(new ClusterAct.Ask("more" + random.below(3), given));
      default ->
          stage.objects().stream()
              .filter(object -> object.name().startsWith("more"))
              .findFirst()
              .filter(object -> stage.act(new ClusterAct.Remove(object.name())))
              .isPresent();
    };
  }
}
