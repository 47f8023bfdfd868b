package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.MulticastChannel;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What was done to a fabric, as a script: it does the same again, and is shrunk when it fails. */
final class ScriptTest {
  private static FabricSize size() {
    return new FabricSize(
        5,
        4,
        6,
        2,
        2,
        2,
        true,
        3,
        new TreeSet<>(EnumSet.allOf(Fault.class)),
        Duration.ofSeconds(60));
  }

  private static FabricRun finished(long seed, Function<World.Builder, World.Builder> settings) {
    var run = new FabricRun(size(), seed, settings);
    while (run.advance()) {}
    return run;
  }

  @ParameterizedTest
  @ValueSource(longs = {3, 8, 21})
  void aScriptDoesTheSameAgain(long seed) {
    var first = finished(seed, builder -> builder);
    var script = Script.parse(first.script().text());
    assertThat(script.lines()).isEqualTo(first.script().lines()).hasSizeGreaterThan(40);
    var again = new ScriptRun(script, builder -> builder);
    again.passUntil(first.report().virtualTime());
    assertThat(again.traceSha256()).isEqualTo(first.report().traceSha256());
  }

  /** A kernel that says it has removed a row, and has not. */
  private static final class Keeping extends SimulatedKernel {
    private final Kind kept;

    Keeping(Shared shared, Kind kept) {
      super(shared);
      this.kept = kept;
    }

    @Override
    public Outcome apply(List<KernelChange> changes) {
      return super.apply(changes.stream().filter(change -> !isKept(change)).toList());
    }

    private boolean isKept(KernelChange change) {
      return change instanceof KernelChange.Remove && change.key().kind() == kept;
    }
  }

  /** Two pods that know each other, and one goes: that is all it takes. */
  @ParameterizedTest
  @ValueSource(strings = {"VXLAN_FDB", "TENANT_ROUTE"})
  void aFailingSeedIsShrunkToFewActs(String kept) {
    Function<World.Builder, World.Builder> broken =
        builder -> builder.kernels(shared -> new Keeping(shared, Kind.valueOf(kept)));
    var run = finished(5, broken);
    assertThat(run.report().violations()).isNotEmpty();
    var shrinking = run.script().shrinking(broken, () -> true);
    var script = run.script().with(shrinking.shrink(run.script().lines()));
    System.out.printf(
        "%s: %d acts, shrunk to %d in %d runs%n%s%n",
        kept,
        run.script().lines().size(),
        script.lines().size(),
        shrinking.runs(),
        String.join("\n", script.text()));
    assertThat(script.lines()).hasSizeBetween(2, 3);
    assertThat(new ScriptRun(script, broken).run()).isNotEmpty();
    assertThat(ScriptRun.violations(script)).isEmpty();
  }

  /** When nobody may wait any longer, what was found until then is given. */
  @Test
  void shrinkingCanBeCutShort() {
    Function<World.Builder, World.Builder> broken =
        builder -> builder.kernels(shared -> new Keeping(shared, Kind.VXLAN_FDB));
    var run = finished(5, broken);
    var lines = run.script().lines();
    assertThat(run.script().shrinking(broken, () -> false).shrink(lines)).isEqualTo(lines);
    assertThat(finished(5, builder -> builder).script().shrunk(() -> true).lines())
        .as("what does not fail is not shrunk")
        .hasSizeGreaterThan(40);
  }

  static Stream<Path> kept() throws IOException, URISyntaxException {
    var folder = Optional.ofNullable(ScriptTest.class.getResource("/scripts")).orElseThrow();
    return Files.list(Path.of(folder.toURI())).sorted();
  }

  /** Scripts that failed once, or show what is delicate. */
  @ParameterizedTest
  @MethodSource("kept")
  void aKeptScriptHolds(Path file) throws IOException {
    assertThat(ScriptRun.violations(Script.parse(Files.readAllLines(file)))).isEmpty();
  }

