package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import java.time.Duration;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A run's last look sees what is missing or wrong beside the ways to pods. */
final class AddressTablesTest {
  private static final FabricSize SIZE =
      new FabricSize(2, 1, 1, 1, 1, 1, true, 0, new TreeSet<>(), Duration.ZERO);
  private static final int SECONDS = 15;

  private Stage stage;
  private Pods.Pod other;

  /** One pod on each node; the agent of n1, which would mend, is down. */
  @BeforeEach
  void start() {
    stage = new Stage(SIZE, 1, settings -> settings);
    assertThat(stage.act(new Act.Start("n1"))).isTrue();
    assertThat(stage.act(new Act.Start("n2"))).isTrue();
    assertThat(stage.act(Act.Create.of(stage.pods().next(1, 0).orElseThrow()))).isTrue();
    other = stage.pods().next(2, 0).orElseThrow();
    assertThat(stage.act(Act.Create.of(other))).isTrue();
    Stages.pass(stage, Duration.ofSeconds(SECONDS));
    assertThat(stage.pods().open()).isZero();
    stage.world().crash("n1");
    assertThat(stage.differences()).isEmpty();
  }

  private Bridge bridge() {
    return stage.world().kernel("n1").objects(Kind.BRIDGE).stream()
        .map(Bridge.class::cast)
        .filter(bridge -> FabricIntent.isOfNetwork(bridge.vni()))
        .findFirst()
        .orElseThrow();
  }

  private void lose(ForwardingKey key) {
    assertThat(stage.act(new Act.Lose("n1", key))).isTrue();
  }

  private void plant(ForwardingObject object) {
    assertThat(stage.world().node("n1").plant(object)).isTrue();
  }

  @Test
  void aMissingNeighbour() {
    var row = new NeighbourEntry(bridge().namespace(), bridge().vni(), other.ip(), other.mac());
    lose(row.key());
    assertThat(stage.differences()).containsExactly("n1: no neighbour net0 " + other.ip());
    plant(row);
    assertThat(stage.differences()).isEmpty();
  }

  @Test
  void aNeighbourWithAnothersMac() {
    var nobody = new MacAddress(0x0200_0000_0099L);
    var row = new NeighbourEntry(bridge().namespace(), bridge().vni(), other.ip(), nobody);
    plant(row);
    assertThat(stage.differences())
        .containsExactly("n1: " + row + ", where the address is " + other.mac());
  }

  @Test
  void aNeighbourThatNobodyIs() {
    var row = Alterations.planted(Alterations.key(bridge(), 2)).orElseThrow();
    assertThat(row).isInstanceOf(NeighbourEntry.class);
    plant(row);
    assertThat(stage.differences())
        .containsExactly("n1: " + row + ", where the address is nobody's");
  }

  @Test
  void aMissingFloodEntry() {
    var vtep = World.vtep(2);
    lose(ForwardingKey.of(Kind.FLOOD, bridge().namespace(), bridge().vni(), vtep));
    assertThat(stage.differences()).containsExactly("n1: no flooding to net0 " + vtep);
  }

  @Test
  void aFloodEntryToNobody() {
    var row = Alterations.planted(Alterations.key(bridge(), 1)).orElseThrow();
    assertThat(row).isInstanceOf(ForwardingObject.FloodEntry.class);
    plant(row);
    assertThat(stage.differences())
        .containsExactly("n1: " + row + ", where nobody is of the network");
  }

  @Test
  void aBridgeOfAFormerVni() {
    var intent = new FabricIntent(SIZE);
    assertThat(intent.change(FabricIntent.Part.VNI, 0, 1)).isTrue();
    var former = intent.vni(0);
    var now = bridge();
    plant(new Bridge(now.namespace(), former, now.mac(), now.mtu(), now.routed(), now.snooping()));
    var wanted = new TreeSet<Vni>();
    wanted.add(now.vni());
    wanted.add(intent.tenantVni(0));
    var there = new TreeSet<>(wanted);
    there.add(former);
    assertThat(stage.differences())
        .containsExactly("n1: bridges of VNIs " + there + ", where they should be of " + wanted);
  }

  @Test
  void aMissingBridge() {
    var bridge = bridge();
    lose(bridge.key());
    assertThat(stage.differences())
        .anyMatch(difference -> difference.startsWith("n1: bridges of VNIs ["));
  }
}
