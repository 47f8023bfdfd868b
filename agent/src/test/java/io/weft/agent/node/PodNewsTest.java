package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.cluster.PodEvents.News;
import io.weft.agent.kernel.GuardView;
import io.weft.agent.kernel.StopReason;
import io.weft.kubernetes.intent.ClusterPods.PodName;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.node.NodeView.DuplicateView;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class PodNewsTest {
  private static final PodName POD = new PodName("shop", Optional.of("web-0"), Optional.of("u-1"));

  private final PodNews news =
      new PodNews(name -> name.equals("web/eth0") ? Optional.of(POD) : Optional.empty());

  private static GuardView stopped(long arp) {
    var counts = new EnumMap<StopReason, Long>(Map.of(StopReason.ARP, arp));
    return new GuardView(
        Map.of("ep1", counts, "ep2", counts, "ep3", counts),
        Map.of("ep1", "web/eth0", "ep2", "vm-1"),
        Map.of(),
        Map.of(),
        0,
        Map.of(),
        Map.of(),
        0,
        List.of());
  }

  @Test
  void framesOfAPodThatAreStoppedAreNewsAsLongAsThatGoesOn() {
    assertThat(news.look(stopped(2), List.of()))
        .containsExactly(
            new News(
                POD,
                "FramesStopped",
                "frames of this pod were stopped at its port, since it started: 2 arp"));
    assertThat(news.look(stopped(2), List.of())).isEmpty();
    assertThat(news.look(stopped(3), List.of())).hasSize(1);
  }

  @Test
  void aDuplicateIsNewsAsLongAsItStands() {
    var duplicate =
        new DuplicateView(
            MacAddress.parse("02:00:00:00:00:01"),
            "web",
            "web/eth0",
            Optional.of(IpAddress.parse("10.99.0.2")),
            5,
            0,
            0);
    assertThat(news.look(GuardView.NONE, List.of(duplicate)).getFirst().message())
        .startsWith(
            "MAC address 02:00:00:00:00:01 of this pod is also elsewhere, behind VTEP 10.99.0.2 in"
                + " network web");
    assertThat(news.look(GuardView.NONE, List.of(duplicate))).hasSize(1);
    assertThat(news.look(GuardView.NONE, List.of())).isEmpty();
    assertThat(news.look(GuardView.NONE, List.of(duplicate))).hasSize(1);
  }
}
