package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.weft.agent.cluster.PodEvents.News;
import io.weft.agent.kernel.GuardView;
import io.weft.agent.kernel.StopReason;
import io.weft.kubernetes.intent.ClusterPods.PodName;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.overlay.node.NodeView;
import io.weft.overlay.node.NodeView.DuplicateView;
import io.weft.overlay.node.NodeView.SharedAddressView;
import io.weft.overlay.node.Underlay;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class PodNewsTest {
  private static final PodName POD = new PodName("shop", Optional.of("web-0"), Optional.of("u-1"));

  private static final Ipv4Address VTEP = Ipv4Address.parse("10.99.0.1");

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
    assertThat(news.look(stopped(2), QUIET))
        .containsExactly(
            new News(
                POD,
                "FramesStopped",
                "frames of this pod were stopped at its port, since it started: 2 arp"));
    assertThat(news.look(stopped(2), QUIET)).isEmpty();
    assertThat(news.look(stopped(3), QUIET)).hasSize(1);
  }

  /** Of a node that has these duplicates and shared addresses. */
  private static NodeView view(List<DuplicateView> duplicates, List<SharedAddressView> shared) {
    return new NodeView(
        "n1",
        Optional.of(new Underlay(VTEP, VTEP, 1500)),
        "",
        true,
        List.of(),
        List.of(),
        0,
        0,
        0,
        List.of(),
        Optional.empty(),
        duplicates,
        List.of(),
        List.of(),
        List.of(),
        Collections.emptySortedMap(),
        shared);
  }

  private static final NodeView QUIET = view(List.of(), List.of());

  @Test
  void aDuplicateIsNewsAsLongAsItStandsAndOnceWhenItIsOver() {
    var duplicate =
        new DuplicateView(
            MacAddress.parse("02:00:00:00:00:01"),
            "web",
            "web/eth0",
            Optional.of(IpAddress.parse("10.99.0.2")),
            5,
            0,
            0);
    var standing = view(List.of(duplicate), List.of());
    var first = news.look(GuardView.NONE, standing).getFirst();
    assertThat(first.reason()).isEqualTo("DuplicateAddress");
    assertThat(first.message())
        .startsWith(
            "MAC address 02:00:00:00:00:01 of this pod (endpoint 'web/eth0', behind VTEP 10.99.0.1)"
                + " is also elsewhere, behind VTEP 10.99.0.2 in network web");
    assertThat(news.look(GuardView.NONE, standing)).containsExactly(first);
    assertThat(news.look(GuardView.NONE, QUIET))
        .containsExactly(
            News.recovered(POD, "DuplicateAddress", "this is over: " + first.message()));
    assertThat(news.look(GuardView.NONE, QUIET)).isEmpty();
    assertThat(news.look(GuardView.NONE, standing)).containsExactly(first);
  }

  private static SharedAddressView shared(int last, String endpoint) {
    return new SharedAddressView(
        IpAddress.parse("192.168.1." + last),
        "web",
        endpoint,
        MacAddress.parse("02:00:00:00:00:01"),
        IpAddress.parse("10.99.0.3"),
        MacAddress.parse("02:00:00:00:00:02"),
        Optional.empty());
  }

  @Test
  void anIpAddressOfTwoIsNewsWithBothOwners() {
    var one = view(List.of(), List.of(shared(9, "web/eth0"), shared(9, "vm-1")));
    var first = news.look(GuardView.NONE, one);
    assertThat(first)
        .containsExactly(
            new News(
                POD,
                "DuplicateIpAddress",
                "address 192.168.1.9 of this pod (endpoint 'web/eth0', MAC address"
                    + " 02:00:00:00:00:01, behind VTEP 10.99.0.1) is in network web also that of MAC"
                    + " address 02:00:00:00:00:02 behind VTEP 10.99.0.3; one of the two is not reached;"
                    + " remove one of them"));
    assertThat(news.look(GuardView.NONE, QUIET))
        .extracting(News::recovered, News::reason)
        .containsExactly(tuple(true, "DuplicateIpAddress"));
    var many = view(List.of(), IntStream.range(1, 9).mapToObj(i -> shared(i, "web/eth0")).toList());
    assertThat(news.look(GuardView.NONE, many).getFirst().message())
        .contains("192.168.1.3")
        .endsWith("; and 5 more of its addresses")
        .doesNotContain("192.168.1.4");
  }
}
