package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.MulticastChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who gets copies of groups in a selective network: one pod on each of three nodes. */
final class GroupCopiesTest {
  private static final FabricSize SIZE =
      new FabricSize(3, 1, 1, 1, 1, 1, true, 0, new TreeSet<>(), Duration.ZERO).multicast(true);
  private static final IpAddress GROUP = IpAddress.parse("239.1.1.1");
  private static final MulticastChannel ANY = MulticastChannel.of(GROUP);
  private static final MulticastChannel ONE =
      new MulticastChannel(GROUP, Optional.of(IpAddress.parse("100.64.0.99")));

  private final Stage stage = new Stage(SIZE, 5, builder -> builder);

  @BeforeEach
  void settle() {
    for (int node = 1; node <= 3; node++) {
      stage.act(new Act.Start("n" + node));
      stage.plan(1_000, Act.Create.of(stage.pods().next(node, 0).orElseThrow()));
    }
    pass(20);
    assertThat(copies()).isEmpty();
  }

  private void pass(int seconds) {
    Stages.pass(stage, Duration.ofSeconds(seconds));
    assertThat(stage.differences()).isEmpty();
  }

  /** That n1 sends. */
  private List<String> copies() {
    return rows()
        .filter(row -> row.destinationVni().isPresent())
        .map(row -> new MulticastChannel(row.group(), row.source()) + " to " + row.vtep())
        .toList();
  }

  private Stream<ForwardingObject.MulticastEntry> rows() {
    return stage.world().kernel("n1").objects(Kind.MULTICAST).stream()
        .map(ForwardingObject.MulticastEntry.class::cast);
  }

  @Test
  void whoHasJoinedGetsThem() {
    assertThat(stage.act(new Act.Join("p1", ONE))).isTrue();
    assertThat(stage.act(new Act.Join("p1", ONE))).isFalse();
    assertThat(stage.act(new Act.Join("p9", ONE))).isFalse();
    pass(2);
    assertThat(copies()).containsExactly(ONE + " to 10.0.0.2");
    stage.act(new Act.Join("p2", ANY));
    pass(2);
    assertThat(copies())
        .containsExactlyInAnyOrder(
            ANY + " to 10.0.0.3", ONE + " to 10.0.0.2", ONE + " to 10.0.0.3");
    assertThat(stage.act(new Act.Leave("p1", ANY))).isFalse();
    stage.act(new Act.Leave("p1", ONE));
    stage.act(new Act.Move("p2", 2, 50));
    pass(6);
    assertThat(copies()).containsExactly(ANY + " to 10.0.0.2");
    stage.act(new Act.Remove("p2"));
    pass(2);
    assertThat(copies()).isEmpty();
  }

  /** Nodes hear of it one after the other, and one while it is down. */
  @Test
  void aNetworkThatIsSelectiveNoMoreFloodsAndKnowsItsGroupsWhenItIsAgain() {
    stage.act(new Act.Join("p1", ANY));
    pass(2);
    assertThat(copies()).containsExactly(ANY + " to 10.0.0.2");
    assertThat(stage.act(new Act.Intend(FabricIntent.Part.MULTICAST, 0, 1, 1_000))).isTrue();
    assertThat(stage.act(new Act.Intend(FabricIntent.Part.MULTICAST, 0, 1, 1_000))).isFalse();
    pass(3);
    assertThat(rows()).isEmpty();
    stage.act(new Act.Join("p2", ANY)); // of which no bridge hears
    pass(2);
    stage.act(new Act.Crash("n2", 4_000));
    stage.act(new Act.Intend(FabricIntent.Part.MULTICAST, 0, 2, 1_000));
    Stages.pass(stage, Duration.ofSeconds(2));
    // Who does not ask, as n2 did not before it died, gets what anybody wants, and all the rest.
    assertThat(copies())
        .containsExactlyInAnyOrder(
            ANY + " to 10.0.0.2", ANY + " to 10.0.0.3", "0.0.0.0 to 10.0.0.2", ":: to 10.0.0.2");
    pass(10);
    assertThat(copies()).containsExactlyInAnyOrder(ANY + " to 10.0.0.2", ANY + " to 10.0.0.3");
  }

  @Test
  void whereThereAreNoGroupsNothingOfThemChanges() {
    var without = new Stage(SIZE.multicast(false), 5, builder -> builder);
    assertThat(without.act(new Act.Intend(FabricIntent.Part.MULTICAST, 0, 1, 0))).isFalse();
  }

  @Test
  void whatIsLinkLocalIsAskedForByNobody() {
    stage.act(new Act.Join("p1", MulticastChannel.of(IpAddress.parse("224.0.0.251"))));
    pass(2);
    assertThat(copies()).isEmpty();
  }

  /** Not in the node's knowledge yet: no time has passed. */
  @Test
  void aCopyThatIsMissingOrTooMuchIsSeen() {
    stage.act(new Act.Join("p1", ANY));
    pass(2);
    var row = rows().filter(each -> each.group().equals(GROUP)).findFirst().orElseThrow();
    stage.act(new Act.Lose("n1", row.key()));
    assertThat(stage.differences())
        .contains("n1: there is no copy of 239.1.1.1 in 10000 to 10.0.0.2");
    pass(2);
    stage.act(new Act.Leave("p1", ANY)); // which nobody has heard of yet
    assertThat(stage.differences()).contains("n1: copies are not to go by " + row);
  }
}
