package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.agent.control.ControlClient;
import io.weft.lab.process.LabDirectory;
import io.weft.lab.process.LabFailure;
import io.weft.lab.process.RunningLab;
import io.weft.lab.run.Lab;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.Vni;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The two racks with others among them: one node is FRR (zebra and bgpd, {@code
 * advertise-all-vni}), one reflector is GoBGP. The other nodes and the other reflector are Weft's.
 * The steps build on each other.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class InteroperabilityTest {
  private static final Vni VNI = new Vni(100);
  private static final IpAddress FRR_POD = IpAddress.parse("192.168.1.14");
  private static final String TOPOLOGY =
      """
      kind: Fabric
      metadata: {name: default}
      spec: {vtep: {cidr: 10.255.0.0/16}}
      ---
      kind: Tenant
      metadata: {name: red}
      ---
      kind: Network
      metadata: {name: red-net}
      spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24]}
      ---
      kind: Topology
      metadata: {name: interop}
      spec:
        racks: [{name: a}, {name: b}]
        nodes:
        - {name: a1, rack: a}
        - {name: a2, rack: a}
        - {name: b1, rack: b}
        - {name: b2, rack: b, speaker: external}
        reflectors:
        - {name: rr1, rack: a}
        - {name: rr2, rack: b, speaker: external}
        endpoints:
        - {name: red-1, node: a1, network: red-net, addresses: [192.168.1.11]}
        - {name: red-2, node: a2, network: red-net, addresses: [192.168.1.12]}
        - {name: red-3, node: b1, network: red-net, addresses: [192.168.1.13]}
        - {name: red-4, node: b2, network: red-net, addresses: [192.168.1.14]}
      """;

  @TempDir private static Path directory;

  private Lab lab;
  private RunningLab running;
  private FrrNode frr;
  private GoBgpReflector gobgp;

  @BeforeAll
  void build() throws IOException, LabFailure, InterruptedException {
    assumeTrue(Files.exists(GoBgpReflector.GOBGPD), "needs GoBGP (package gobgpd)");
    var file = ForeignLab.file(directory, TOPOLOGY, FrrDaemons.BGPD);
    lab = Lab.open(file, Lab.read(file));
    lab.clear();
    running = lab.build();
    var plan = running.plan();
    gobgp =
        GoBgpReflector.start(
            plan.namespace("rr2").name(),
            directory.resolve("gobgp"),
            plan.loopback("rr2"),
            loopbacks("a1", "a2", "b1", "b2", "rr1"));
    frr =
        FrrNode.start(
            plan.namespace("b2").name(),
            directory.resolve("frr"),
            plan.loopback("b2"),
            loopbacks("rr1", "rr2"));
    frr.addNetwork(VNI, plan.loopback("b2"));
    frr.addEndpoint(VNI, plan.namespace("red-4").name(), FRR_POD, 24);
    running.start();
    running.awaitSessions();
    for (var endpoint : running.topology().endpoints()) {
      if (running.topology().node(endpoint.node()).isWeft()) {
        running.attach(endpoint);
      }
    }
  }

  @AfterAll
  void remove() throws IOException, InterruptedException {
    if (frr != null) {
      frr.close();
    }
    if (gobgp != null) {
      gobgp.close();
    }
    if (lab != null) {
      lab.remove();
      lab.close();
    }
  }

  private List<IpAddress> loopbacks(String... hosts) {
    var addresses = new ArrayList<IpAddress>();
    for (var host : hosts) {
      addresses.add(running.plan().loopback(host));
    }
    return addresses;
  }

  @Test
  @Order(1)
  void allSessionsComeUp() throws Exception {
    await("FRR has both reflectors", frr::establishedPeers, 2L);
    await("GoBGP has four nodes and a reflector", gobgp::establishedPeers, 5L);
  }

  @Test
  @Order(2)
  void everyPairPingsBothWaysWithTheLargestPacket() throws Exception {
    var pods = new TreeMap<String, IpAddress>();
    pods.put("red-1", IpAddress.parse("192.168.1.11"));
    pods.put("red-2", IpAddress.parse("192.168.1.12"));
    pods.put("red-3", IpAddress.parse("192.168.1.13"));
    pods.put("red-4", FRR_POD);
    for (var from : pods.keySet()) {
      for (var to : pods.entrySet()) {
        if (!from.equals(to.getKey())) {
          await(from + " reaches " + to.getKey(), () -> pings(from, to.getValue(), 56), true);
          assertThat(pings(from, to.getValue(), IcmpEcho.payloadFor(1450, to.getValue())))
              .as("1450 octets from %s to %s", from, to.getKey())
              .isTrue();
        }
      }
    }
  }

  private boolean pings(String pod, IpAddress destination, int payload) {
    var namespace = running.plan().namespace(pod).name();
    try (var echo = IcmpEcho.openIn(namespace, destination)) {
      return echo.ping(payload, Duration.ofSeconds(1)) instanceof EchoResult.Reply;
    }
  }

  @Test
  @Order(3)
  void allSpeakersHoldTheSameRoutes() throws Exception {
    // Three endpoints of ours with MAC and address, one MAC of FRR's, and a flood route of each.
    await("FRR has learned its pod and all routes", () -> frr.routes().size(), 8);
    var expected = frr.routes();
    for (var host : List.of("a1", "a2", "b1", "rr1")) {
      await(host + " holds what FRR holds", () -> weftRoutes(host), expected);
    }
    await("GoBGP holds what FRR holds", gobgp::routes, expected);
  }

  @Test
  @Order(4)
  void frrProgramsOurMacsIntoItsKernel() throws Exception {
    var macs = new TreeMap<String, String>();
    frr.vtysh("show evpn mac vni 100 json")
        .path("macs")
        .properties()
        .forEach(
            mac -> {
              if (mac.getValue().path("type").asText().equals("remote")) {
                macs.put(mac.getKey(), mac.getValue().path("remoteVtep").asText());
              }
            });
    var expected = new TreeMap<String, String>();
    for (var attached : running.attached()) {
      expected.put(attached.mac().toString(), running.plan().loopback(attached.node()).toString());
    }
    assertThat(macs).isEqualTo(expected).hasSize(3);
  }

  @Test
  @Order(5)
  void anAgentThatIsKilledAndComesBackChangesNothingAtFrr() throws Exception {
    var before = frr.vtysh("show bgp l2vpn evpn json").path("bgpTableVersion").asInt();
    running.process("a1").kill();
    assertThat(running.process("a1").awaitEnd(Duration.ofSeconds(5))).isTrue();
    assertThat(running.process("a1").isAlive()).isFalse();
    assertThat(pings("red-4", IpAddress.parse("192.168.1.11"), 56)).isTrue();
    running.start("a1");
    running.awaitSessions("a1");
    await("GoBGP has all its peers again", gobgp::establishedPeers, 5L);
    var expected = frr.routes();
    await("a1 holds what FRR holds", () -> weftRoutes("a1"), expected);
    assertThat(expected).hasSize(8);
    try (var a1 = running.agent("a1")) {
      assertThat(a1.status().path("kernel").path("writes").asInt()).isZero();
    }
    assertThat(frr.vtysh("show bgp l2vpn evpn json").path("bgpTableVersion").asInt())
        .as("FRR's table version")
        .isEqualTo(before);
  }

  @Test
  @Order(6)
  void withdrawalsGoBothWays() throws Exception {
    try (var a1 = running.agent("a1")) {
      a1.detach("red-1");
    }
    await("FRR has lost the endpoint and the flood route of a1", () -> frr.routes().size(), 6);
    try (var b2 = Rtnetlink.openIn(running.plan().namespace("b2").name())) {
      b2.setLink(b2.requireLink("pod" + VNI).index(), LinkSettings.NONE.withUp(false));
    }
    await("rr1 holds what FRR holds", () -> weftRoutes("rr1"), frr.routes());
    await("b1 has lost the MAC of FRR's pod", () -> weftRoutes("b1").size(), 5);
    await("b1 holds what FRR holds", () -> weftRoutes("b1"), frr.routes());
  }

  private SortedMap<String, String> weftRoutes(String host) throws IOException {
    var socket = new LabDirectory(running.plan().lab()).socket(host);
    try (var client = ControlClient.connect(socket)) {
      return RouteTexts.ofWeft(client.call(ControlClient.request("routes")));
    }
  }

  /** Waits until the question is answered so; fails with the last answer. */
  private static <T> void await(String what, Callable<T> question, T expected) throws Exception {
    long deadline = System.nanoTime() + FrrNode.patienceNanos();
    T answer = question.call();
    while (!expected.equals(answer) && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(50);
      answer = question.call();
    }
    assertThat(answer).as(what).isEqualTo(expected);
  }
}
