package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.UnknownUnicast;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a node has because of its own pods, and what leads on to others: a pod on each of two. */
final class ContentsTest {
  private static final FabricSize SIZE =
      new FabricSize(2, 1, 1, 1, 1, 1, true, 0, new TreeSet<>(), Duration.ZERO);

  private final Stage stage = new Stage(SIZE, 5, builder -> builder);

  @BeforeEach
  void settle() {
    for (int node = 1; node <= 2; node++) {
      stage.act(new Act.Start("n" + node));
      stage.plan(1_000, Act.Create.of(stage.pods().next(node, 0).orElseThrow()));
    }
    Stages.pass(stage, Duration.ofSeconds(20));
    assertThat(stage.differences()).isEmpty();
  }

  private List<ForwardingObject> objects(Kind kind) {
    return stage.world().kernel("n1").objects(kind);
  }

  /** Not in the node's knowledge yet: no time has passed. */
  private List<String> without(ForwardingKey key) {
    assertThat(stage.act(new Act.Lose("n1", key))).isTrue();
    return stage.differences();
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"NAMESPACE", "VXLAN", "PORT", "LOCAL_FDB", "GATEWAY"})
  void whatIsMissing(Kind kind) {
    assertThat(without(objects(kind).getFirst().key()))
        .anyMatch(difference -> difference.startsWith("n1: there is no "));
  }

  @Test
  void whatNobodyWants() {
    var mac = stage.pods().all().getLast().mac();
    var row = (LocalFdbEntry) objects(Kind.LOCAL_FDB).getFirst();
    var other = new LocalFdbEntry(row.namespace(), row.vni(), mac, row.port());
    assertThat(stage.world().node("n1").plant(other)).isTrue();
    assertThat(stage.differences()).contains("n1: nobody wants " + other);
    var space = new TenantNamespace("weft-t9");
    assertThat(stage.world().node("n1").plant(space)).isTrue();
    assertThat(stage.differences()).contains("n1: nobody wants " + space);
    var flag = new UnknownUnicast(row.namespace(), row.vni(), false);
    assertThat(stage.world().node("n1").plant(flag)).isTrue();
    assertThat(stage.differences()).contains("n1: nobody wants " + flag);
  }

  @Test
  void aMacThatOnlyTheDeviceKnows() {
    var row = (VxlanFdbEntry) objects(Kind.VXLAN_FDB).getFirst();
    var key = ForwardingKey.of(Kind.BRIDGE_FDB, row.namespace(), row.vni(), row.mac());
    assertThat(without(key)).contains("n1: the bridge does not know the MAC of " + row);
  }

  @Test
  void aMacThatOnlyTheBridgeKnows() {
    var row = objects(Kind.VXLAN_FDB).getFirst();
    assertThat(without(row.key()))
        .anyMatch(difference -> difference.contains("the VXLAN device does not know the MAC of"));
  }

  @Test
  void aNextHopThatIsNoNeighbour() {
    var router =
        objects(Kind.NEIGHBOUR).stream()
            .map(NeighbourEntry.class::cast)
            .filter(entry -> !FabricIntent.isOfNetwork(entry.vni()))
            .findFirst()
            .orElseThrow();
    assertThat(without(router.key()))
        .anyMatch(difference -> difference.contains("a next hop is no neighbour"));
  }

  @Test
  void whatTheNodeDoesNotKnowOf() {
    assertThat(without(objects(Kind.NEIGHBOUR).getFirst().key()))
        .anyMatch(difference -> difference.matches("n1: believes \\d+ objects to stand, .*"));
    while (!stage.differences().isEmpty()) {
      stage.step();
    }
    var bridge = (ForwardingObject.Bridge) objects(Kind.BRIDGE).getFirst();
    assertThat(stage.act(new Act.Plant("n1", Alterations.key(bridge, 1)))).isTrue();
    assertThat(stage.differences())
        .anyMatch(difference -> difference.startsWith("n1: does not know of FloodEntry"));
  }
}
