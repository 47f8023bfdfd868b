package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Hosts behind ports that learn: of p0 on n1, and of p4 on n2; those of p1 to p3 do not. */
final class HostsTest {
  private static final FabricSize SIZE =
      new FabricSize(3, 2, 1, 1, 1, 1, true, 0, new TreeSet<>(), Duration.ZERO).learning(true);

  private final Stage stage = new Stage(SIZE, 5, builder -> builder);

  @BeforeEach
  void settle() {
    for (int node = 1; node <= 3; node++) {
      stage.act(new Act.Start("n" + node));
    }
    for (int pod = 0; pod <= 4; pod++) {
      int node = pod == 4 ? 2 : 1 + pod % 3;
      stage.plan(1_000, Act.Create.of(stage.pods().next(node, 0).orElseThrow()));
    }
    pass(20);
  }

  private void pass(int seconds) {
    Stages.pass(stage, Duration.ofSeconds(seconds));
    assertThat(stage.differences()).isEmpty();
  }

  /** The VTEPs to which n3 sends what is for the host. */
  private List<String> ways() {
    return stage.world().kernel("n3").objects(Kind.VXLAN_FDB).stream()
        .filter(VxlanFdbEntry.class::isInstance)
        .map(VxlanFdbEntry.class::cast)
        .filter(row -> row.mac().toString().equals("0a:58:64:40:0f:f6"))
        .map(row -> row.vtep().toString())
        .toList();
  }

  @Test
  void isFoundWhereItWasHeardLast() {
    assertThat(stage.act(new Act.Hear("h0", "p0"))).isTrue();
    assertThat(stage.act(new Act.Hear("h0", "p0"))).as("it is there").isFalse();
    assertThat(stage.act(new Act.Hear("h1", "p1"))).as("a port that does not learn").isFalse();
    assertThat(stage.act(new Act.Hear("h4", "p0"))).as("another network's").isFalse();
    pass(1);
    assertThat(ways()).containsExactly("10.0.0.1");
    stage.act(new Act.Hear("h0", "p4"));
    pass(4);
    assertThat(ways()).containsExactly("10.0.0.2");
    stage.act(new Act.Remove("p4"));
    pass(4);
    assertThat(ways()).isEmpty();
  }

  @Test
  void goesWithItsPodAndSpeaksAgainAfterALossOfPower() {
    stage.act(new Act.Hear("h0", "p0"));
    pass(1);
    stage.act(new Act.Move("p0", 2, 500));
    pass(14);
    assertThat(ways()).containsExactly("10.0.0.2");
    stage.act(new Act.Power("n2", 5_000));
    pass(30);
    assertThat(ways()).containsExactly("10.0.0.2");
    stage.act(new Act.Crash("n2", 1_000));
    pass(10);
    assertThat(ways()).containsExactly("10.0.0.2");
  }

  /** Not in the node's knowledge yet: no time has passed. */
  @Test
  void whatIsMissingOfItIsSeen() {
    stage.act(new Act.Hear("h0", "p0"));
    pass(1);
    for (var kind : List.of(Kind.LOCAL_FDB, Kind.UNKNOWN_UNICAST)) {
      var node = kind == Kind.LOCAL_FDB ? "n1" : "n3";
      for (var object : stage.world().kernel(node).objects(kind)) {
        stage.act(new Act.Lose(node, object.key()));
      }
      assertThat(stage.differences())
          .anyMatch(
              difference ->
                  difference.contains(
                      kind == Kind.LOCAL_FDB
                          ? "there is no 0a:58:64:40:0f:f6 at "
                          : "there is no UnknownUnicast"));
      pass(2);
    }
  }
}
