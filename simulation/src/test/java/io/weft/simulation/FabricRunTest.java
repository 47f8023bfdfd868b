package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.bgp.speaker.Speaker;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.node.Node;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Whole runs: many short seeds with every fault, and that a run sees what is wrong. */
public final class FabricRunTest {
  private static final int SEEDS = Integer.getInteger("weft.simulation.seeds", 100);

  private static FabricSize small(boolean routed) {
    return new FabricSize(
        5,
        4,
        6,
        2,
        2,
        2,
        routed,
        3,
        new TreeSet<>(EnumSet.allOf(Fault.class)),
        Duration.ofSeconds(60));
  }

  /**
   * Of the seed it depends whether tenants route, what VTEPs there are, how pods come, and what
   * they do beside coming and going.
   */
  private static FabricSize small(long seed) {
    return small(seed % 2 == 0)
        .dual(seed % 4 > 1)
        .multicast(seed % 3 == 0)
        .learning(seed % 5 == 0)
        .podsWithin(Duration.ofSeconds(seed % 7 < 4 ? 10 : 0));
  }

  private static FabricReport run(FabricSize size, long seed) {
    var run = new FabricRun(size, seed);
    while (run.advance()) {}
    return run.report();
  }

  @Test
  void everySeedHolds() {
    var happened = new TreeSet<Fault>();
    for (long seed = 1; seed <= SEEDS; seed++) {
      var report = run(small(seed), seed);
      assertThat(report.violations()).as("seed %d", seed).isEmpty();
      assertThat(report.changes()).as("seed %d", seed).hasSize(3);
      happened.addAll(report.faults().keySet());
    }
    assertThat(happened).containsExactly(Fault.values());
  }

  @Test
  void withFourReflectorsEachNodeTalksWithTwo() {
    var size = new FabricSize(12, 5, 6, 3, 2, 4, true, 9, new TreeSet<>(), Duration.ZERO);
    var report = run(size, 3);
    assertThat(report.violations()).isEmpty();
    assertThat(report.nodeSessions().count()).isGreaterThanOrEqualTo(12 * 2);
    assertThat(report.reflectorSessions().count()).isGreaterThanOrEqualTo(6);
    for (var sessions : List.of(report.nodeSessions(), report.reflectorSessions())) {
      assertThat(sessions.messages().median()).isBetween(4L, sessions.messages().most());
      assertThat(sessions.octets().p99())
          .isBetween(sessions.octets().median(), sessions.octets().most());
      assertThat(sessions.octets().most()).isLessThan(report.octets());
    }
    assertThat(report.reflectorRoutes().median()).isEqualTo(report.reflectorRoutes().most());
    assertThat(report.change(1)).isLessThan(Duration.ofMillis(100));
    var ofPods = report.coldStartOfPods();
    assertThat(ofPods.median()).isBetween(50_000L, ofPods.p99()); // a kernel takes so long
    assertThat(ofPods.most()).isBetween(ofPods.p99(), Duration.ofMillis(100).toNanos());
    assertThat(report.pods()).isEqualTo(60);
  }

  /** A pod that moves away, its network's last on the node: the network follows after 3 s. */
  @Test
  void aNetworkThatLeavesAfterAMoveIsNoPartOfTheChange() {
    var size = new FabricSize(5, 1, 6, 2, 2, 2, true, 9, new TreeSet<>(), Duration.ZERO);
    for (long seed = 1; seed <= 6; seed++) { // at 2, 3, 5 and 6 there is one
      var report = run(size, seed);
      assertThat(report.violations()).as("seed %d", seed).isEmpty();
      assertThat(report.change(1)).as("seed %d", seed).isLessThan(Duration.ofMillis(100));
    }
  }

  /** With RFC 4684 and without the kernels hold the same, and more is said without. */
  @Test
  void withoutMembershipsNodesAreToldOfAll() {
    var size = new FabricSize(12, 5, 6, 3, 2, 4, true, 9, new TreeSet<>(), Duration.ZERO);
    var with = run(size, 3);
    var without = run(size.constrained(false), 3);
    assertThat(without.violations()).isEmpty();
    assertThat(without.kernelObjects()).isEqualTo(with.kernelObjects());
    assertThat(without.octets()).isGreaterThan(2 * with.octets());
  }

  /** Pods that come together are told of together; what comes of it is the same. */
  @Test
  void podsComeTogetherOrEachByItself() {
    var size = new FabricSize(12, 10, 6, 3, 2, 4, true, 0, new TreeSet<>(), Duration.ZERO);
    var together = run(size, 3);
    var alone = run(size.podsWithin(Duration.ofSeconds(10)), 3);
    assertThat(together.violations()).isEmpty();
    assertThat(alone.violations()).isEmpty();
    assertThat(together.kernelObjects()).isEqualTo(alone.kernelObjects());
    assertThat(alone.messages()).isGreaterThan(2 * together.messages());
    var few = new FabricSize(2, 3, 1, 1, 1, 1, true, 1, new TreeSet<>(), Duration.ZERO);
    assertThat(run(few.podsWithin(Duration.ofSeconds(900)), 3).violations()).isEmpty();
    assertThatThrownBy(() -> size.podsWithin(Duration.ofSeconds(3_601)))
        .hasMessage("the pods of a node must come within 0 to 3600 s, not 3601");
  }