  @Test
  void everyActIsReadAsItWasWritten() {
    var acts =
        List.of(
            new Act.Start("n1"),
            new Act.Create("p1", 2, 3, Ipv4Address.parse("100.64.0.10")),
            new Act.Remove("p1"),
            new Act.Move("p1", 4, 50),
            new Act.Kill("p1"),
            new Act.Crash("r1", 1_000),
            new Act.Cut("n1", "r2", 20),
            new Act.Lose("n1", new ForwardingKey(Kind.FLOOD, "weft-t0", 10_000, "10.0.0.2")),
            new Act.Lose("n1", new ForwardingKey(Kind.EGRESS_FILTER, "", 0, "")),
            new Act.Refuse("n1", Kind.BRIDGE, 300),
            new Act.Lose(
                "n1", new ForwardingKey(Kind.MULTICAST, "weft-t0", 1, "239.1.1.1 10.0.0.2")),
            new Act.CutWay("r1", "n2", 20),
            new Act.Degrade("n1", "r2", 30, 250, 5_000),
            new Act.Reset("n1", "r2"),
            new Act.Slow("r1", 200, 1_000),
            new Act.Pause("n1", 7),
            new Act.Jump("r2", 8),
            new Act.Power("n2", 9),
            new Act.Alter("n1", new ForwardingKey(Kind.BRIDGE, "weft-t0", 10_000, "")),
            new Act.Plant("n1", new ForwardingKey(Kind.NEIGHBOUR, "weft-t0", 1, "192.0.2.9")),
            new Act.Deafen("n1", 10),
            new Act.Visit("p1", 4, 50),
            new Act.Twin("p1", 3, 60),
            new Act.Vtep("n1", 70, 80),
            new Act.Hear("h3", "p4"),
            new Act.Join("p1", MulticastChannel.of(IpAddress.parse("ff15::1"))),
            new Act.Leave(
                "p1",
                new MulticastChannel(
                    IpAddress.parse("239.1.1.1"), Optional.of(IpAddress.parse("100.64.0.10")))),
            new Act.Stranger(true, 5_000),
            new Act.Stranger(false, 6_000),
            new Act.Intend(FabricIntent.Part.TARGET, 3, 7, 500));
    assertThat(acts).map(act -> Act.parse(List.of(act.text().split(" ")))).isEqualTo(acts);
  }

  @Test
  void whatIsWrongWithAScriptIsSaidWithItsLine() {
    var fabric = "fabric nodes=2 networks=1 tenants=1 reflectors=1 routed=false seed=1";
    wrong("there is no line 'fabric ...'", "# nothing");
    wrong("line 1: the first line must begin with 'fabric'", "10 crash n1 5");
    wrong("line 1: 'seed=' is missing", fabric.replace(" seed=1", ""));
    wrong("line 1: nodes must be from 2 to 10000, not 1", fabric.replace("nodes=2", "nodes=1"));
    wrong("line 3: there is no 'burn'", "# a fabric", fabric, "10 burn n1");
    wrong("line 2: 'crash' takes 2 words, not 1", fabric, "10 crash n1");
    wrong(
        "line 2: 'web' is not 'net' with a number behind it", fabric, "1 create p n1 web 1.1.1.1");
  }

  private static void wrong(String message, String... lines) {
    assertThatThrownBy(() -> Script.parse(List.of(lines)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  /** What is to be done to something that is not there is not done. */
  @Test
  void anActWithoutItsObjectDoesNothing() {
    var script =
        Script.parse(
            List.of(
                "fabric nodes=2 networks=1 tenants=1 reflectors=1 routed=false seed=1",
                "100 remove p1",
                "100 move p1 n2 10",
                "100 kill p1",
                "100 crash n9 10",
                "100 cut n1 r9 10",
                "100 lose n1 BRIDGE weft-t0 10000 -",
                "100 create p1 n3 net0 100.64.0.10",
                "100 create p1 n1 net1 100.64.0.10"));
    var run = new ScriptRun(script, builder -> builder);
    assertThat(run.run()).isEmpty();
    assertThat(run.done()).allMatch(line -> line.act() instanceof Act.Start);
  }
}
