package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.RoutedNodes.Node;
import io.weft.agent.kernel.RoutedNodes.Segment;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.Frame;
import io.weft.linux.packet.IcmpEcho;
import io.weft.linux.packet.PacketCapture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * An endpoint that was announced and then says nothing, on kernels that forget what is silent for a
 * second: it is known all the same, nobody asks for it, and the first packet reaches it.
 */
class SilentEndpointTest {
  private static final Segment WEB = new Segment(100, 1, 1450);
  private static final Duration SILENCE = Duration.ofSeconds(6);

  private TestNamespaces namespaces;
  private Node one;
  private Node two;
  private String silent;
  private String talker;

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    var fabric = new RoutedNodes(namespaces);
    one = fabric.node();
    two = fabric.node();
    one.network(WEB, two);
    two.network(WEB, one);
    silent = one.attach(WEB, 10);
    talker = two.attach(WEB, 20);
    one.remote(WEB, 20, two);
    two.remote(WEB, 10, one);
    for (var node : List.of(one, two)) {
      run(node.tenant, "ip", "link", "set", "br100", "type", "bridge", "ageing_time", "100");
      for (var timer : List.of("base_reachable_time_ms=500", "gc_stale_time=1")) {
        run(node.tenant, "sysctl", "-qw", "net.ipv4.neigh.br100." + timer);
        run(node.tenant, "sysctl", "-qw", "net.ipv6.neigh.br100." + timer);
      }
    }
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private static void run(String namespace, String... command) throws Exception {
    var whole = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    whole.addAll(List.of(command));
    assertThat(new ProcessBuilder(whole).inheritIO().start().waitFor()).as("%s", whole).isZero();
  }

  /**
   * ARP, and what neighbour discovery asks; the endpoint's own kernel also says things at first.
   */
  private static boolean isQuestion(Frame frame) {
    var octets = frame.octets();
    int type = octets.at(12) << 8 | octets.at(13);
    boolean discovery =
        type == 0x86dd && octets.length() > 54 && octets.at(20) == 58 && octets.at(54) == 135;
    return type == 0x0806 || discovery;
  }

  @Test
  void staysKnownWithoutAProbeAndIsReachedByTheFirstPacket() throws Exception {
    // Router solicitations and the detection of duplicate addresses come by themselves, and end.
    Thread.sleep(2_000);
    var before = List.of(TenantRows.of(one), TenantRows.of(two));
    try (var capture = PacketCapture.openIn(silent, "eth0")) {
      Thread.sleep(SILENCE);
      var probes = new ArrayList<Frame>();
      for (var frame = capture.next(Duration.ZERO);
          frame.isPresent();
          frame = capture.next(Duration.ZERO)) {
        if (!frame.get().outgoing() && isQuestion(frame.get())) {
          probes.add(frame.get());
        }
      }
      assertThat(probes).as("nobody asked").isEmpty();
    }
    assertThat(List.of(TenantRows.of(one), TenantRows.of(two))).isEqualTo(before);
    try (var underlay = PacketCapture.openIn(two.underlay, "eth0");
        var echo = IcmpEcho.openIn(talker, WEB.address(10))) {
      assertThat(echo.ping(56, Duration.ofSeconds(2))).isInstanceOf(EchoResult.Reply.class);
      int sent = 0;
      for (var frame = underlay.next(Duration.ofMillis(200));
          frame.isPresent();
          frame = underlay.next(Duration.ofMillis(50))) {
        boolean tunnelled = frame.get().outgoing() && frame.get().octets().length() > 50 + 14;
        boolean arp =
            tunnelled && frame.get().octets().at(62) == 8 && frame.get().octets().at(63) == 6;
        assertThat(arp).as("an ARP request crossed the fabric").isFalse();
        sent += tunnelled ? 1 : 0;
      }
      assertThat(sent).as("packets from node two").isPositive();
    }
  }

  /** Rows of the forwarding databases and neighbours that are ours. */
  private record TenantRows(List<String> rows) {
    static TenantRows of(Node node) {
      try (var links = Rtnetlink.openIn(node.tenant)) {
        var rows = new ArrayList<String>();
        links.fdb().stream()
            .filter(row -> !row.mac().isMulticast())
            .forEach(row -> rows.add(row.toString()));
        links.neighbours().stream()
            .filter(row -> row.externLearned())
            .forEach(row -> rows.add(row.toString()));
        return new TenantRows(rows.stream().sorted().toList());
      }
    }
  }
}
