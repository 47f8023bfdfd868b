package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macRoute;
import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Events in any order: a node never throws, and in the end the kernel holds what is desired. */
final class NodePropertyTest {
  private final OneNode one = new OneNode();
  private NetworkIntent[] last = {};

  static LongStream seeds() {
    return LongStream.rangeClosed(1, 60);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void inTheEndTheKernelHoldsWhatIsDesired(long seed) {
    var random = new Random(seed);
    last = intents(random);
    one.start(last);
    one.applying = false;
    boolean together = seed % 2 == 0;
    for (int i = 0; i < 300; i++) {
      one.gathering = together && random.nextBoolean();
      for (int j = random.nextInt(4); j >= 0; j--) {
        anything(random);
      }
      one.giveGathered();
    }
    one.refusing.clear();
    one.applying = true;
    for (int i = 0; i < 10; i++) {
      while (one.isBatchWaiting()) {
        one.applyBatch();
      }
      one.pass(30_000_000_000L);
    }
    settled(seed);
    for (int i = 0; i < 4; i++) {
      one.detach("p" + i);
    }
    one.pass(MovedAway.MOMENT_NANOS);
    assertThat(one.kernel).as("seed %s", seed).isEmpty();
    assertThat(one.announced()).as("seed %s", seed).isEmpty();
  }

  private void settled(long seed) {
    var view = one.node.view();
    assertThat(view.kernelPending()).as("seed %s", seed).isZero();
    assertThat(view.kernelFailures()).as("seed %s", seed).isEmpty();
    assertThat(view.kernelObjects()).as("seed %s", seed).isEqualTo(one.kernel.size());
    assertThat(view.endpoints()).as("seed %s", seed).allMatch(NodeView.EndpointView::attached);
    assertThat(one.kernel(Kind.PORT)).as("seed %s", seed).hasSize(view.endpoints().size());
    assertThat(one.kernel(Kind.VXLAN))
        .as("seed %s", seed)
        .hasSize((int) view.networks().stream().filter(NodeView.NetworkView::realised).count());
    var before = List.copyOf(one.kernel.values());
    one.forget();
    one.give(new NodeEvent.KernelObserved(one.observable()));
    one.intend(last);
    assertThat(one.batches).as("seed %s", seed).isEmpty();
    assertThat(one.updates).as("seed %s: nothing is said anew", seed).isEmpty();
    assertThat(one.kernel.values()).containsExactlyElementsOf(before);
  }

  private static NetworkIntent[] intents(Random random) {
    int shift = random.nextInt(3);
    var all =
        List.of(
            network("db", "red", 100 + shift),
            network("shop", "blue", 200),
            network("web", "red", 100 + (shift + 1) % 3));
    return all.stream().filter(_ -> random.nextInt(6) > 0).toArray(NetworkIntent[]::new);
  }

  private void anything(Random random) {
    var vni = random.nextBoolean() ? 100 + random.nextInt(3) : 200;
    var vtep = "10.0.0." + (1 + random.nextInt(3));
    var ip = "192.168.1." + (10 + random.nextInt(4));
    var kinds = Kind.values();
    switch (random.nextInt(12)) {
      case 0, 1 -> {
        var network = List.of("web", "db", "shop", "none").get(random.nextInt(4));
        one.attach(request("p" + random.nextInt(4), network, ip));
      }
      case 2 -> one.detach("p" + random.nextInt(4));
      case 3 -> one.sayMac(vtep, vni, ip, ExtendedCommunity.macMobility(false, random.nextInt(3)));
      case 4 -> one.sayFlood(vtep, vni);
      case 5 -> one.unsay(macRoute(vtep, vni, ip));
      case 6 -> {
        last = intents(random);
        one.intend(last);
      }
      case 7 -> {
        if (!one.kernel.isEmpty() && !one.isBatchWaiting()) {
          one.lose(List.copyOf(one.kernel.keySet()).get(random.nextInt(one.kernel.size())));
        }
      }
      case 8 -> one.refusing.add(kinds[random.nextInt(kinds.length)]);
      case 9 -> one.refusing.clear();
      case 10 -> {
        one.giveGathered(); // time does not pass while it has something to do
        one.pass(random.nextLong(3_000_000_000L));
      }
      default -> {
        if (one.isBatchWaiting()) {
          one.applyBatch();
        }
      }
    }
  }
}