  /** Brains that think at once, in whatever order they get done, lead to the same. */
  @Test
  void theTraceIsTheSameWhoeverThinks() {
    var alone = run(small(true), 9);
    try (var crew = new ThreeThreads()) {
      var together = FabricRun.by(crew, small(true), 9);
      while (together.advance()) {}
      assertThat(together.report()).isEqualTo(alone);
    }
    assertThat(alone.violations()).isEmpty();
  }

  /** Its report looks into the brains: none thinks any more, and the first breach is told. */
  @Test
  void afterABreachNobodyThinks() {
    var underWay = new ArrayList<Runnable>();
    var thrown = new ArrayList<RuntimeException>();
    Crew crew =
        work -> {
          underWay.add(work);
          return () -> {
            work.run();
            underWay.remove(work);
            if (!thrown.isEmpty() || underWay.size() >= 3) {
              thrown.add(new IllegalStateException("breach " + (thrown.size() + 1)));
              throw thrown.getLast();
            }
          };
        };
    var run = FabricRun.by(crew, small(true), 5); // a seed at which four think at once
    while (run.advance()) {}
    assertThat(underWay).isEmpty();
    assertThat(run.report().violations()).singleElement().asString().endsWith("breach 1");
    assertThat(thrown).hasSizeGreaterThanOrEqualTo(4);
    assertThat(thrown.getFirst().getSuppressed()).hasSize(thrown.size() - 1);
  }

  /**
   * A trace that depends on the order of a hash, on time or on threads differs between processes.
   */
  @Test
  void oneSeedGivesOneTraceInEveryProcess() throws IOException, InterruptedException {
    var one = traceOfProcess("-XX:+UseSerialGC", "-XX:hashCode=0");
    var other = traceOfProcess("-XX:+UseParallelGC", "-Xint");
    assertThat(one).hasSize(64).isEqualTo(other);
    assertThat(one).isNotEqualTo(run(small(true), 8).traceSha256());
  }

  private static String traceOfProcess(String... options) throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+UnlockExperimentalVMOptions");
    command.addAll(List.of(options));
    var classPath =
        Stream.of(FabricRunTest.class, FabricRun.class, Node.class, Speaker.class, Vni.class)
            .map(type -> type.getProtectionDomain().getCodeSource().getLocation().getPath())
            .distinct()
            .collect(Collectors.joining(":"));
    command.addAll(List.of("-cp", classPath, FabricRunTest.class.getName()));
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var in = process.getInputStream()) {
      var said = new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
      assertThat(process.waitFor()).as(said).isZero();
      return said;
    }
  }

  /** For a process of its own. */
  public static void main(String[] arguments) {
    System.out.println(run(small(true), 7).traceSha256());
  }

  /** The final look at the kernels is of use only when it sees an entry that is not there. */
  @Test
  void aMissingAndAWrongEntryAreSeen() {
    var size = new FabricSize(2, 1, 1, 1, 1, 1, true, 0, new TreeSet<>(), Duration.ZERO);
    var builder = World.builder(1).nodes(2);
    var intent = new FabricIntent(size);
    intent.networks().forEach(builder::network);
    intent.tenants().forEach(builder::tenant);
    var world = builder.build();
    world.run(Duration.ofSeconds(10));
    var pods = new Pods(size, intent, world);
    var own = pods.create(1, 0).orElseThrow();
    var other = pods.create(2, 0).orElseThrow();
    world.run(Duration.ofSeconds(1));
    pods.follow();
    assertThat(pods.open()).isZero();
    assertThat(differences(size, world, pods)).isEmpty();

    world.crash("n1");
    world.kernel("n1").objects(Kind.VXLAN_FDB).forEach(object -> world.lose("n1", object.key()));
    assertThat(differences(size, world, pods))
        .containsExactly("n1 has no way to net0 " + other.mac());
    // Another row does not make up for it: as many stand as have to.
    var row = (VxlanFdbEntry) world.kernel("n2").objects(Kind.VXLAN_FDB).getFirst();
    assertThat(row.mac()).isEqualTo(own.mac());
    assertThat(world.node("n1").plant(row)).isTrue();
    assertThat(differences(size, world, pods))
        .containsExactly(
            "n1: " + row + ", where the pod is on n1", "n1 has no way to net0 " + other.mac());
    world.lose("n1", row.key());
    pods.died(other);
    assertThat(differences(size, world, pods))
        .singleElement()
        .asString()
        .contains("n1", other.ip() + "/32", "the pod does not exist");
  }

  private static List<String> differences(FabricSize size, World world, Pods pods) {
    return Look.differences(world, size.nodes(), List.of(new Reachability(size, world, pods)));
  }

  @Test
  void aSizeThatCannotBeIsRefused() {
    assertThatThrownBy(
            () -> new FabricSize(1, 1, 1, 1, 1, 1, true, 0, new TreeSet<>(), Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nodes must be from 2 to 10000, not 1");
    assertThatThrownBy(
            () -> new FabricSize(2, 1, 1, 2, 1, 1, true, 0, new TreeSet<>(), Duration.ZERO))
        .hasMessageContaining("tenants must be from 1 to 1, not 2");
  }
}
