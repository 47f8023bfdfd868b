package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.TenantHop;
import io.weft.simulation.FabricReport.Spread;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** From when on a node needs the way to a pod, and when it has it. */
final class ConvergenceTest {
  private static final Vni L3 = FabricIntent.someVni(1);
  private static final Vni NET0 = FabricIntent.someVni(0);

  private final Convergence convergence = new Convergence();

  private static Pods.Pod pod(String name, int network, int host, int node) {
    return new Pods.Pod(name, network, new Ipv4Address(host), node);
  }

  private void called(Pods.Pod pod, int tenant, int millis) {
    convergence.called(pod, tenant, Duration.ofMillis(millis).toNanos());
  }

  private void written(int node, int millis, ForwardingObject object) {
    convergence.written(
        "n" + node, List.of(new KernelChange.Put(object)), Duration.ofMillis(millis).toNanos());
  }

  private static VxlanFdbEntry row(Pods.Pod pod) {
    return new VxlanFdbEntry("weft-t0", NET0, pod.mac(), World.vtep(pod.node()), NET0);
  }

  private static TenantRoute route(Pods.Pod pod) {
    return new TenantRoute(
        "weft-t0", new IpPrefix(pod.ip(), 32), List.of(TenantHop.over(L3, World.vtep(pod.node()))));
  }

  private static Spread millis(long... values) {
    return Spread.of(LongStream.of(values).map(each -> Duration.ofMillis(each).toNanos()));
  }

  @Test
  void aNodeNeedsAWayFromItsOwnFirstPodOn() {
    var early = pod("p1", 0, 1, 1);
    var late = pod("p2", 0, 2, 2);
    var later = pod("p3", 0, 3, 2);
    called(early, 0, 10);
    called(late, 0, 40);
    called(later, 0, 50);
    written(2, 41, row(early));
    assertThat(convergence.spread()).isEqualTo(millis(1));
    written(1, 43, row(late));
    written(1, 57, row(later));
    assertThat(convergence.spread()).isEqualTo(millis(1, 3, 7));
  }

  @Test
  void theLastOfAllNodesAndOfAllWaysCounts() {
    var pod = pod("p1", 0, 1, 1);
    called(pod, 0, 10);
    called(pod("p2", 0, 2, 2), 0, 1);
    called(pod("p3", 1, 3, 3), 0, 1); // of another network of the tenant
    written(2, 12, row(pod));
    assertThat(convergence.spread()).isEqualTo(millis(2));
    written(3, 14, route(pod));
    written(2, 13, route(pod));
    assertThat(convergence.spread()).isEqualTo(millis(4));
    written(2, 20, row(pod)); // once more
    assertThat(convergence.spread()).isEqualTo(millis(10));
  }

  @Test
  void whatIsOfNobodyWhoWasCalledIsLeftOut() {
    var alone = pod("p1", 0, 1, 1);
    called(alone, 1, 10);
    written(2, 20, row(pod("x", 0, 99, 3)));
    written(2, 20, route(alone)); // of another tenant
    assertThat(convergence.spread()).isEqualTo(millis());
  }
}
