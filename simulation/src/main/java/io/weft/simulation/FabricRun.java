package io.weft.simulation;

import io.weft.bgp.speaker.SpeakerStatus;
import io.weft.bgp.speaker.SpeakerView.PeerView;
import io.weft.simulation.FabricReport.Sessions;
import io.weft.simulation.FabricReport.Spread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A whole fabric from nothing: all nodes start within ten seconds and get their pods; then pods
 * come, go and move, one after the other; then there are faults; in the end every pod must find
 * every pod that it should, and no other. All in slices, so that the caller can show progress.
 */
public final class FabricRun {
  /**
   * Nodes start within this time, and pods begin to come to each within the same time after that.
   */
  private static final long SPREAD_MILLIS = 10_000;

  /** Smaller fabrics are fast, and what does not hold is found the moment that it happens. */
  private static final int PATIENT_NODES = 100;

  private static final long NANOS_PER_MILLI = 1_000_000;

  /** A pod that moves is in both places for so long. */
  private static final long OVERLAP_MILLIS = 50;

  private static final Duration BETWEEN_FAULTS = Duration.ofSeconds(2);

  private enum Phase {
    COLD_START("cold start"),
    CHANGES("changes"),
    FAULTS("faults"),
    SETTLING("settling"),
    DONE("done");

    private final String text;

    Phase(String text) {
      this.text = text;
    }
  }

  /** Where a run is: what it does, in virtual time, and how much of it is done, 0 to 1. */
  public record Progress(String phase, Duration virtualTime, double share) {}

  private final FabricSize size;
  private final long seed;
  private final SplitMix64 random;
  private final Stage stage;
  private final World world;
  private final Pods pods;
  private final Faults faults;
  private final List<String> violations = new ArrayList<>();
  private final List<Duration> changes = new ArrayList<>();
  private Phase phase = Phase.COLD_START;
  private Duration phaseBegan = Duration.ZERO;
  private Duration lastCall = Duration.ZERO;
  private long lastPod;
  private Duration nextFault = Duration.ZERO;
  private Duration coldStart = Duration.ZERO;
  private Convergence convergence = new Convergence();
  private Spread coldStartOfPods = Spread.of(LongStream.empty());
  private Duration settled = Duration.ZERO;
  private boolean changing;

  public FabricRun(FabricSize size, long seed) {
    this(size, seed, builder -> builder);
  }

  /** One whose machines think by this crew. */
  public static FabricRun by(Crew crew, FabricSize size, long seed) {
    return new FabricRun(size, seed, (World.Builder builder) -> builder.crew(crew));
  }

  FabricRun(FabricSize size, long seed, Function<World.Builder, World.Builder> settings) {
    this.size = size;
    this.seed = seed;
    this.random = new SplitMix64(~seed);
    this.stage = new Stage(size, seed, settings);
    this.world = stage.world();
    this.pods = stage.pods();
    this.faults = new Faults(size, stage, random);
    for (int node = 1; node <= size.nodes(); node++) {
      planStart(node);
    }
    if (size.nodes() >= PATIENT_NODES) {
      bePatient();
    }
    world.tellWrites(convergence::written);
  }

  private void planStart(int node) {
    long start = random.below(SPREAD_MILLIS);
    stage.plan(start, new Act.Start("n" + node));
    long first = start + 1 + random.below(SPREAD_MILLIS);
    for (int pod = 0; pod < size.podsPerNode(); pod++) {
      long comes = first + random.below(1 + size.podsWithin().toMillis());
      var next = next(node, pod);
      stage.plan(comes, Act.Create.of(next));
      convergence.called(next, pods.tenantOf(next.network()), comes * NANOS_PER_MILLI);
      lastPod = Math.max(lastPod, comes);
    }
  }

  /**
   * From now on machines may be behind the world ({@link OwnTime}): it shall make no difference.
   */
  void bePatient() {
    world.timeline().bePatient();
  }

  /** How often a machine that was behind had much to do at once. */
  int passes() {
    return world.machines().stream().map(world::machine).mapToInt(Machine::passes).sum();
  }

