package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.control.ControlClient;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.EchoStream;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * An address that goes from one machine to another, as keepalived moves it: both are behind ports
 * that learn, of two nodes, and the new owner says so, by a gratuitous ARP or an unsolicited
 * neighbour advertisement. A pod of a third node uses it.
 */
class VirtualAddressTest {
  private static final String HOME =
      """
      kind: Network
      metadata: {name: home}
      spec: {tenant: red, vni: 200, subnets: [192.168.2.0/24, 'fd00:2::/64'], gateway: true}
      """;

  /** Packets in a row without an answer, one in a millisecond. */
  private static final int MOST = 1_000;

  @TempDir private Path directory;
  private ThreeNodes nodes;

  @BeforeEach
  void open() throws Exception {
    nodes = new ThreeNodes(directory);
    for (int node = 1; node <= 3; node++) {
      nodes.node(node).write("home.yaml", HOME);
      nodes.node(node).awaitAnswer("networks", answer -> answer.toString().contains("home"));
    }
  }

  @AfterEach
  void close() throws Exception {
    if (nodes != null) {
      nodes.close();
    }
  }

  private RoamingMachine machine(int node, IpAddress address) throws Exception {
    var mac = MacAddress.parse("52:54:00:00:00:0" + node);
    var machine = new RoamingMachine(nodes.namespaces, "vm" + node, mac, address);
    machine.cable(nodes.node(node).underlay(), "eth9");
    var request = ControlClient.request("attach").put("endpoint", "hall").put("network", "home");
    var answer = nodes.node(node).callOnceReady(request.put("link", "eth9").put("learn", true));
    assertThat(answer.path("ok").asBoolean()).as("%s", answer).isTrue();
    machine.plug(0);
    return machine;
  }

  @ParameterizedTest
  @CsvSource({
    "192.168.2.30, 192.168.2.51, 192.168.2.52, 192.168.2.200",
    "fd00:2::30, fd00:2::51, fd00:2::52, fd00:2::200"
  })
  void itIsFollowed(String client, String one, String other, String vip) throws Exception {
    var address = IpAddress.parse(vip);
    var pod = nodes.namespaces.create("pod");
    var attached = nodes.node(3).attach("client", "home", pod, client);
    assertThat(attached.path("ok").asBoolean()).as("%s", attached).isTrue();
    var first = machine(1, IpAddress.parse(one));
    var second = machine(2, IpAddress.parse(other));
    first.own(address, true);
    try (var echo = IcmpEcho.openIn(pod, address)) {
      long until = System.nanoTime() + NodeProcess.TIMEOUT_NANOS;
      while (!(echo.ping(56, Duration.ofMillis(100)) instanceof EchoResult.Reply)) {
        first.announce(address);
        assertThat(System.nanoTime()).as("the first answer").isLessThan(until);
      }
    }
    move(pod, address, first, second);
    move(pod, address, second, first);
  }

  private static void move(String pod, IpAddress address, RoamingMachine from, RoamingMachine to)
      throws Exception {
    try (var stream = EchoStream.startIn(pod, address, ThreeNodes.INTERVAL)) {
      ThreeNodes.awaitAnswers(stream, 100);
      from.own(address, false);
      to.own(address, true);
      to.announce(address);
      ThreeNodes.awaitAnswers(stream, 200);
      var seen = stream.stop(Duration.ofSeconds(1));
      System.out.printf("%s: %d ms without an answer%n", address, seen.longestSilence());
      assertThat(seen.longestSilence()).as("%s", seen).isLessThan(MOST);
    }
  }
}
