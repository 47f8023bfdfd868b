package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.KernelChange;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What was done to a cluster, as a script: it does the same again, and is shrunk when it fails. */
final class ClusterScriptTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  /** A kernel that says it has removed a port, and has not. */
  private static final class Keeping extends SimulatedKernel {
    Keeping(Shared shared) {
      super(shared);
    }

    @Override
    public Outcome apply(List<KernelChange> changes) {
      return super.apply(changes.stream().filter(change -> !isKept(change)).toList());
    }

    private static boolean isKept(KernelChange change) {
      return change instanceof KernelChange.Remove && change.key().kind() == Kind.PORT;
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {2, 5})
  void aScriptDoesTheSameAgain(long seed) {
    var run = new ClusterRun(seed, EnumSet.allOf(ClusterFault.class));
    assertThat(run.run(MINUTE)).isEmpty();
    var script = ClusterScript.parse(run.script().text());
    assertThat(script).isEqualTo(run.script());
    assertThat(script.lines()).hasSizeGreaterThan(100);
    var again = new ClusterStage(seed, builder -> builder);
    assertThat(again.run(script)).isEmpty();
    assertThat(again.world().traceSha256()).isEqualTo(run.traceSha256());
  }

  /** A pod that comes and goes, and perhaps one that keeps its network there: all it takes. */
  @Test
  void aFailingSeedIsShrunkToFewActs() {
    Function<World.Builder, World.Builder> broken = builder -> builder.kernels(Keeping::new);
    var run = new ClusterRun(3, EnumSet.allOf(ClusterFault.class), broken);
    assertThat(run.run(MINUTE)).isNotEmpty();
    var script = run.script().shrunk(broken, () -> true);
    System.out.printf(
        "%d acts, shrunk to%n%s%n", run.script().lines().size(), String.join("\n", script.text()));
    assertThat(script.lines()).hasSizeBetween(2, 3);
    assertThat(script.lines().getFirst().act()).isInstanceOf(ClusterAct.Come.class);
    assertThat(script.lines().getLast().act()).isInstanceOf(ClusterAct.Go.class);
    assertThat(script.violations(broken)).isNotEmpty();
    assertThat(script.violations()).isEmpty();
    assertThat(run.script().shrunk(broken, () -> false)).isEqualTo(run.script());
  }

  static Stream<Path> kept() throws IOException, URISyntaxException {
    var folder =
        Optional.ofNullable(ClusterScriptTest.class.getResource("/cluster-scripts")).orElseThrow();
    return Files.list(Path.of(folder.toURI())).sorted();
  }

  /** Scripts that failed once, or show what is delicate. */
  @ParameterizedTest
  @MethodSource("kept")
  void aKeptScriptHolds(Path file) throws IOException {
    var text = Files.readAllLines(file);
    assertThat(ClusterScript.is(text)).isTrue();
    assertThat(ClusterScript.parse(text).violations()).isEmpty();
  }

  /** An agent that starts while the API is away gives out addresses of its block by its copy. */
  @Test
  void aNodeStartsPodsByItsCopyWhileTheApiIsAway() {
    var text =
        """
        cluster seed=4 millis=90000
        5000 come p1 n1 net0
        30000 api-away 60000
        31000 crash-node n1 WHICH 1000
        35000 come p2 n1 net0
        """;
    var withCopy = stageAt(text.replace("WHICH", "copy"), 80);
    assertThat(withCopy.pods().all()).extracting(ClusterPod::up).containsExactly(true, true);
    assertThat(withCopy.pods().fromCopies()).isEqualTo(1);
    var without = stageAt(text.replace("WHICH", "empty"), 80);
    assertThat(without.pods().all()).extracting(ClusterPod::up).containsExactly(true, false);
    assertThat(ClusterScript.parse(text.replace("WHICH", "empty").lines().toList()).violations())
        .isEmpty();
  }

  /** Its kernel is empty then; a pod with a claim gets its address again, without the API. */
  @Test
  void aNodeThatLostPowerAttachesItsPodsAgainByItsCopy() {
    var text =
        """
        cluster seed=4 millis=100000
        5000 come p1 n1 net0
        5000 come vm1a n1 net1
        30000 power n1 5000
        31000 api-away 60000
        """;
    var off = stageAt(text, 34);
    assertThat(off.world().kernel("n1").size()).isZero();
    assertThat(off.pods().all()).extracting(ClusterPod::up).containsExactly(false, false);
    var on = stageAt(text, 50);
    assertThat(on.pods().all()).extracting(ClusterPod::up).containsExactly(true, true);
    assertThat(on.pods().fromCopies()).isEqualTo(2);
    assertThat(ClusterScript.parse(text.lines().toList()).violations()).isEmpty();
  }

  /** Done until then, and not made good. */
  private static ClusterStage stageAt(String text, long seconds) {
    var script = ClusterScript.parse(text.lines().toList());
    var stage = new ClusterStage(script.seed(), builder -> builder);
    for (var line : script.lines()) {
      while (stage.millis() < line.millis()) {
        stage.step();
      }
      assertThat(stage.act(line.act())).as(line.toString()).isTrue();
    }
    while (stage.millis() < seconds * 1_000) {
      stage.step();
    }
    return stage;
  }

  @Test
  void everyActIsReadAsItWasWritten() {
    var acts =
        List.of(
            new ClusterAct.Come("p1", 2, 3),
            new ClusterAct.Go("p1"),
            new ClusterAct.ApiAway(100),
            new ClusterAct.Stale("n1", 100, 200),
            new ClusterAct.Expire("c1"),
            new ClusterAct.Touch(),
            new ClusterAct.CrashController("c2", 100),
            new ClusterAct.CrashNode("n1", true, 100),
            new ClusterAct.CrashNode("n1", false, 100),
            new ClusterAct.Power("n2", 100),
            new ClusterAct.Jump("c1", -100),
            new ClusterAct.Ask("net1", Optional.of(new Vni(12))),
            new ClusterAct.Ask("net1", Optional.empty()),
            new ClusterAct.Remove("more1"));
    assertThat(acts).map(act -> ClusterAct.parse(List.of(act.text().split(" ")))).isEqualTo(acts);
  }

  @Test
  void whatIsWrongWithAScriptIsSaidWithItsLine() {
    var cluster = "cluster seed=1 millis=1000";
    assertThat(ClusterScript.is(List.of("# a cluster", "", cluster))).isTrue();
    assertThat(ClusterScript.is(List.of("fabric nodes=2"))).isFalse();
    wrong("there is no line 'cluster ...'", "# nothing");
    wrong("line 1: the first line must be 'cluster seed=N millis=N'", "cluster seed=1");
    wrong("line 3: there is no 'burn'", "# a cluster", cluster, "10 burn n1");
    wrong("line 2: 'crash-node' takes 3 words, not 2", cluster, "10 crash-node n1 100");
    wrong("line 2: 'half' is neither 'copy' nor 'empty'", cluster, "10 crash-node n1 half 1");
    wrong("line 2: 'web' is not 'net' with a number behind it", cluster, "10 come p1 n1 web");
  }

  private static void wrong(String message, String... lines) {
    assertThatThrownBy(() -> ClusterScript.parse(List.of(lines)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  /** What is to be done to something that is not there is not done. */
  @Test
  void anActWithoutItsObjectDoesNothing() {
    var stage = new ClusterStage(1, builder -> builder);
    stage.step();
    for (var line :
        List.of(
            "go p1",
            "come p1 n9 net0",
            "come p1 n1 net9",
            "expire n9",
            "stale c9 100 100",
            "crash-controller c9 100",
            "crash-node n9 copy 100",
            "power c1 100",
            "power n9 100",
            "jump c9 100",
            "remove net9",
            "ask net1 any")) {
      assertThat(stage.act(ClusterAct.parse(List.of(line.split(" "))))).as(line).isFalse();
    }
    assertThat(stage.script(0).lines()).isEmpty();
  }
}
