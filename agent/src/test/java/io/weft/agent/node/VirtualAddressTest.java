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
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What moves between ports that learn, of two nodes, and says so on the wire alone: an address that
 * goes from one machine to another, as keepalived moves it, and a machine with its address. They
 * say it by a gratuitous ARP or an unsolicited neighbour advertisement. A pod of a third node uses
 * the address.
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
    nodes = new ThreeNodes(directory, "{moves: 5, seconds: 120, recoverSeconds: 10}", List.of());
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
    cable(machine, node);
    stay(machine, 0, node, address.toString());
    return machine;
  }

  /**
   * It is at a node, which has heard it and listens therefore. Where it was before must have heard
   * of that: a node that says for a moment still that it is there may mean the time before.
   */
  private void stay(RoamingMachine machine, int cable, int node, String address) throws Exception {
    machine.plug(cable);
    long until = System.nanoTime() + NodeProcess.TIMEOUT_NANOS;
    while (!knows(node, address) || knows(3 - node, address)) {
      machine.announce();
      assertThat(System.nanoTime()).as("node %d hears it", node).isLessThan(until);
      Thread.sleep(20);
    }
  }

  private void cable(RoamingMachine machine, int node) throws Exception {
    machine.cable(nodes.node(node).underlay(), "eth9");
    var request = ControlClient.request("attach").put("endpoint", "hall").put("network", "home");
    var answer = nodes.node(node).callOnceReady(request.put("link", "eth9").put("learn", true));
    assertThat(answer.path("ok").asBoolean()).as("%s", answer).isTrue();
  }

  private String client(String address) throws Exception {
    var pod = nodes.namespaces.create("pod");
    var attached = nodes.node(3).attach("client", "home", pod, address);
    assertThat(attached.path("ok").asBoolean()).as("%s", attached).isTrue();
    return pod;
  }

  private static void awaitFirst(String pod, IpAddress address, RoamingMachine owner) {
    try (var echo = IcmpEcho.openIn(pod, address)) {
      long until = System.nanoTime() + NodeProcess.TIMEOUT_NANOS;
      while (!(echo.ping(56, Duration.ofMillis(100)) instanceof EchoResult.Reply)) {
        owner.announce(address);
        assertThat(System.nanoTime()).as("the first answer").isLessThan(until);
      }
    }
  }

  /** Once by what it says of its address, once by a frame that says nothing of it. */
  @ParameterizedTest
  @CsvSource({"192.168.2.30, 192.168.2.51", "fd00:2::30, fd00:2::51"})
  void aMachineIsFollowed(String client, String own) throws Exception {
    var address = IpAddress.parse(own);
    var pod = client(client);
    var machine = machine(1, address);
    cable(machine, 2);
    stay(machine, 1, 2, own);
    stay(machine, 0, 1, own);
    awaitFirst(pod, address, machine);
    silence(
        pod,
        address,
        () -> {
          machine.plug(1);
          announce(machine);
        });
    assertThat(knows(2, own)).isTrue();
    assertThat(knows(1, own)).isFalse();
    silence(
        pod,
        address,
        () -> {
          machine.plug(0);
          machine.speak();
        });
    assertThat(knows(1, own)).isTrue();
    assertThat(knows(2, own)).isFalse();
  }

  /** Five times, as QEMU does after a migration: 50 ms, then 100 ms more each. */
  private static void announce(RoamingMachine machine) {
    machine.announce();
    for (int pause = 50; pause <= 350; pause += 100) {
      LockSupport.parkNanos(Duration.ofMillis(pause).toNanos());
      machine.announce();
    }
  }

  /** The node has the address here. */
  private boolean knows(int node, String address) throws Exception {
    var hosts = nodes.call(node, "endpoints").path("hosts");
    for (var host : hosts) {
      if (host.path("here").asBoolean() && host.path("addresses").toString().contains(address)) {
        return true;
      }
    }
    return false;
  }

  @ParameterizedTest
  @CsvSource({
    "192.168.2.30, 192.168.2.51, 192.168.2.52, 192.168.2.200",
    "fd00:2::30, fd00:2::51, fd00:2::52, fd00:2::200"
  })
  void itIsFollowed(String client, String one, String other, String vip) throws Exception {
    var address = IpAddress.parse(vip);
    var pod = client(client);
    var first = machine(1, IpAddress.parse(one));
    var second = machine(2, IpAddress.parse(other));
    first.own(address, true);
    awaitFirst(pod, address, first);
    move(pod, address, first, second);
    move(pod, address, second, first);
  }

  private static void move(String pod, IpAddress address, RoamingMachine from, RoamingMachine to)
      throws Exception {
    silence(
        pod,
        address,
        () -> {
          from.own(address, false);
          to.own(address, true);
          to.announce(address);
        });
  }

  private static void silence(String pod, IpAddress address, Runnable move) throws Exception {
    try (var stream = EchoStream.startIn(pod, address, ThreeNodes.INTERVAL)) {
      ThreeNodes.awaitAnswers(stream, 100);
      move.run();
      ThreeNodes.awaitAnswers(stream, 200);
      var seen = stream.stop(Duration.ofSeconds(1));
      System.out.printf("%s: %d ms without an answer%n", address, seen.longestSilence());
      assertThat(seen.longestSilence()).as("%s", seen).isLessThan(MOST);
    }
  }
}