  private Pods.Pod next(int node, int number) {
    return pods.next(node, number)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "a network has more than "
                        + Pods.MOST_IN_NETWORK
                        + " pods: ask for more networks"));
  }

  /** All that was done to the fabric so far. */
  public Script script() {
    return stage.script();
  }

  /** Connections that were cut because a peer did not read. */
  long cutOff() {
    return world.links().cutOff();
  }

  /** Goes on for a slice of virtual time; false when there is nothing more to do. */
  public boolean advance() {
    if (phase == Phase.DONE) {
      return false;
    }
    try {
      slice();
    } catch (RuntimeException e) { // of a brain as well
      world.timeline().abandon(e);
      violations.add("%s s: %s".formatted(world.now().toMillis() / 1e3, e));
      phase = Phase.DONE;
    }
    return phase != Phase.DONE;
  }

  private void slice() {
    stage.step();
    switch (phase) {
      case COLD_START -> coldStart();
      case CHANGES -> changes();
      case FAULTS -> faults();
      case SETTLING -> settling();
      case DONE -> {}
    }
  }

  private boolean isQuiet() {
    return stage.isEmpty()
        && stage.isOver()
        && pods.open() == 0
        && world.now().minus(world.lastWrite()).compareTo(ScriptRun.QUIET) >= 0;
  }

  private boolean isTooLate() {
    return world.now().minus(phaseBegan).compareTo(ScriptRun.MOST_TO_SETTLE) > 0;
  }

  private void enter(Phase next) {
    phase = next;
    phaseBegan = world.now();
    nextFault = world.now();
  }

  private void coldStart() {
    if (!stage.isEmpty()) {
      phaseBegan = world.now();
      return;
    }
    world.timeline().hurry();
    if (isQuiet() || isTooLate()) {
      coldStart = world.lastWrite().minus(Duration.ofMillis(lastPod));
      coldStartOfPods = convergence.spread();
      world.tellWrites((_, _, _) -> {});
      convergence = new Convergence(); // the former is large
      violations.addAll(differences());
      enter(violations.isEmpty() ? Phase.CHANGES : Phase.DONE);
    }
  }

  /** One at a time: whatever is written after it, is written because of it. */
  private void changes() {
    if (changing && isQuiet()) {
      changes.add(world.lastWrite().minus(lastCall));
      changing = false;
    }
    if (changing && isTooLate()) {
      throw new IllegalStateException("a change is not done after " + ScriptRun.MOST_TO_SETTLE);
    }
    if (changing) {
      return;
    }
    if (changes.size() >= size.changes()) {
      violations.addAll(differences());
      enter(violations.isEmpty() && !size.faults().isEmpty() ? Phase.FAULTS : Phase.DONE);
      return;
    }
    change();
    changing = true;
    lastCall = world.now();
    phaseBegan = world.now();
  }

  private void change() {
    var all = pods.all();
    var pod = all.get((int) random.below(all.size()));
    int other = 1 + (int) (pod.node() + random.below(size.nodes() - 1L)) % size.nodes();
    switch (changes.size() % 3) {
      case 0 -> stage.act(Act.Create.of(next(other, (int) random.below(size.podsPerNode()))));
      case 1 -> stage.act(new Act.Move(pod.name(), other, OVERLAP_MILLIS));
      default -> stage.act(new Act.Remove(pod.name()));
    }
  }

  private void faults() {
    if (world.now().minus(phaseBegan).compareTo(size.faultTime()) >= 0) {
      enter(Phase.SETTLING);
    } else if (world.now().compareTo(nextFault) >= 0) {
      faults.happen();
      nextFault = world.now().plusMillis(random.below(2 * BETWEEN_FAULTS.toMillis()));
    }
  }

  /** Time runs from when the last harm is made good. */
  private void settling() {
    if (!stage.isOver()) {
      phaseBegan = world.now();
    } else if (isTooLate() || isQuiet() && differences().isEmpty()) {
      settled = world.lastWrite().minus(phaseBegan);
      settled = settled.isNegative() ? Duration.ZERO : settled;
      violations.addAll(differences());
      if (pods.open() > 0) {
        violations.add(pods.open() + " calls were never answered");
      }
      enter(Phase.DONE);
    }
  }

  private List<String> differences() {
    return stage.differences();
  }

  /** Where it is. */
  public Progress progress() {
    double share =
        switch (phase) {
          case COLD_START -> 1.0 * pods.count() / size.pods();
          case CHANGES -> size.changes() == 0 ? 1 : 1.0 * changes.size() / size.changes();
          case FAULTS ->
              1.0
                  * world.now().minus(phaseBegan).toMillis()
                  / Math.max(1, size.faultTime().toMillis());
          case SETTLING, DONE -> 1;
        };
    return new Progress(phase.text, world.now(), Math.min(1, share));
  }

  /** True once the cold start is over, and every kernel was looked at. */
  public boolean isStarted() {
    return phase != Phase.COLD_START;
  }

  /** What was seen so far. */
  public FabricReport report() {
    var sorted = new ArrayList<>(changes);
    Collections.sort(sorted);
    var nodes = List.copyOf(world.nodes());
    var reflectors = IntStream.rangeClosed(1, size.reflectors()).mapToObj(i -> "r" + i).toList();
    var traffic = world.links().traffic();
    return new FabricReport(
        size,
        seed,
        violations,
        world.traceSha256(),
        world.now(),
        coldStart,
        coldStartOfPods,
        sorted,
        settled,
        faults.counts(),
        pods.count(),
        traffic.stream().mapToLong(Traffic::messages).sum(),
        traffic.stream().mapToLong(Traffic::octets).sum(),
        Sessions.of(traffic.stream().filter(session -> !session.ofReflectors).toList()),
        Sessions.of(traffic.stream().filter(session -> session.ofReflectors).toList()),
        Spread.of(reflectors.stream().mapToLong(r -> world.reflector(r).routes().size())),
        Spread.of(nodes.stream().mapToLong(this::heard)),
        Spread.of(nodes.stream().mapToLong(n -> world.kernel(n).size())));
  }

  private long heard(String node) {
    return world.view(node).bgp().map(SpeakerStatus::peers).stream()
        .flatMap(List::stream)
        .mapToLong(PeerView::received)
        .sum();
  }
}
