package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.node.NodeView;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ten nodes, two reflectors, two tenants with the same subnet, thirty endpoints. */
final class WorldTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private Model model = new Model();

  private World world(long seed) {
    return World.builder(seed)
        .nodes(10)
        .reflectors(2)
        .network(Model.BLUE)
        .network(Model.RED)
        .build();
  }

  /** Endpoint i is on node i % 10 + 1; the tenants' endpoints have the same addresses elsewhere. */
  private World busy(long seed) {
    var world = world(seed);
    world.run(SECOND);
    for (int i = 0; i < 15; i++) {
      var ip = "192.168.1." + (10 + i);
      model.attach(world, i % 10 + 1, Model.RED, "red" + i, ip);
      model.attach(world, (i * 3 + 1) % 10 + 1, Model.BLUE, "blue" + i, ip);
    }
    world.run(Duration.ofSeconds(10));
    return world;
  }

  private static Map<String, Long> writes(World world) {
    var writes = new TreeMap<String, Long>();
    world.nodes().forEach(node -> writes.put(node, world.kernel(node).writes()));
    return writes;
  }

  @Test
  void everyKernelHoldsExactlyWhatTheModelSays() {
    long begin = System.nanoTime();
    var world = busy(1);
    model.check(world);
    System.out.printf(
        "10 nodes, 2 reflectors, 30 endpoints: %d events and effects, %s of virtual time in %d ms%n",
        world.trace().size(), world.now(), (System.nanoTime() - begin) / 1_000_000);
    assertThat(world.nodes()).allMatch(node -> world.view(node).converged());
    assertThat(world.reflector("r1").routes()).hasSameSizeAs(world.reflector("r2").routes());
    assertThat(world.reflector("r1").peers()).allMatch(peer -> peer.state().equals("Established"));
  }

  @Test
  void theSameSeedGivesTheSameTrace() {
    var one = eventful(7);
    model = new Model();
    var again = eventful(7);
    assertThat(again).isEqualTo(one);
    model = new Model();
    assertThat(eventful(8)).isNotEqualTo(one);
  }

  private List<String> eventful(long seed) {
    var world = busy(seed);
    world.crash("n3");
    world.cut("n1", "r1");
    world.run(SECOND);
    world.restart("n3");
    world.heal("n1", "r1");
    model.detach(world, "red5");
    world.run(SECOND);
    return world.trace();
  }

  @Test
  void anAgentThatDiesAndComesBackChangesNoKernel() {
    var world = busy(2);
    var before = writes(world);
    world.crash("n3");
    world.run(Duration.ofSeconds(20));
    assertThat(writes(world)).isEqualTo(before);
    model.check(world);
    world.restart("n3");
    world.run(Duration.ofMinutes(5));
    assertThat(writes(world)).as("its own kernel gets no write either").isEqualTo(before);
    model.check(world);
    assertThat(world.view("n3").converged()).isTrue();
    assertThat(world.view("n3").endpoints()).hasSize(3).allMatch(NodeView.EndpointView::attached);
  }

  @Test
  void whatChangedWhileAnAgentWasDownIsMadeUpFor() {
    var world = busy(3);
    world.crash("n3");
    model.detach(world, "red5");
    model.attach(world, 8, Model.BLUE, "new", "192.168.1.99");
    world.run(SECOND);
    world.restart("n3");
    world.run(Duration.ofSeconds(20));
    model.check(world);
  }

  @Test
  void anAgentThatDoesNotComeBackIsForgottenByTheOthers() {
    var world = busy(2);
    world.crash("n3");
    world.run(Duration.ofMinutes(3));
    var vtep = World.vtep(3).toString();
    for (var node : world.nodes()) {
      if (!node.equals("n3")) {
        assertThat(world.kernel(node).objects(Kind.FLOOD).toString()).doesNotContain(vtep + ",");
        assertThat(world.kernel(node).objects(Kind.VXLAN_FDB).toString())
            .doesNotContain(vtep + ",");
      }
    }
    world.restart("n3");
    world.run(Duration.ofSeconds(20));
    model.check(world);
  }

  @ParameterizedTest
  @ValueSource(strings = {"r1", "r2"})
  void oneReflectorDiesAndNoKernelChanges(String reflector) {
    var world = busy(4);
    var before = writes(world);
    world.crash(reflector);
    world.run(Duration.ofMinutes(5));
    assertThat(writes(world)).isEqualTo(before);
    model.attach(world, 9, Model.RED, "late", "192.168.1.77");
    world.run(SECOND);
    model.check(world);
    var then = writes(world);
    world.restart(reflector);
    world.run(Duration.ofMinutes(5));
    assertThat(writes(world)).isEqualTo(then);
    model.check(world);
    assertThat(world.reflector(reflector).peers())
        .hasSize(10)
        .allMatch(peer -> peer.state().equals("Established"));
  }

  @Test
  void bothReflectorsRestartAndNoKernelChanges() {
    var world = busy(4);
    var before = writes(world);
    world.crash("r1");
    world.crash("r2");
    world.run(Duration.ofSeconds(30));
    world.restart("r1");
    world.restart("r2");
    world.run(Duration.ofMinutes(5));
    assertThat(writes(world)).isEqualTo(before);
    model.check(world);
  }

  @Test
  void aLinkThatIsCutAndHealedChangesNoKernel() {
    var world = busy(5);
    var before = writes(world);
    world.cut("n4", "r1");
    world.run(Duration.ofMinutes(4));
    assertThat(world.view("n4").bgp().orElseThrow().peers())
        .extracting(peer -> peer.state().equals("Established"))
        .containsExactly(false, true);
    world.heal("n4", "r1");
    world.run(Duration.ofMinutes(2));
    assertThat(writes(world)).isEqualTo(before);
    assertThat(world.view("n4").bgp().orElseThrow().peers())
        .allMatch(peer -> peer.state().equals("Established"));
    model.check(world);
  }

  @Test
  void aNodeThatIsCutOffKeepsForwardingAndCatchesUp() {
    var world = busy(6);
    var before = writes(world);
    world.cut("n4", "r1");
    world.cut("n4", "r2");
    world.run(Duration.ofSeconds(60));
    assertThat(writes(world)).isEqualTo(before);
    model.attach(world, 4, Model.RED, "alone", "192.168.1.66");
    model.detach(world, "red5");
    world.run(Duration.ofMinutes(4));
    world.heal("n4", "r1");
    world.heal("n4", "r2");
    world.run(Duration.ofMinutes(3));
    model.check(world);
  }

  @Test
  void aDetachedEndpointLeavesEveryKernel() {
    var world = busy(9);
    for (var endpoint : model.endpoints()) {
      model.detach(world, endpoint);
      world.run(SECOND);
      model.check(world);
    }
    assertThat(world.nodes()).allMatch(node -> world.kernel(node).objects().isEmpty());
    assertThat(world.reflector("r1").routes()).isEmpty();
  }

  @Test
  void anEndpointMovesFromNodeToNodeAndEveryoneFollows() {
    var world = busy(10);
    for (int node : new int[] {7, 2, 5}) {
      model.detach(world, "red0");
      model.attach(world, node, Model.RED, "red0", "192.168.1.10");
      world.run(SECOND);
      model.check(world);
    }
  }

  @Test
  void anEndpointThatIsAttachedThereBeforeItIsDetachedHereIsFollowedAtOnce() {
    var world = busy(10);
    for (int node : new int[] {7, 2, 5}) {
      var leave = model.move(world, "red0", node);
      world.run(SECOND);
      var place = "mac=0a:58:c0:a8:01:0a, vtep=" + World.vtep(node) + ",";
      for (var observer : List.of("n3", "n9")) {
        assertThat(world.kernel(observer).objects(Kind.VXLAN_FDB).toString())
            .as("%s while it is on both", observer)
            .contains(place);
      }
      leave.run();
      world.run(SECOND);
      model.check(world);
    }
  }

  @Test
  void aRefusedAttachLeavesNothingAnywhere() {
    var world = busy(11);
    var before = writes(world);
    world.kernel("n2").refuse(Kind.PORT);
    var extra = new Model();
    extra.attach(world, 2, Model.RED, "refused", "192.168.1.200");
    world.run(SECOND);
    model.check(world);
    before.remove("n2");
    var after = writes(world);
    after.remove("n2");
    assertThat(after).isEqualTo(before);
    world.kernel("n2").allow(Kind.PORT);
    model.attach(world, 2, Model.RED, "refused", "192.168.1.200");
    world.run(SECOND);
    model.check(world);
  }

  @Test
  void lostEntriesAreMadeAgain() {
    var world = busy(12);
    for (var object : List.copyOf(world.kernel("n5").objects())) {
      if (object.key().kind() != Kind.PORT && object.key().kind() != Kind.NAMESPACE) {
        world.lose("n5", object.key());
        world.run(SECOND);
        model.check(world);
      }
    }
  }

  @Test
  void anotherVniMovesTheWholeNetwork() {
    var world = busy(13);
    world.intend(List.of(Model.BLUE, Model.network("web", "red", 300)));
    world.run(Duration.ofSeconds(5));
    for (var node : world.nodes()) {
      var kernel = world.kernel(node);
      assertThat(kernel.objects(Kind.VXLAN))
          .allMatch(o -> o.key().vni() == (o.namespace().equals("weft-red") ? 300 : 200));
      assertThat(kernel.objects(Kind.VXLAN_FDB))
          .allMatch(o -> o.key().vni() == (o.namespace().equals("weft-red") ? 300 : 200));
    }
    world.intend(List.of(Model.BLUE, Model.RED));
    world.run(Duration.ofSeconds(5));
    model.check(world);
  }

  private static final AttachRequest REQUEST =
      new AttachRequest("a", "web", "/run/netns/a", "eth0", Optional.empty(), List.of());

  @Test
  void answersCanBeAskedFor() {
    var world = world(14);
    world.run(SECOND);
    long call = world.attach("n1", REQUEST);
    assertThat(world.answer("n1", call)).isEmpty();
    world.run(Duration.ofMillis(1));
    assertThat(world.answer("n1", call).orElseThrow()).isInstanceOf(Attached.class);
    long gone = world.detach("n1", "a");
    world.run(Duration.ofMillis(1));
    assertThat(world.detached("n1", gone)).contains(true);
    world.crash("n1");
    assertThatThrownBy(() -> world.attach("n1", REQUEST)).hasMessage("n1 is down");
    world.restart("n1");
    long early = world.attach("n1", REQUEST);
    world.run(Duration.ZERO);
    assertThat(world.answer("n1", early).orElseThrow()).isInstanceOf(Refused.class);
  }

  /** It is taken when the process runs again, or never, if that dies before. */
  @Test
  void whatIsAskedOfWhoStandsStillWaits() {
    var world = world(14);
    world.run(SECOND);
    world.pause("n1");
    long call = world.attach("n1", REQUEST);
    world.run(SECOND);
    assertThat(world.answer("n1", call)).isEmpty();
    world.resume("n1");
    world.run(Duration.ofMillis(1));
    assertThat(world.answer("n1", call).orElseThrow()).isInstanceOf(Attached.class);
    long lost = world.attach("n2", REQUEST);
    world.crash("n2");
    world.restart("n2");
    world.run(SECOND);
    assertThat(world.answer("n2", lost)).isEmpty();
  }

  static LongStream seeds() {
    return LongStream.rangeClosed(1, Integer.getInteger("weft.seeds", 12));
  }

  /** Anything, anywhere, at any time; in the end the kernels are as the model says. */
  @ParameterizedTest
  @MethodSource("seeds")
  void whateverHappensTheWorldConverges(long seed) {
    var world = busy(seed);
    var chance = new SplitMix64(seed);
    var down = new TreeSet<String>();
    for (int i = 0; i < 60; i++) {
      var node = "n" + (1 + chance.below(10));
      var reflector = "r" + (1 + chance.below(2));
      switch ((int) chance.below(6)) {
        case 0 -> {
          var any = chance.below(4) == 0 ? reflector : node;
          if (down.remove(any)) {
            world.restart(any);
          } else {
            down.add(any);
            world.crash(any);
          }
        }
        case 1 -> world.cut(node, reflector);
        case 2 -> world.heal(node, reflector);
        case 3 -> {
          var all = model.endpoints();
          var one = all.get((int) chance.below(all.size()));
          if (!down.contains(model.node(one)) && world.view(model.node(one)).converged()) {
            model.detach(world, one);
          }
        }
        case 4 -> {
          if (!down.contains(node) && world.view(node).converged()) {
            int number = Integer.parseInt(node.substring(1));
            var network = chance.below(2) == 0 ? Model.RED : Model.BLUE;
            model.attach(world, number, network, "x" + i, "192.168.1." + (100 + i));
          }
        }
        default -> {}
      }
      world.run(Duration.ofMillis(chance.below(20_000)));
    }
    for (int n = 1; n <= 10; n++) {
      world.heal("n" + n, "r1");
      world.heal("n" + n, "r2");
    }
    down.forEach(world::restart);
    world.run(Duration.ofMinutes(10));
    model.check(world);
  }
}
